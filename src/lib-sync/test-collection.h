#ifndef TEST_COLLECTION_H
#define TEST_COLLECTION_H

#include "sync.h"

/* A collection in memory that does as a mailbox does: what anybody changes is *live*, the engine
   sees a *view* until it refreshes. Or a folder of the store with the same items, which the
   engine asks instead. */

struct store;

#define TEST_MAX_UID 400

struct test_item {
	bool exists;
	unsigned int flags, day, conversation;
	uint64_t modseq;
};

struct test_items {
	struct test_item item[TEST_MAX_UID + 1];
	uint32_t uidvalidity, uidnext, incarnation;
	uint64_t modseq;
};

struct test_collection {
	struct sync_collection coll;
	struct test_items live, view;
	/* modseq of each expunge; forgotten up to log_tail */
	uint64_t expunged[TEST_MAX_UID + 1];
	uint64_t log_tail;
	bool gone;
	/* nobody but the device does anything any more */
	bool quiet;
	unsigned int looks_at_all;

	/* NULL = in memory */
	struct sync_collection *store_coll;
	struct store *store;
	uint32_t folder;
};

/* A number below max; the same ones for the same seed. */
uint32_t test_rand(uint32_t *seed, uint32_t max);
/* An empty collection. */
void test_collection_init(struct test_collection *tcoll);
/* The same, and what the engine asks is answered by an empty folder of the store. */
void test_collection_init_store(struct test_collection *tcoll, pool_t pool,
				struct store *store, uint32_t folder);
/* What a server would show of the items: those of the view; of a store, what is there. */
const struct test_items *
test_collection_items(const struct test_collection *tcoll);
/* What anybody may do to it. add returns the UID, 0 if it is full. */
uint32_t test_add(struct test_collection *tcoll, unsigned int day,
	unsigned int conversation);
void test_change(struct test_collection *tcoll, uint32_t uid,
	unsigned int flags);
/* Gives an item of a store another day; mails keep theirs. */
void test_move(struct test_collection *tcoll, uint32_t uid, unsigned int day);
void test_expunge(struct test_collection *tcoll, uint32_t uid);
/* "rm dovecot.index*": modseqs begin again. */
void test_lose_index(struct test_collection *tcoll);
/* Any one of these, by chance. */
void test_somebody(struct test_collection *tcoll, uint32_t *seed,
	unsigned int day);
/* The numbers of the live items or of the view. */
void test_items_status(const struct test_items *items,
		       struct sync_status *status_r);
/* Does uid exist inside the filter? Its conversation is looked for among uids. */
bool test_is_inside(const struct test_items *items,
		    const struct sync_filter *filter,
		    const ARRAY_TYPE(seq_range) *uids, uint32_t uid);

#endif
