#ifndef PIM_SCHEDULING_MAIL_H
#define PIM_SCHEDULING_MAIL_H

#include "pim-scheduling.h"

/* The mail that carries a meeting message (RFC 6047): multipart/alternative with a text for
   people and the calendar object. */

struct pim_scheduling_letter {
	/* NONE = PUBLISH */
	enum pim_itip_method method;
	/* of a REPLY */
	enum pim_partstat partstat;
	struct pim_scheduling_person from;
	const struct pim_scheduling_person *to;
	unsigned int to_count;
	const char *message_id;		/* "<...>" */
	const char *date;		/* RFC 5322, NULL = none */
	const char *text;		/* the calendar object */
	/* the user's clock, NULL = UTC */
	const struct pim_timezone *home;
	/* what the user writes, UTF-8; NULL = nothing. html is an HTML
	   version of comment */
	const char *comment, *html;
};

/* "Name" <address>, in UTF-8: for pim_compose_addresses(). */
void pim_scheduling_person_append(string_t *dest,
				  const struct pim_scheduling_person *person);

void pim_scheduling_letter_write(const struct pim_scheduling_letter *letter,
				 string_t *dest);

#endif
