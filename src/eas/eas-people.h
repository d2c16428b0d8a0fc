#ifndef EAS_PEOPLE_H
#define EAS_PEOPLE_H

#include "eas.h"
#include "gal.h"

/* Whom a user may look for: the operator's address book (setting roost_gal), then his own
   contacts (eas-address-book.h) if they are wanted, then to whom the user
   wrote (store-recipient.h) and who is not among these. */

struct eas_people;

struct eas_person {
	const struct gal_entry *entry;
	/* FALSE: a contact, or to whom the user wrote: that has a name and an
	   address only, and no card */
	bool in_gal;
};

/* Looks for names, aliases and addresses that begin with query; exact: that are
   query; contacts: among these as well. Returns 0, or -1 if they can't be read (logged). */
int eas_people_search(struct eas_request *req, bool contacts,
		      const char *query, bool exact,
		      struct eas_people **people_r);
void eas_people_free(struct eas_people **people);
unsigned int eas_people_count(const struct eas_people *people);
/* The idx-th of them, until the next one is asked for. Returns 0, or -1 if its
   card is gone. */
int eas_people_get(struct eas_people *people, unsigned int idx,
		   struct eas_person *person_r);

/* Counts the recipients of a mail that was sent: address headers as they stand in it
   (NULL = none). The user himself is not counted. Failures are logged: the
   mail is sent all the same. */
void eas_people_add_recipients(struct eas_request *req,
			       const char *const *headers, unsigned int count);

/* Reads Picture below options, if it is there: tags are those of the command. Returns 1,
   0 if there is none, -1 if its numbers are not valid. */
int eas_people_read_picture(const struct wbxml_node *options,
			    unsigned int picture_tag, unsigned int size_tag,
			    unsigned int count_tag,
			    struct gal_picture_limits *limits_r);
/* Writes Picture, of the command's page. */
void eas_people_write_picture(struct wbxml_writer *writer,
			      unsigned int picture_tag, unsigned int status_tag,
			      unsigned int data_tag,
			      const struct eas_person *person,
			      struct gal_picture_limits *limits);
/* Writes the elements of the page GAL. limits NULL = no picture was asked for. */
void eas_people_write(struct wbxml_writer *writer,
		      const struct eas_person *person,
		      struct gal_picture_limits *limits);

#endif
