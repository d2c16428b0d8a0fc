#ifndef PIM_CALENDAR_TEXT_H
#define PIM_CALENDAR_TEXT_H

/* A mail that is nothing but a calendar has the event's description as its
   text. */

struct istream;
struct pim_message;

/* If msg has no text, and has a calendar that is no attached file: adds the
   description (DESCRIPTION; as HTML X-ALT-DESC, STYLED-DESCRIPTION, ALTREP).
   Everything is allocated from pool. Returns 0, or -1 if input failed. What
   can't be read has no text. */
int pim_calendar_show(pool_t pool, struct istream *input,
		      struct pim_message *msg);

#endif
