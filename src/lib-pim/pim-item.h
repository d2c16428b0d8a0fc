#ifndef PIM_ITEM_H
#define PIM_ITEM_H

/* What look-ups need to know of a calendar, contact, task or note without reading
   its text: extracted when the text is stored, whoever stores it. */

enum pim_item_type {
	PIM_ITEM_EVENT,			/* VEVENT */
	PIM_ITEM_CONTACT,		/* VCARD */
	PIM_ITEM_TASK,			/* VTODO */
	PIM_ITEM_NOTE,			/* VJOURNAL */
};

/* last_day of what never ends */
#define PIM_ITEM_DAY_EVER ((uint32_t)-1)

struct pim_item_props {
	enum pim_item_type type;
	const char *uid;		/* "" if there is none */
	const char *name;		/* SUMMARY or FN, one line; "" = none */
	/* Days since the epoch (UTC). Of an event the first and the last that it or one
	   of its occurrences touches, whatever the user's clock is; a task
	   that is done ends, an open one doesn't; others have 0 and
	   PIM_ITEM_DAY_EVER. */
	uint32_t first_day, last_day;
};

/* Reads the first item of a text, with all its components of the same UID. Results are in
   the data stack. Returns 0, or -1 and a sentence if there is none. */
int pim_item_props_read(const void *data, size_t size,
			struct pim_item_props *props_r, const char **error_r);

#endif
