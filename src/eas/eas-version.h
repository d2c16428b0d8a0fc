#ifndef EAS_VERSION_H
#define EAS_VERSION_H

/* Protocol versions as text and as number: "14.1" is 141, "2.5" is 25. */

/* Returns 1 and the number, 0 if it has the form of a version but is none that
   we offer, -1 if it has not even the form. */
int eas_version_parse(const char *str, unsigned int *version_r);
/* NULL if it is none that we offer. */
const char *eas_version_to_string(unsigned int version);
/* The versions up to max, ascending, without blanks: "2.5,12.0,12.1"; on the
   data stack. */
const char *eas_versions_list(unsigned int max);

#endif
