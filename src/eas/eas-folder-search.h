#ifndef EAS_FOLDER_SEARCH_H
#define EAS_FOLDER_SEARCH_H

#include "class-email.h"
#include "eas-folders.h"
#include "eas-search-set.h"

struct eas_term;
struct store_item;

/* Searches mailboxes through Dovecot's own search, so that an index of the
   operator's (FTS) is used where there is one, and the store's folders
   (eas-item-search.h). One search is bounded in time (roost_search_timeout), and in
   memory by max_hits. */

/* Which folders are looked into: STORE_KIND_NONE are mailboxes. */
#define EAS_FOLDER_SEARCH_KIND(kind) (1U << (kind))
#define EAS_FOLDER_SEARCH_ALL ((1U << STORE_KIND_COUNT) - 1)

struct eas_folder_search {
	struct eas_request *req;
	/* of EAS_FOLDER_SEARCH_KIND() */
	unsigned int kinds;
	/* NULL = all mails and items */
	const struct eas_term *term;
	/* of one conversation only */
	bool has_conversation:1;
	uint8_t conversation[EAS_CONVERSATION_ID_SIZE];
	/* each once */
	ARRAY_TYPE(eas_folder) folders;
	/* that the set keeps, the newest */
	unsigned int max_hits;
};

enum eas_folder_search_result {
	EAS_FOLDER_SEARCH_OK,
	/* there was no time to find anything */
	EAS_FOLDER_SEARCH_TIMED_OUT,
	/* no right to read any of the folders */
	EAS_FOLDER_SEARCH_DENIED,
	/* logged */
	EAS_FOLDER_SEARCH_FAILED,
};

/* Chooses the folders that the CollectionIds below node name, with all below
   them if deep; all of the user's if there is none ("0" is the root). Returns
   1, 0 if a folder is not known, -1 (logged). */
int eas_folder_search_add_folders(struct eas_folder_search *search,
				  const struct wbxml_node *node, bool deep);

/* Fills folders, hits and total of a set that was just made. A search that ran
   out of time with something found is a success with less than there is. */
enum eas_folder_search_result
eas_folder_search_run(struct eas_folder_search *search,
		      struct eas_search_set *set);

/* What a hit of the set has turned out to be. */
struct eas_search_found {
	struct eas_folder *folder;
	uint32_t uidvalidity, uid;
	/* one of the two */
	struct mail *mail;
	const struct store_item *item;
};

/* Writes one mail or item with its Result to writer, a fragment. Returns as
   eas_email_write(). */
typedef int
eas_search_write_t(struct eas_request *req,
		   const struct eas_search_found *found,
		   const struct eas_item_options *options,
		   struct wbxml_writer *writer, const char **error_r);

/* Writes the set's hits [first, first + count) to the answer. Those that are gone
   or can't be shown are left out. options is NULL for Find, which has none.
   Returns 0, or -1 if the answer failed (logged). */
int eas_search_page_write(struct eas_request *req,
			  const struct eas_search_set *set,
			  unsigned int first, unsigned int count,
			  const struct eas_item_options *options,
			  eas_search_write_t *write);

#endif
