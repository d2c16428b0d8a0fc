/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "buffer.h"
#include "strnum.h"
#include "store-state.h"
#include "eas-move-private.h"

#define EAS_MOVE_OP_KIND "move"

const char *
eas_move_record_key(pool_t pool, const char *src_id, uint32_t src_uidvalidity,
		    uint32_t uid, const char *dest_id)
{
	return p_strdup_printf(pool, "%s.%u:%u>%s", src_id, src_uidvalidity,
			       uid, dest_id);
}

const char *eas_move_record_encode(const struct eas_move_record *record)
{
	switch (record->state) {
	case EAS_MOVE_RECORD_BEGUN:
		/* the GUID is last: it may be anything but it has no end */
		return t_strdup_printf("b %u %u %s %s", record->uidvalidity,
				       record->uid, record->token,
				       record->guid);
	case EAS_MOVE_RECORD_COPIED:
		return t_strdup_printf("c %u %u", record->uidvalidity,
				       record->uid);
	}
	i_unreached();
}

int eas_move_record_decode(pool_t pool, const char *str,
			   struct eas_move_record *record_r)
{
	i_zero(record_r);
	if (str[0] == 'b')
		record_r->state = EAS_MOVE_RECORD_BEGUN;
	else if (str[0] == 'c')
		record_r->state = EAS_MOVE_RECORD_COPIED;
	else
		return -1;
	if (str[1] != ' ' ||
	    str_parse_uint32(str + 2, &record_r->uidvalidity, &str) < 0 ||
	    *str++ != ' ' ||
	    str_parse_uint32(str, &record_r->uid, &str) < 0)
		return -1;
	if (record_r->state == EAS_MOVE_RECORD_COPIED)
		return *str == '\0' ? 0 : -1;

	if (*str++ != ' ')
		return -1;
	record_r->guid = strchr(str, ' ');
	if (record_r->guid == NULL)
		return -1;
	record_r->token = p_strdup_until(pool, str, record_r->guid);
	record_r->guid = p_strdup(pool, record_r->guid + 1);
	return 0;
}

int eas_move_record_get(struct eas_request *req, pool_t pool, const char *key,
			struct eas_move_record *record_r)
{
	buffer_t *value;
	int ret;

	T_BEGIN {
		ret = store_op_get(req->store, pool_datastack_create(),
				   req->device->num, EAS_MOVE_OP_KIND, key,
				   &value);
		if (ret > 0 && eas_move_record_decode(
				pool, t_strndup(value->data, value->used),
				record_r) < 0) {
			e_error(req->event, "The record of move %s is damaged",
				key);
			ret = 0;
		}
	} T_END;
	return ret;
}

int eas_move_record_put(struct eas_request *req, const char *key,
			const struct eas_move_record *record)
{
	int ret;

	T_BEGIN {
		const char *value = eas_move_record_encode(record);

		ret = store_op_put(req->store, req->device->num,
				   EAS_MOVE_OP_KIND, key, value,
				   strlen(value));
	} T_END;
	return ret;
}
