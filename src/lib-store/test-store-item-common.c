/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "buffer.h"
#include "istream.h"
#include "store.h"
#include "store-blob.h"
#include "test-common.h"
#include "test-store-item-common.h"

struct store_item_props
test_item_props(const char *pim_uid, uint32_t first_day, uint32_t last_day)
{
	return (struct store_item_props) {
		.pim_uid = pim_uid,
		.name = "name",
		.first_day = first_day,
		.last_day = last_day,
	};
}

uint32_t test_item_add(struct store *store, uint32_t folder,
			 const char *pim_uid, const char *text)
{
	struct store_item_props props = test_item_props(pim_uid, 0, STORE_DAY_EVER);
	uint32_t uid;

	test_assert(store_item_add(store, folder, &props, text, strlen(text),
				   &uid, NULL) == STORE_PUT_OK);
	return uid;
}

uint32_t test_main_folder(struct store *store, enum store_kind kind)
{
	struct store_pim_folder folder;

	test_assert(store_pim_folder_get_main(store, pool_datastack_create(),
					      kind, &folder) == 0);
	test_assert(folder.kind == kind && folder.main);
	return folder.id;
}

uint32_t
test_blob_add(struct store *store, uint32_t id, uint32_t uid,
	      const buffer_t *data)
{
	struct store_blob blob;
	struct istream *input;

	i_zero(&blob);
	blob.folder = id;
	blob.uid = uid;
	blob.name = "a.bin";
	input = i_stream_create_from_buffer(data);
	test_assert(store_begin(store) == 0);
	test_assert(store_blob_add(store, &blob, input) == STORE_PUT_OK);
	test_assert(store_commit(store) == 0);
	i_stream_unref(&input);
	test_assert(blob.size == data->used && blob.num != 0);
	return blob.num;
}
