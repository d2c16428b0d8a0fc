/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "buffer.h"
#include "hash.h"
#include "time-util.h"
#include "gal.h"
#include "pim-contact.h"
#include "store-index.h"
#include "store-recipient.h"
#include "eas-address-book.h"
#include "eas-item-index.h"

/* -- all contacts -- */

/* Returns FALSE to stop. */
typedef bool
address_book_walk_t(const struct store_item *item, struct pim_component *card,
		    void *context);

struct address_book_walk {
	struct store *store;
	unsigned int left;
	address_book_walk_t *func;
	void *context;
};

static bool
address_book_walk_item(struct address_book_walk *walk,
		       const struct store_item *item)
{
	struct pim_component *card;
	struct pim_lines *doc;
	const char *error;
	bool ret = TRUE;

	if (walk->left == 0)
		return FALSE;
	walk->left--;
	/* one that is broken is for who shows it to complain of */
	if (pim_lines_parse(item->text, item->size, NULL, &doc, &error) < 0)
		return TRUE;
	card = pim_vcard_first(doc);
	if (card != NULL)
		ret = walk->func(item, card, walk->context);
	pim_lines_free(&doc);
	return ret;
}

/* Returns 1 if func wants more, 0, or -1 (logged). */
static int
address_book_walk_folder(struct address_book_walk *walk, uint32_t folder)
{
	struct store_item item;
	uint32_t uid = 0;
	bool more = TRUE;
	int ret = 1;

	while (ret > 0 && more) T_BEGIN {
		ret = store_item_get_next(walk->store, pool_datastack_create(),
					  folder, uid, &item);
		if (ret > 0) {
			uid = item.uid;
			more = address_book_walk_item(walk, &item);
		}
	} T_END;
	return ret < 0 ? -1 : more ? 1 : 0;
}

/* Returns 0 or -1 (logged). */
static int
address_book_walk(struct eas_request *req, address_book_walk_t *func,
		  void *context)
{
	struct address_book_walk walk = {
		.store = req->store, .left = EAS_ADDRESS_BOOK_MAX,
		.func = func, .context = context,
	};
	ARRAY_TYPE(store_pim_folder) folders;
	const struct store_pim_folder *folder;
	int ret = 1;

	p_array_init(&folders, req->pool, 8);
	if (store_pim_folder_list(req->store, req->pool, &folders) < 0)
		return -1;
	array_foreach(&folders, folder) {
		if (folder->kind != STORE_KIND_CONTACTS)
			continue;
		ret = address_book_walk_folder(&walk, folder->id);
		if (ret <= 0)
			break;
	}
	return ret < 0 ? -1 : 0;
}

/* -- as an address book -- */

struct address_book_search {
	struct gal_result *result;
	uint32_t folder;
	unsigned int left;
};

static bool
address_book_found(uint32_t uid, time_t changed ATTR_UNUSED, const char *keys,
		   void *context)
{
	struct address_book_search *search = context;

	gal_result_add(search->result, keys,
		       (uint64_t)search->folder << 32 | uid);
	return --search->left > 0;
}

static int address_book_read(uint64_t id, buffer_t *dest, void *context)
{
	struct eas_request *req = context;
	struct store_item item;
	int ret;

	T_BEGIN {
		ret = store_item_get(req->store, pool_datastack_create(),
				     id >> 32, (uint32_t)id, &item);
		if (ret > 0)
			buffer_append(dest, item.text, item.size);
	} T_END;
	return ret > 0 ? 0 : -1;
}

static int
address_book_search(struct eas_request *req, const char *const *parts,
		    struct address_book_search *search)
{
	uint64_t deadline = i_microseconds() +
		EAS_ADDRESS_BOOK_INDEX_SECS * 1000000ULL;
	ARRAY_TYPE(store_pim_folder) folders;
	const struct store_pim_folder *folder;

	t_array_init(&folders, 8);
	if (store_pim_folder_list(req->store, pool_datastack_create(),
				  &folders) < 0)
		return -1;
	array_foreach(&folders, folder) {
		if (folder->kind != STORE_KIND_CONTACTS)
			continue;
		search->folder = folder->id;
		if (eas_item_index_update(req->store, folder->id,
					  deadline) < 0 ||
		    store_index_find_keys(req->store, folder->id, parts,
					  address_book_found, search) < 0)
			return -1;
		if (search->left == 0)
			break;
	}
	return 0;
}

struct gal_result *
eas_address_book_search(struct eas_request *req, const char *query, bool exact)
{
	struct address_book_search search = {
		.result = gal_result_create_kept(address_book_read, req),
		.left = EAS_ADDRESS_BOOK_MAX,
	};
	ARRAY_TYPE(const_string) parts;
	int ret = 0;

	T_BEGIN {
		t_array_init(&parts, 8);
		gal_query_keys(query, exact, &parts);
		if (!array_is_empty(&parts)) {
			array_append_zero(&parts);
			ret = address_book_search(req, array_front(&parts),
						  &search);
		}
	} T_END;
	if (ret < 0)
		gal_result_free(&search.result);
	else
		gal_result_finish(search.result);
	return search.result;
}

/* -- as a list of addresses -- */

struct address_book_known {
	pool_t pool;
	ARRAY_TYPE(const_string) addresses;
	HASH_TABLE(char *, char *) seen;
	unsigned int max;
};

/* Returns FALSE if there is no more room. */
static bool
address_book_known_add(struct address_book_known *known, const char *address)
{
	char *lcase;

	if (array_count(&known->addresses) == known->max)
		return FALSE;
	lcase = p_strdup(known->pool, t_str_lcase(address));
	if (hash_table_lookup(known->seen, lcase) == NULL) {
		hash_table_insert(known->seen, lcase, lcase);
		address = lcase;
		array_push_back(&known->addresses, &address);
	}
	return TRUE;
}

static bool
address_book_known_item(const struct store_item *item ATTR_UNUSED,
			struct pim_component *card, void *context)
{
	struct address_book_known *known = context;
	ARRAY_TYPE(const_string) addresses;
	const char *address;

	t_array_init(&addresses, 8);
	pim_contact_get_addresses(card, known->max, &addresses);
	array_foreach_elem(&addresses, address) {
		if (!address_book_known_add(known, address))
			return FALSE;
	}
	return TRUE;
}

const char *const *
eas_address_book_known(struct eas_request *req, unsigned int max)
{
	struct address_book_known known;
	ARRAY_TYPE(store_recipient) recent;
	const struct store_recipient *recipient;

	i_zero(&known);
	known.pool = req->pool;
	known.max = max;
	p_array_init(&known.addresses, req->pool, 32);
	p_array_init(&recent, req->pool, 32);
	hash_table_create(&known.seen, default_pool, 0, str_hash, strcmp);
	/* the store logs its failures */
	(void)store_recipient_list(req->store, req->pool, &recent);
	array_foreach(&recent, recipient)
		(void)address_book_known_add(&known, recipient->address);
	(void)address_book_walk(req, address_book_known_item, &known);
	hash_table_destroy(&known.seen);
	array_append_zero(&known.addresses);
	return array_front(&known.addresses);
}
