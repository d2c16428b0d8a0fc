/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "hash.h"
#include "pim-contact.h"
#include "store-item.h"
#include "store-recipient.h"
#include "eas-address-book.h"

struct address_book_known {
	pool_t pool;
	ARRAY_TYPE(const_string) addresses;
	HASH_TABLE(char *, char *) seen;
	unsigned int max, contacts_left;
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
address_book_known_item(struct address_book_known *known,
			const struct store_item *item)
{
	ARRAY_TYPE(const_string) addresses;
	struct pim_component *card;
	struct pim_lines *doc;
	const char *error, *address;
	bool ret = TRUE;

	/* one that is broken is for who shows it to complain of */
	if (pim_lines_parse(item->text, item->size, NULL, &doc, &error) < 0)
		return TRUE;
	t_array_init(&addresses, 8);
	card = pim_vcard_first(doc);
	if (card != NULL)
		pim_contact_get_addresses(card, known->max, &addresses);
	array_foreach_elem(&addresses, address) {
		ret = address_book_known_add(known, address);
		if (!ret)
			break;
	}
	pim_lines_free(&doc);
	return ret;
}

/* Returns 1 if there is room for more, 0, or -1 (logged). */
static int
address_book_known_folder(struct address_book_known *known,
			  struct store *store, uint32_t folder)
{
	struct store_item item;
	uint32_t uid = 0;
	bool more = TRUE;
	int ret = 1;

	while (ret > 0 && more) T_BEGIN {
		ret = store_item_get_next(store, pool_datastack_create(),
					  folder, uid, &item);
		if (ret > 0) {
			uid = item.uid;
			more = known->contacts_left-- > 0 &&
				address_book_known_item(known, &item);
		}
	} T_END;
	return ret < 0 ? -1 : more ? 1 : 0;
}

static void
address_book_known_contacts(struct address_book_known *known,
			    struct eas_request *req)
{
	ARRAY_TYPE(store_pim_folder) folders;
	const struct store_pim_folder *folder;

	p_array_init(&folders, req->pool, 8);
	/* the store logs its failures */
	if (store_pim_folder_list(req->store, req->pool, &folders) < 0)
		return;
	array_foreach(&folders, folder) {
		if (folder->kind == STORE_KIND_CONTACTS &&
		    address_book_known_folder(known, req->store,
					      folder->id) <= 0)
			break;
	}
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
	known.contacts_left = EAS_ADDRESS_BOOK_MAX;
	p_array_init(&known.addresses, req->pool, 32);
	p_array_init(&recent, req->pool, 32);
	hash_table_create(&known.seen, default_pool, 0, str_hash, strcmp);
	/* the store logs its failures */
	(void)store_recipient_list(req->store, req->pool, &recent);
	array_foreach(&recent, recipient)
		(void)address_book_known_add(&known, recipient->address);
	address_book_known_contacts(&known, req);
	hash_table_destroy(&known.seen);
	array_append_zero(&known.addresses);
	return array_front(&known.addresses);
}
