#ifndef CLASS_CONTACTS_H
#define CLASS_CONTACTS_H

#include "eas-class.h"
#include "pim-contact.h"

struct pim_timezone;

/* The class Contacts ([MS-ASCNTC]). Texts are vCards. */
extern const struct eas_class eas_class_contacts;

/* Elements that are a field of a contact. */
struct eas_contacts_element {
	uint16_t tag;
	enum pim_contact_field field;
};
/* ended by tag 0 */
extern const struct eas_contacts_element eas_contacts_elements[];

/* "1980-02-29" of a dateTime, FALSE if it is none. Devices send the day's midnight in some zone,
   or 11:59: it is the day that begins then by the user's own clock, else that of the nearest
   midnight. */
bool eas_contacts_read_date(const char *value, const struct pim_timezone *home,
			    const char **date_r);
/* [MS-ASCNTC] 2.2.2.6: 11:59, which is the same day nearly everywhere. */
const char *eas_contacts_write_date(const char *date);

/* class-contacts-picture.c. Picture: at most 48 KB of base64. A larger photo is not shown,
   and stays as it is. */
void eas_contacts_write_picture(struct wbxml_writer *writer,
				struct pim_component *card);
/* Returns 0, or -1 (apply->error). */
int eas_contacts_apply_picture(struct eas_class_apply *apply,
			       struct pim_component *card);

#endif
