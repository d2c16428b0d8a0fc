#ifndef CMD_SYNC_STORE_H
#define CMD_SYNC_STORE_H

#include "hash.h"
#include "cmd-sync.h"

/* What the parts of cmd-sync-store.c share:

   cmd-sync-store-journal.c  what an earlier try of the request has done
   cmd-sync-store-item.c     what one command does to one item

   All of it happens in one transaction of the store. Strings that are kept are req->pool's. */

struct eas_sync_journal_entry {
	/* the ClientId of an Add; of a change see below */
	const char *name;
	uint32_t uid;
	uint64_t modseq;
	uint64_t hash;			/* of the content */
	bool tell;			/* see eas_sync_store_result */
	/* by an earlier try of the request */
	bool loaded;
};

/* What is to be told the engine after the look that follows. */
struct eas_sync_store_result {
	/* the next one about the same item */
	struct eas_sync_store_result *next;
	uint32_t uid;
	unsigned int tag;		/* Add, Change, Delete */
	uint64_t modseq;		/* that the device knows */
	/* the device has to get the item as it is */
	bool tell;
};

/* What the request has about one item. */
struct eas_sync_store_item {
	/* the last of the journal's */
	uint64_t modseq;
	/* one for each tag */
	struct eas_sync_store_result *results;
};

HASH_TABLE_DEFINE_TYPE(eas_sync_journal, struct eas_sync_journal_entry *,
		       struct eas_sync_journal_entry *);

struct eas_sync_store {
	struct eas_sync *sync;
	struct eas_sync_collection *coll;
	const struct eas_class *class;
	struct eas_supported supported;
	/* in the order of the commands */
	ARRAY(struct eas_sync_journal_entry *) journal;
	ARRAY(struct eas_sync_store_result *) results;
	/* what is looked up of them for each command: by name, by UID */
	HASH_TABLE_TYPE(eas_sync_journal) names;
	HASH_TABLE(void *, struct eas_sync_store_item *) items;
	bool modified;
	bool journal_changed;
};

/* What the request has about an item; it is made when it is asked for first. */
struct eas_sync_store_item *
eas_sync_store_item_get(struct eas_sync_store *ctx, uint32_t uid);

/* -- the journal -- */

/* The name of an item's change, and what stands before the InstanceId in that of an
   occurrence's: no ClientId is empty or begins like this. */
#define EAS_SYNC_JOURNAL_ITEM ""
#define EAS_SYNC_JOURNAL_INSTANCE "\001"

void eas_sync_journal_init(struct eas_sync_store *ctx);
void eas_sync_journal_deinit(struct eas_sync_store *ctx);
/* Reads what an earlier request with the same SyncKey did. Returns 0 or -1 (logged). */
int eas_sync_journal_load(struct eas_sync_store *ctx);
/* Stores it, if it has changed. Returns 0 or -1 (logged). */
int eas_sync_journal_save(struct eas_sync_store *ctx);
/* NULL = nothing is known. The UID counts for changes only. */
struct eas_sync_journal_entry *
eas_sync_journal_find(struct eas_sync_store *ctx, const char *name,
		      uint32_t uid);
/* The last word of this device's request about an item, by whatever command; 0 =
   none. */
uint64_t eas_sync_journal_modseq(struct eas_sync_store *ctx, uint32_t uid);
/* name is req->pool's. */
void eas_sync_journal_put(struct eas_sync_store *ctx, const char *name,
			  uint32_t uid, uint64_t modseq, uint64_t hash,
			  bool tell);
/* What makes two contents the same. */
uint64_t eas_sync_content_hash(struct eas_sync_store *ctx,
			       const struct wbxml_node *data);

/* -- items; each returns 0, or -1 if the transaction is lost (logged) -- */

/* What a command did to its item. */
struct eas_sync_store_done {
	enum eas_sync_status status;
	uint32_t uid;
	/* for SUCCESS: of what is stored now */
	uint64_t modseq;
	/* that is not what the device has after its command */
	bool tell;
};

/* [MS-ASCMD] 2.2.3.24, 2.2.3.42.2: from 16.0 on a Change or Delete may be about one
   occurrence of a series. NULL = it is about the item. */
const char *eas_sync_store_instance(struct eas_sync_store *ctx,
				    const struct wbxml_node *node);
/* Makes the item that an Add has. If it is there already by another way (a device that starts anew sends
   what it has) it is changed. */
int eas_sync_store_item_add(struct eas_sync_store *ctx,
			    const struct wbxml_node *node,
			    struct eas_sync_store_done *done_r);
/* Changes an item to what node has: a Change, a Delete of one occurrence, an Add of what is
   there already. */
int eas_sync_store_item_change(struct eas_sync_store *ctx,
			       const struct wbxml_node *node,
			       const struct store_item *item,
			       struct eas_sync_store_done *done_r);
int eas_sync_store_item_delete(struct eas_sync_store *ctx,
			       const struct store_item *item,
			       enum eas_sync_status *status_r);
/* The device changes what somebody else has deleted: what it sent is kept, as far as it is an item
   by itself. */
int eas_sync_store_item_gone(struct eas_sync_store *ctx,
			     const struct wbxml_node *node, uint32_t uid);

#endif
