#ifndef GAL_H
#define GAL_H

/* The address book that an operator gives to users ("global address list"): a directory
   (gal-ldap.h), a vCard file, or a folder of such files. A file is read once per process, into an index of
   sorted words; a look-up is a binary search, and the cards that an answer shows are
   read again from the file. The index of 100,000 cards takes about 40 MB and is made in
   about two seconds; it is made anew when the file's size or time changed (a folder's:
   looked at every GAL_FOLDER_CHECK_SECS). Several users share it, but each look-up
   first opens the source with the user's own rights.

   A Dovecot dict has a card as the value of each key below shared/roost/gal/. Dicts can't be
   searched: a process reads all of it, into such an index, every GAL_DICT_CHECK_SECS, and
   looks up by their keys the cards that an answer shows.

   A directory or dict that doesn't answer is left alone for a while, by each process for itself:
   until then look-ups fail at once, without a sentence, since it was said (an index that
   was read before goes on being used). */

#include "pim-lines.h"
#include "array-decl.h"

#define GAL_FOLDER_CHECK_SECS 60
#define GAL_DICT_CHECK_SECS 600

struct gal;
struct event;
struct mail_user;

struct gal_entry {
	const char *display_name;	/* never NULL */
	/* the rest may be NULL */
	const char *alias, *email, *first_name, *last_name, *title, *company,
		*office, *phone, *home_phone, *mobile_phone;
	/* all addresses, the preferred one first; NULL-ended */
	const char *const *emails;
	/* of a group: how many members; 0 = it is no group */
	unsigned int members;
	/* The card, for pim_vcard_binary() of PHOTO and KEY. It belongs to the
	   result. */
	struct pim_component *card;
};

/* What a look-up found, in the order of the display names: opened entries are
   read one by one. */
struct gal_result;

/* The address book at path, of an LDAP URL, or of "dict:". The same one is returned for the same path as
   long as the process lives; event and user (NULL in tests) are used until all results are freed.
   Returns 1, 0 if path is empty, or -1 and a sentence (NULL = it was said before). */
int gal_open(const char *path, struct event *event, struct mail_user *user,
	     struct gal **gal_r, const char **error_r);
/* Frees all address books, at the end of the process. */
void gal_deinit_all(void);

/* Entries for which each word of query is the beginning of a word of their
   name, alias, company or addresses (without case and accents). No word, no
   entries. Returns NULL and a sentence (or NULL, as above) if a directory can't be
   asked. */
struct gal_result *
gal_search(struct gal *gal, const char *query, const char **error_r);
/* Entries whose name, alias or one of whose addresses is exactly text. */
struct gal_result *
gal_find(struct gal *gal, const char *text, const char **error_r);
void gal_result_free(struct gal_result **result);
unsigned int gal_result_count(const struct gal_result *result);
/* Have two results of one address book (or of the same kept cards) an entry in common? */
bool gal_result_overlaps(const struct gal_result *result1,
			 const struct gal_result *result2);
/* Reads the idx-th entry. It stays until the result is freed or another one is
   read. Returns 0, or -1 if its card cannot be read any more (the source
   changed: leave it out). */
int gal_result_get(struct gal_result *result, unsigned int idx,
		   const struct gal_entry **entry_r);

/* Cards that somebody else keeps, with an index of his own: he keeps their keys, finds the cards whose
   keys have all parts of a query in them, and makes a result of these. */

/* Appends the card's keys, a text without NULs. Returns FALSE if nothing finds it: it has no name or
   (size: of its text) is too large. */
bool gal_card_keys(struct pim_component *card, size_t size, buffer_t *dest);
/* Adds what has to be in the keys, for the same results as those of gal_search() or
   (exact) gal_find(), in the data stack. Nothing is added if nothing is to be found. */
void gal_query_keys(const char *query, bool exact,
		    ARRAY_TYPE(const_string) *parts);

/* Appends the text of the card with this id. Returns 0, or -1 if it is gone. */
typedef int gal_card_read_t(uint64_t id, buffer_t *dest, void *context);

/* context stays as long as the result. */
struct gal_result *
gal_result_create_kept(gal_card_read_t *read, void *context);
void gal_result_add(struct gal_result *result, const char *keys, uint64_t id);
/* Before it is looked at. */
void gal_result_finish(struct gal_result *result);

/* The same for a text that is in no address book. */
bool gal_text_matches(const char *text, const char *query);
bool gal_text_equals(const char *text1, const char *text2);

/* Picture Status ([MS-ASCMD] 2.2.3.177.12) with the photo's bytes, for one
   query with these limits. */
enum gal_picture_status {
	GAL_PICTURE_OK = 1,
	GAL_PICTURE_NONE = 173,
	GAL_PICTURE_TOO_LARGE = 174,
	GAL_PICTURE_LIMIT = 175,
};
struct gal_picture_limits {
	unsigned int max_size, max_pictures;
	/* how many were returned */
	unsigned int count;
};
enum gal_picture_status
gal_entry_picture(const struct gal_entry *entry,
		  struct gal_picture_limits *limits, buffer_t *dest);

#endif
