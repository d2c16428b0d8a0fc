#ifndef CMD_RESOLVERECIPIENTS_H
#define CMD_RESOLVERECIPIENTS_H

#include "eas.h"

/* The part of ResolveRecipients that is about free/busy times. */

struct gal_entry;

struct resolve_availability {
	struct eas_request *req;
	bool wanted;
	int64_t start, end;
	/* calendars that were read */
	unsigned int count;
	time_t deadline;
};

/* Reads Availability below options (may be NULL). Returns 0, or -1 if its times are
   not valid. */
int resolve_availability_read(struct resolve_availability *av,
			      struct eas_request *req,
			      const struct wbxml_node *options);
/* Writes Availability of a person or a group. */
void resolve_availability_write(struct resolve_availability *av,
				struct wbxml_writer *writer,
				const struct gal_entry *entry);

#endif
