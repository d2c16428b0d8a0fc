#ifndef GAL_PRIVATE_H
#define GAL_PRIVATE_H

#include "gal.h"

/* What the gal*.c files share. */

/* one card; a larger one is left out */
#define GAL_MAX_CARD (1024*1024)
#define GAL_MAX_ENTRIES 1000000
#define GAL_MAX_FILES 200000
/* words of one card */
#define GAL_MAX_WORDS 64

struct gal_item {
	/* for the order: folded display name */
	const char *sort;
	/* or the id of gal_result_add() */
	uoff_t offset;
	unsigned int file;
	unsigned int size;
};

ARRAY_DEFINE_TYPE(gal_item, struct gal_item);

struct gal_key {
	const char *word;
	unsigned int item;
};
ARRAY_DEFINE_TYPE(gal_key, struct gal_key);

struct gal_index {
	pool_t pool;
	ARRAY_TYPE(gal_item) items;
	/* sorted; exact has whole names and addresses */
	ARRAY_TYPE(gal_key) words, exact;
	/* paths of the source, those of items' numbers */
	ARRAY_TYPE(const_string) files;
	unsigned int skipped;
	unsigned int refcount;
	/* NULL = a source of our own; else a result's, which has items only */
	gal_card_read_t *read;
	void *read_context;
};

struct gal_ldap;
struct dict;

/* A directory or dict that doesn't answer: nobody waits for it again for a while, which becomes
   longer with each failure, and it is said once. */
struct gal_outage {
	unsigned int secs;		/* 0 = all is well */
	time_t since, retry;
	char *said;
};

struct gal {
	struct gal *next;
	char *path;
	/* of who opened it last, as long as he asks */
	struct event *event;
	struct mail_user *user;
	struct gal_outage outage;
	/* a directory; the rest is of files and dicts */
	struct gal_ldap *ldap;
	struct gal_index *index;
	/* what the source looked like when it was read */
	uint64_t signature;
	time_t checked;
};

/* gal-outage.c */

/* Is it not to be asked now? */
bool gal_outage_is_on(const struct gal_outage *outage, time_t now);
/* It was asked and did not answer. Returns TRUE if that is news for the log. */
bool gal_outage_failed(struct gal_outage *outage, time_t now,
		       const char *error);
/* It has answered. Returns TRUE if it had not before, for so long. */
bool gal_outage_ended(struct gal_outage *outage, time_t now,
		      unsigned int *secs_r);
void gal_outage_free(struct gal_outage *outage);

/* gal-dict.c: one that is open, for one user */

#define GAL_DICT_PREFIX "dict:"

struct gal_dict {
	struct dict *dict;		/* NULL = not open */
	char *folder, *username;
};

bool gal_dict_is_name(const char *path);
/* All return 0, or -1 and a sentence. */
int gal_dict_open(struct gal *gal, struct mail_user *user,
		  struct gal_dict *dict_r, const char **error_r);
int gal_dict_read(struct gal_dict *dict, struct gal_index **index_r,
		  const char **error_r);
/* Returns 1, 0 if the card is gone, -1. */
int gal_dict_read_item(struct gal_dict *dict, const struct gal_index *index,
		       const struct gal_item *item, buffer_t *dest,
		       const char **error_r);
void gal_dict_close(struct gal_dict *dict);

/* gal-source.c */

/* Adds the card that is the text, or counts it as left out. */
void gal_source_add_card(struct gal_index *index, const buffer_t *text,
			 unsigned int file, uoff_t offset);

/* Opens the source with the rights of this moment, and calculates what tells
   whether it changed. Returns 0, or -1 and a sentence. */
int gal_source_signature(struct gal *gal, uint64_t *signature_r,
			 const char **error_r);
/* Reads all of it. */
int gal_source_read(struct gal *gal, struct gal_index **index_r,
		    const char **error_r);
/* Reads one card again. Returns 0 or -1. */
int gal_source_read_item(const struct gal_index *index,
			 const struct gal_item *item, buffer_t *dest);

/* gal-index.c */

struct gal_index *gal_index_create(void);
void gal_index_unref(struct gal_index **index);
void gal_index_add(struct gal_index *index, struct pim_component *card,
		   unsigned int file, uoff_t offset, size_t size);
/* The item alone, of gal_card_keys(). */
void gal_index_add_item(struct gal_index *index, const char *keys,
			unsigned int file, uoff_t offset, size_t size);
void gal_index_finish(struct gal_index *index);
/* Numbers of the items. */
void gal_index_search(const struct gal_index *index, const char *query,
		      ARRAY_TYPE(uint32_t) *items);
void gal_index_find(const struct gal_index *index, const char *text,
		    ARRAY_TYPE(uint32_t) *items);

/* gal-keys.c: in the data stack */

/* For comparing: no case, no accents, one blank between words. */
const char *gal_fold(const char *text);
/* Splits folded text into words. */
const char *const *gal_words(const char *folded);
/* Splits and folds a query. A word with an @ in it stands for the address as a
   whole. */
const char *const *gal_query_words(const char *query);

/* gal-entry.c */

void gal_entry_fill(struct gal_entry *entry, pool_t pool,
		    struct pim_component *card);

#endif
