#ifndef GAL_LDAP_H
#define GAL_LDAP_H

#include "gal-private.h"

/* An address book in a directory (LDAP), named by an URL (RFC 4516):

   ldap[s|i]://host[:port]/base??scope?filter?extensions

   The filter says who is in it (default: who has a mail address). Extensions: bindname and
   x-bindpw to log in, starttls. The process keeps one connection for each URL; every
   step has a time limit. Nothing is read ahead: a look-up asks the directory for
   names (GAL_LDAP_MAX_ENTRIES at most), an entry is read when it is shown. */

#define GAL_LDAP_MAX_ENTRIES 1000
/* Who asks again at once would wait again, or be refused again. */
#define GAL_LDAP_GONE -2

struct gal_ldap;

struct gal_ldap_entry {
	const char *dn;
	/* for the order: folded display name */
	const char *sort;
};
ARRAY_DEFINE_TYPE(gal_ldap_entry, struct gal_ldap_entry);

bool gal_ldap_is_url(const char *path);
/* Nothing is connected yet. Returns 0, or -1 and a sentence: it is no valid URL, or
   Roost was built without LDAP. The password in it is in no sentence. */
int gal_ldap_init(const char *url, struct gal_ldap **ldap_r,
		  const char **error_r);
void gal_ldap_deinit(struct gal_ldap **ldap);
/* Finds entries: exactly text, or with words that the words of text begin. Sorted;
   the strings are allocated from pool. Returns 0, or -1 and a sentence,
   GAL_LDAP_GONE if nobody answers. */
int gal_ldap_search(struct gal_ldap *ldap, const char *text, bool exact,
		    pool_t pool, ARRAY_TYPE(gal_ldap_entry) *entries,
		    const char **error_r);
/* Reads one entry as a vCard. Returns 1, 0 if the entry is gone, -1 and a sentence, or
   GAL_LDAP_GONE. */
int gal_ldap_read(struct gal_ldap *ldap, const char *dn,
		  struct pim_lines **doc_r, const char **error_r);

/* The filter of a look-up, on the data stack. */
const char *gal_ldap_filter(const char *base_filter, const char *text,
			    bool exact);

#endif
