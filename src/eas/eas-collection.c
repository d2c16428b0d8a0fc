/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "buffer.h"
#include "ioloop.h"
#include "str.h"
#include "numpack.h"
#include "mail-storage.h"
#include "eas-key.h"
#include "store-item.h"
#include "class-email.h"
#include "eas-sync-state.h"
#include "sync-mail.h"
#include "sync-recipients.h"
#include "sync-store.h"

#define EAS_SYNC_STATE_VERSION 1
#define SECS_PER_DAY (24*60*60)

enum eas_sync_state_flags {
	EAS_SYNC_STATE_FLAG_CONVERSATION_MODE = 0x01,
	EAS_SYNC_STATE_FLAG_SUPPORTED = 0x02,
	/* a list of aliases stands before the engine's part */
	EAS_SYNC_STATE_FLAG_ALIASES = 0x04,
};

/* The bytes of a state before the engine's part: all that a look at the
   numbers needs. */
struct eas_sync_state_head {
	uint32_t counter, flags, filter_type;
};

/* [MS-ASCMD] 2.2.3.68.2 FilterType: days back; 8 is for open tasks */
static const unsigned int eas_filter_days[] = { 0, 1, 3, 7, 14, 31, 92, 184 };
#define EAS_FILTER_OPEN_TASKS 8

void eas_sync_state_init(struct eas_sync_state *state, pool_t pool,
			 unsigned int version)
{
	i_zero(state);
	eas_item_options_init(&state->options, version);
	p_array_init(&state->supported, pool, 1);
	p_array_init(&state->aliases, pool, 1);
	sync_state_init(&state->sync, pool);
}

void eas_sync_state_copy(struct eas_sync_state *dest, pool_t pool,
			 const struct eas_sync_state *src)
{
	*dest = *src;
	p_array_init(&dest->supported, pool, array_count(&src->supported) + 1);
	array_append_array(&dest->supported, &src->supported);
	p_array_init(&dest->aliases, pool, array_count(&src->aliases) + 1);
	array_append_array(&dest->aliases, &src->aliases);
	sync_state_copy(&dest->sync, pool, &src->sync);
}

uint32_t eas_sync_uid_to_id(const struct eas_sync_state *state, uint32_t uid)
{
	const struct eas_sync_alias *alias;

	array_foreach(&state->aliases, alias) {
		if (alias->uid == uid)
			return alias->id;
	}
	return uid;
}

uint32_t eas_sync_id_to_uid(const struct eas_sync_state *state, uint32_t id)
{
	const struct eas_sync_alias *alias;

	array_foreach(&state->aliases, alias) {
		if (alias->id == id)
			return alias->uid;
	}
	return id;
}

void eas_sync_alias(struct eas_sync_state *state, uint32_t old_uid,
		    uint32_t new_uid)
{
	struct eas_sync_alias *alias;

	array_foreach_modifiable(&state->aliases, alias) {
		if (alias->uid == old_uid) {
			alias->uid = new_uid;
			return;
		}
	}
	alias = array_append_space(&state->aliases);
	alias->uid = new_uid;
	alias->id = old_uid;
}

/* Those of items that the device has no more are dropped. */
static unsigned int
eas_sync_state_encode_aliases(const struct eas_sync_state *state,
			      buffer_t *dest)
{
	const struct eas_sync_alias *alias;
	unsigned int count = 0;

	array_foreach(&state->aliases, alias) {
		if (!seq_range_exists(&state->sync.held, alias->uid))
			continue;
		numpack_encode(dest, alias->uid);
		numpack_encode(dest, alias->id);
		count++;
	}
	return count;
}

void eas_sync_state_encode(const struct eas_sync_state *state, buffer_t *dest)
{
	string_t *options = t_str_new(128);
	buffer_t *aliases = t_buffer_create(32);
	const uint16_t *tagp;
	uint32_t flags = 0;
	unsigned int alias_count =
		eas_sync_state_encode_aliases(state, aliases);

	if (state->conversation_mode)
		flags |= EAS_SYNC_STATE_FLAG_CONVERSATION_MODE;
	if (state->has_supported)
		flags |= EAS_SYNC_STATE_FLAG_SUPPORTED;
	if (alias_count > 0)
		flags |= EAS_SYNC_STATE_FLAG_ALIASES;
	eas_item_options_encode(&state->options, options);

	buffer_append_c(dest, EAS_SYNC_STATE_VERSION);
	numpack_encode(dest, state->counter);
	numpack_encode(dest, flags);
	numpack_encode(dest, state->options.filter_type);
	numpack_encode(dest, str_len(options));
	buffer_append(dest, str_data(options), str_len(options));
	numpack_encode(dest, array_count(&state->supported));
	array_foreach(&state->supported, tagp)
		numpack_encode(dest, *tagp);
	if (alias_count > 0) {
		numpack_encode(dest, alias_count);
		buffer_append_buf(dest, aliases, 0, SIZE_MAX);
	}
	sync_state_encode(&state->sync, dest);
}

static int
eas_sync_state_decode_head(const uint8_t **p, const uint8_t *end,
			   struct eas_sync_state_head *head_r,
			   const char **options_r)
{
	uint32_t len;

	if (*p == end || **p != EAS_SYNC_STATE_VERSION)
		return -1;
	*p += 1;
	if (numpack_decode32(p, end, &head_r->counter) < 0 ||
	    numpack_decode32(p, end, &head_r->flags) < 0 ||
	    numpack_decode32(p, end, &head_r->filter_type) < 0 ||
	    numpack_decode32(p, end, &len) < 0 ||
	    len > (size_t)(end - *p))
		return -1;
	if (options_r != NULL)
		*options_r = t_strndup(*p, len);
	*p += len;
	return 0;
}

static int
eas_sync_state_skip_supported(const uint8_t **p, const uint8_t *end,
			      struct eas_sync_state *state)
{
	uint32_t count, tag;
	uint16_t tag16;

	if (numpack_decode32(p, end, &count) < 0 || count > (size_t)(end - *p))
		return -1;
	for (; count > 0; count--) {
		if (numpack_decode32(p, end, &tag) < 0 || tag > 0xffff)
			return -1;
		tag16 = tag;
		if (state != NULL)
			array_push_back(&state->supported, &tag16);
	}
	return 0;
}

static int
eas_sync_state_skip_aliases(const uint8_t **p, const uint8_t *end,
			    uint32_t flags, struct eas_sync_state *state)
{
	struct eas_sync_alias alias;
	uint32_t count;

	if ((flags & EAS_SYNC_STATE_FLAG_ALIASES) == 0)
		return 0;
	if (numpack_decode32(p, end, &count) < 0 || count > (size_t)(end - *p))
		return -1;
	for (; count > 0; count--) {
		if (numpack_decode32(p, end, &alias.uid) < 0 ||
		    numpack_decode32(p, end, &alias.id) < 0)
			return -1;
		if (state != NULL)
			array_push_back(&state->aliases, &alias);
	}
	return 0;
}

int eas_sync_state_decode(struct eas_sync_state *state_r, pool_t pool,
			  unsigned int version, const void *data, size_t size)
{
	const uint8_t *p = data, *end = p + size;
	struct eas_sync_state_head head;
	const char *options;

	eas_sync_state_init(state_r, pool, version);
	if (eas_sync_state_decode_head(&p, end, &head, &options) < 0 ||
	    eas_item_options_decode(&state_r->options, options) < 0 ||
	    eas_sync_state_skip_supported(&p, end, state_r) < 0 ||
	    eas_sync_state_skip_aliases(&p, end, head.flags, state_r) < 0)
		return -1;
	state_r->counter = head.counter;
	state_r->conversation_mode =
		(head.flags & EAS_SYNC_STATE_FLAG_CONVERSATION_MODE) != 0;
	state_r->has_supported =
		(head.flags & EAS_SYNC_STATE_FLAG_SUPPORTED) != 0;
	return sync_state_decode(&state_r->sync, pool, p, end - p);
}

int eas_sync_row_get(struct eas_request *req, const char *folder_id,
		     struct eas_sync_row *row_r)
{
	int ret;

	i_zero(row_r);
	row_r->name = p_strconcat(req->pool, "f", folder_id, NULL);
	ret = store_state_get(req->store, req->pool, req->device->num,
			      row_r->name, &row_r->stored);
	row_r->exists = ret > 0;
	return ret < 0 ? -1 : 0;
}

int eas_sync_row_find(struct eas_sync_row *row, const char *key)
{
	const struct store_state *stored = &row->stored;
	struct eas_sync_state_head head;
	const uint8_t *p;
	uint32_t epoch, counter;

	if (eas_sync_key_parse(key, &epoch, &counter) <= 0 ||
	    !row->exists || epoch != stored->epoch)
		return 0;
	if (counter == stored->counter && stored->issued != NULL) {
		row->base = stored->issued;
		row->base_size = stored->issued_size;
		return 1;
	}
	if (stored->confirmed == NULL)
		return 0;
	p = stored->confirmed;
	if (eas_sync_state_decode_head(&p, p + stored->confirmed_size,
				       &head, NULL) < 0 ||
	    head.counter != counter)
		return 0;
	row->repeated = TRUE;
	row->base = stored->confirmed;
	row->base_size = stored->confirmed_size;
	return 1;
}

uint32_t eas_sync_today(void)
{
	return ioloop_time / SECS_PER_DAY;
}

void eas_sync_filter(const struct eas_folder *folder,
		     struct sync_collection *coll,
		     const struct eas_item_options *options,
		     bool conversation_mode, struct sync_filter *filter_r)
{
	unsigned int type = options->filter_type;

	i_zero(filter_r);
	if (eas_folder_is_recipients(folder)) {
		if (coll != NULL)
			sync_recipients_set_max(coll, options->max_items);
		sync_recipients_filter(options->max_items, filter_r);
		return;
	}
	if (type == EAS_FILTER_OPEN_TASKS) {
		/* they matter until they are done (store-item.h) */
		filter_r->first_day = STORE_DAY_EVER;
		return;
	}
	if (type == 0 || type >= N_ELEMENTS(eas_filter_days))
		return;
	/* Whole days: a mail leaves the filter up to a day late, and the state
	   has to be looked at for that only once a day. */
	filter_r->first_day = eas_sync_today() - eas_filter_days[type];
	filter_r->conversations = conversation_mode;
}

/* The first half of a ConversationId is as good as the whole to tell them apart. */
static uint64_t
eas_sync_conversation(struct mail *mail, void *context ATTR_UNUSED)
{
	unsigned char id[EAS_CONVERSATION_ID_SIZE];
	const char *error;
	uint64_t num;

	if (eas_conversation_id(mail, id, &error) <= 0)
		return 0;
	memcpy(&num, id, sizeof(num));
	return num;
}

int eas_sync_open_folder(struct eas_request *req, struct eas_folder *folder,
			 struct mailbox **box_r,
			 struct sync_collection **coll_r)
{
	*box_r = NULL;
	*coll_r = NULL;
	if (eas_folder_is_recipients(folder)) {
		*coll_r = sync_recipients_init(req->pool, req->store);
		return 0;
	}
	if (folder->kind != STORE_KIND_NONE) {
		*coll_r = sync_store_init(req->pool, req->store,
					  folder->pim_id);
		return 0;
	}
	if (folder->ns == NULL || folder->noselect || folder->missing)
		return 0;
	*box_r = roost_user_take_mailbox(req->req->user, folder->ns->list,
					 folder->vname);
	*coll_r = sync_mail_init(req->pool, box_r, eas_sync_conversation,
				 NULL);
	return 0;
}

int eas_sync_create_folder(struct eas_request *req, struct eas_folder *folder,
			   struct mailbox **box_r,
			   struct sync_collection **coll_r)
{
	int ret;

	ret = eas_folder_mailbox_alloc(req, folder, TRUE, box_r);
	if (ret > 0) {
		*coll_r = sync_mail_init(req->pool, box_r,
					 eas_sync_conversation, NULL);
	}
	return ret;
}

/* All that a look at the numbers needs. */
struct eas_sync_state_numbers {
	struct eas_sync_state_head head;
	const char *options;
	struct sync_status seen;
	struct sync_filter filter;
	bool pending;
};

static int
eas_sync_state_decode_numbers(const void *data, size_t size,
			      struct eas_sync_state_numbers *numbers_r)
{
	const uint8_t *p = data, *end = p + size;

	if (eas_sync_state_decode_head(&p, end, &numbers_r->head,
				       &numbers_r->options) < 0 ||
	    eas_sync_state_skip_supported(&p, end, NULL) < 0 ||
	    eas_sync_state_skip_aliases(&p, end, numbers_r->head.flags,
					NULL) < 0)
		return -1;
	return sync_state_decode_status(p, end - p, &numbers_r->seen,
					&numbers_r->filter,
					&numbers_r->pending);
}

int eas_collection_uidvalidity(struct eas_request *req, const char *folder_id,
			       uint32_t *uidvalidity_r)
{
	struct store_state stored;
	struct eas_sync_state_numbers numbers;
	int ret;

	/* asked for each item of a request: nothing is kept */
	T_BEGIN {
		ret = store_state_get(req->store, pool_datastack_create(),
				      req->device->num,
				      t_strconcat("f", folder_id, NULL),
				      &stored);
		if (ret > 0 && (stored.issued == NULL ||
				eas_sync_state_decode_numbers(
					stored.issued, stored.issued_size,
					&numbers) < 0))
			ret = 0;
	} T_END;
	if (ret > 0)
		*uidvalidity_r = numbers.seen.uidvalidity;
	return ret;
}

/* The numbers differ: is there anything in it for this device? */
static int
eas_collection_look(struct eas_request *req, struct sync_collection *coll,
		    const void *data, size_t size,
		    const struct sync_filter *filter)
{
	struct eas_sync_state state;

	if (eas_sync_state_decode(&state, req->pool, req->version,
				  data, size) < 0)
		return -1;
	switch (sync_look(coll, &state.sync, filter, NULL)) {
	case SYNC_LOOK_OK:
		return sync_count(&state.sync) > 0 ? 1 : 0;
	case SYNC_LOOK_UIDVALIDITY:
		return 1;
	case SYNC_LOOK_GONE:
		return -2;
	case SYNC_LOOK_FAILED:
		break;
	}
	return -3;
}

static int
eas_collection_compare(struct eas_request *req,
		       const struct eas_folder *folder,
		       struct sync_collection *coll,
		       const void *data, size_t size)
{
	struct eas_sync_state_numbers numbers;
	struct eas_item_options options;
	struct sync_status now;
	struct sync_filter filter;
	int ret;

	if (eas_sync_state_decode_numbers(data, size, &numbers) < 0 ||
	    eas_item_options_decode(&options, numbers.options) < 0)
		return -1;
	if (numbers.pending)
		return 1;
	if (coll == NULL)
		return numbers.seen.uidnext == 0 ? 0 : 1;
	options.filter_type = numbers.head.filter_type;
	eas_sync_filter(folder, coll, &options, (numbers.head.flags &
			EAS_SYNC_STATE_FLAG_CONVERSATION_MODE) != 0, &filter);
	ret = coll->v->get_status(coll, &now);
	if (ret <= 0)
		return ret < 0 ? -3 : -2;
	if (sync_unchanged(&numbers.seen, &numbers.filter, &now, &filter))
		return 0;
	if (sync_surely_grown(&numbers.seen, &now, &filter))
		return 1;
	return eas_collection_look(req, coll, data, size, &filter);
}

int eas_collection_has_changes(struct eas_request *req,
			       struct eas_folder *folder)
{
	struct eas_sync_row row;
	struct sync_collection *coll;
	struct mailbox *box;
	int ret;

	if (eas_sync_row_get(req, folder->id, &row) < 0)
		return -3;
	if (!row.exists || row.stored.issued == NULL)
		return -1;
	if (eas_sync_open_folder(req, folder, &box, &coll) < 0)
		return -3;
	T_BEGIN {
		ret = eas_collection_compare(req, folder, coll,
					     row.stored.issued,
					     row.stored.issued_size);
	} T_END;
	roost_user_keep_mailbox(req->req->user, &box);
	return ret;
}
