/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "buffer.h"
#include "str.h"
#include "store.h"
#include "store-item.h"
#include "store-state.h"
#include "eas-move.h"

/* Both folders are in one database: moves and their records are one transaction. A repeat finds
   the record, or nothing was done. */

#define EAS_MOVE_ITEM_OP "moveitem"

static const char *
move_item_key(const struct eas_folder *src, const struct eas_folder *dest,
	      uint32_t uid)
{
	return t_strdup_printf("%s:%u>%s", src->id, uid, dest->id);
}

static enum eas_move_result move_item_result(enum store_put put)
{
	switch (put) {
	case STORE_PUT_OK:
		return EAS_MOVE_OK;
	case STORE_PUT_GONE:
		return EAS_MOVE_NO_SOURCE;
	case STORE_PUT_NOQUOTA:
		return EAS_MOVE_QUOTA;
	default:
		return EAS_MOVE_FAILED;
	}
}

/* Returns 0, or -1 if the transaction is lost. */
static int
move_item(struct eas_request *req, struct eas_folder *src,
	  struct eas_folder *dest, struct eas_move *move)
{
	const char *key = move_item_key(src, dest, move->uid);
	buffer_t *value;
	string_t *str;
	int ret;

	/* a UID is never used again: whatever was moved is not there */
	ret = store_op_get(req->store, pool_datastack_create(),
			   req->device->num, EAS_MOVE_ITEM_OP, key, &value);
	if (ret < 0)
		return -1;
	if (ret > 0) {
		ret = str_to_uint32(t_strndup(value->data, value->used),
				    &move->dest_uid);
		move->result = ret < 0 ? EAS_MOVE_FAILED : EAS_MOVE_OK;
		return 0;
	}
	move->result = move_item_result(store_item_move(req->store,
		src->pim_id, move->uid, dest->pim_id, &move->dest_uid));
	if (move->result == EAS_MOVE_FAILED)
		return -1;
	if (move->result != EAS_MOVE_OK)
		return 0;
	str = t_str_new(16);
	str_printfa(str, "%u", move->dest_uid);
	return store_op_put(req->store, req->device->num, EAS_MOVE_ITEM_OP,
			    key, str_data(str), str_len(str));
}

static int
move_items_locked(struct eas_request *req, struct eas_folder *src,
		  struct eas_folder *dest, struct eas_move *moves,
		  unsigned int count)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < count && ret == 0; i++) T_BEGIN {
		ret = move_item(req, src, dest, &moves[i]);
	} T_END;
	return ret;
}

int eas_move_items(struct eas_request *req, struct eas_folder *src,
		   struct eas_folder *dest, struct eas_move *moves,
		   unsigned int count)
{
	unsigned int i;
	int ret;

	if (src->kind != dest->kind) {
		for (i = 0; i < count; i++)
			moves[i].result = EAS_MOVE_DENIED;
		return -1;
	}
	ret = store_begin(req->store);
	if (ret == 0) {
		ret = move_items_locked(req, src, dest, moves, count);
		if (ret < 0)
			store_rollback(req->store);
		else
			ret = store_commit(req->store);
	}
	if (ret < 0) {
		for (i = 0; i < count; i++)
			moves[i].result = EAS_MOVE_FAILED;
		return -1;
	}
	roost_user_notify(req->req->user, src->guid);
	roost_user_notify(req->req->user, dest->guid);
	return 0;
}
