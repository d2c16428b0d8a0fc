/* Copyright (c) 2026 Roost authors, see the included COPYING file */

/* doveadm roost backup, restore, check: a user's whole database. */
#include "lib.h"
#include "mail-user.h"
#include "pim-attach.h"
#include "pim-item.h"
#include "str.h"
#include "str-sanitize.h"
#include "array.h"
#include "store.h"
#include "store-blob.h"
#include "store-index.h"
#include "store-maint.h"
#include "eas-item-index.h"
#include "doveadm-print.h"
#include "roost-compat-doveadm.h"
#include "doveadm-roost.h"

#include <unistd.h>

struct db_cmd_context {
	struct doveadm_mail_cmd_context ctx;
	const char *path;
	bool repair;
};

static int
db_failed(struct db_cmd_context *ctx, const char *error)
{
	i_error("%s", error);
	doveadm_mail_failed_error(&ctx->ctx, MAIL_ERROR_NOTPOSSIBLE);
	return -1;
}

static int
cmd_backup_run(struct doveadm_mail_cmd_context *_ctx, struct mail_user *user)
{
	struct db_cmd_context *ctx =
		container_of(_ctx, struct db_cmd_context, ctx);
	struct store *store;
	const char *error;
	int ret;

	ret = doveadm_roost_open(_ctx, user, FALSE, &store);
	if (ret == 0 && _ctx->iterate_single_user) {
		i_error("The user has no database");
		doveadm_mail_failed_error(_ctx, MAIL_ERROR_NOTFOUND);
		return -1;
	}
	if (ret <= 0)
		return ret;
	ret = store_backup(store, doveadm_roost_path(_ctx, user, ctx->path),
			   &error);
	store_close(&store);
	return ret < 0 ? db_failed(ctx, error) : 0;
}

static int
cmd_restore_run(struct doveadm_mail_cmd_context *_ctx, struct mail_user *user)
{
	struct db_cmd_context *ctx =
		container_of(_ctx, struct db_cmd_context, ctx);
	const char *error, *path = doveadm_roost_path(_ctx, user, ctx->path);
	struct store *store;
	int ret;

	/* nobody's database is created for a backup that isn't there */
	if (access(path, R_OK) < 0) {
		if (errno == ENOENT && !_ctx->iterate_single_user)
			return 0;
		return db_failed(ctx, t_strdup_printf("Can't read %s: %m",
						      path));
	}
	ret = doveadm_roost_open(_ctx, user, TRUE, &store);
	if (ret <= 0)
		return ret;
	ret = store_restore(store, path, &error);
	store_close(&store);
	if (ret < 0)
		return db_failed(ctx, error);
	doveadm_roost_notify(user);
	return 0;
}

/* -- check -- */

static void
check_found(const char *problem, bool repaired, void *context ATTR_UNUSED)
{
	doveadm_print(str_sanitize(problem, 256));
	doveadm_print(repaired ? "repaired" : "not repaired");
}

/* Is a number of one list in the other? */
static bool check_names(const ARRAY_TYPE(uint32_t) *nums, uint32_t num)
{
	const uint32_t *nump;

	array_foreach(nums, nump) {
		if (*nump == num)
			return TRUE;
	}
	return FALSE;
}

static int
check_orphan(struct db_cmd_context *ctx, struct store *store,
	     const struct store_item *item, const struct store_blob *blob)
{
	if (ctx->repair && store_blob_remove(store, blob->num) < 0)
		return -1;
	check_found(t_strdup_printf("Item %u:%u: attachment %u (%s, "
		"%"PRIuUOFF_T" bytes) is not named by its text", item->folder,
		item->uid, blob->num, blob->name == NULL ? "no name" :
		blob->name, blob->size), ctx->repair, NULL);
	return ctx->repair ? 0 : 1;
}

/* The text has to name all blobs of the item, and no others. Returns as check_item() does. */
static int
check_blobs_of(struct db_cmd_context *ctx, struct store *store,
	       const struct store_item *item)
{
	ARRAY_TYPE(uint32_t) named, own;
	ARRAY_TYPE(store_blob) blobs;
	const struct store_blob *blob;
	const uint32_t *nump;
	int ret, problems = 0;

	t_array_init(&named, 8);
	t_array_init(&own, 8);
	t_array_init(&blobs, 8);
	pim_attach_list(item->text, item->size, &named);
	if (store_blob_list(store, pool_datastack_create(), item->folder,
			    item->uid, &blobs) < 0)
		return -1;
	array_foreach(&blobs, blob) {
		array_push_back(&own, &blob->num);
		if (check_names(&named, blob->num))
			continue;
		ret = check_orphan(ctx, store, item, blob);
		if (ret < 0)
			return -1;
		problems += ret;
	}
	array_foreach(&named, nump) {
		if (check_names(&own, *nump))
			continue;
		check_found(t_strdup_printf("Item %u:%u (%s): the content of "
			"attachment %u is gone", item->folder, item->uid,
			item->props.name, *nump), FALSE, NULL);
		problems++;
	}
	return problems;
}

/* Nobody changes the item meanwhile: text and blobs are of one moment, and what is removed is what was
   looked at. A process that is killed has removed all of an item's or nothing. */
static int
check_blobs(struct db_cmd_context *ctx, struct store *store,
	    const struct store_item *seen)
{
	ARRAY_TYPE(store_blob) blobs;
	struct store_item item;
	pool_t pool;
	int ret;

	t_array_init(&blobs, 8);
	if (store_blob_list(store, pool_datastack_create(), seen->folder,
			    seen->uid, &blobs) < 0)
		return -1;
	if (array_count(&blobs) == 0 &&
	    !pim_attach_has_any(seen->text, seen->size))
		return 0;
	if (store_begin(store) < 0)
		return -1;
	pool = pool_alloconly_create("roost check item", 16384);
	ret = store_item_get(store, pool, seen->folder, seen->uid, &item);
	if (ret > 0)
		ret = check_blobs_of(ctx, store, &item);
	pool_unref(&pool);
	if (ret < 0) {
		store_rollback(store);
		return -1;
	}
	return store_commit(store) < 0 ? -1 : ret;
}

/* What look-ups need is extracted again; an item that can't be read stays as it is. Returns
   the number of problems that are left, or -1. */
static int
check_item(struct db_cmd_context *ctx, struct store *store,
	   const struct store_item *item)
{
	struct store_item_props props;
	struct pim_item_props found;
	const char *error;

	if (pim_item_props_read(item->text, item->size, &found, &error) < 0) {
		check_found(t_strdup_printf("Item %u:%u can't be read: %s",
					    item->folder, item->uid, error),
			    FALSE, NULL);
		return 1;
	}
	if (strcmp(found.uid, item->props.pim_uid) == 0 &&
	    strcmp(found.name, item->props.name) == 0 &&
	    found.first_day == item->props.first_day &&
	    found.last_day == item->props.last_day)
		return 0;
	props.pim_uid = found.uid;
	props.name = found.name;
	props.first_day = found.first_day;
	props.last_day = found.last_day;
	if (ctx->repair &&
	    store_item_set_props(store, item->folder, item->uid, &props) < 0)
		return -1;
	check_found(t_strdup_printf("Item %u:%u: what was extracted of it is "
				    "out of date", item->folder, item->uid),
		    ctx->repair, NULL);
	return ctx->repair ? 0 : 1;
}

/* The words that searches go by. One that waits to be indexed is all right. */
static int
check_item_index(struct db_cmd_context *ctx, struct store *store,
		 const struct store_item *item)
{
	string_t *text = str_new(default_pool, 1024);
	string_t *keys = str_new(default_pool, 256);
	int ret;

	eas_item_index_read(item, text, keys);
	ret = store_index_check(store, item->folder, item->uid, str_c(text),
				str_c(keys));
	str_free(&text);
	str_free(&keys);
	if (ret != 0)
		return ret < 0 ? -1 : 0;
	if (ctx->repair &&
	    store_index_reset(store, item->folder, item->uid) < 0)
		return -1;
	check_found(t_strdup_printf("Item %u:%u: its words in the index are "
				    "out of date", item->folder, item->uid),
		    ctx->repair, NULL);
	return ctx->repair ? 0 : 1;
}

static int
check_items(struct db_cmd_context *ctx, struct store *store, uint32_t folder)
{
	pool_t pool = pool_alloconly_create("roost check", 16384);
	struct store_item item;
	uint32_t uid = 0;
	int ret, left, problems = 0;

	while ((ret = store_item_get_next(store, pool, folder, uid,
					  &item)) > 0) {
		uid = item.uid;
		T_BEGIN {
			ret = check_item(ctx, store, &item);
			left = ret < 0 ? -1 :
				check_item_index(ctx, store, &item);
		} T_END;
		if (left < 0) {
			ret = -1;
			break;
		}
		problems += ret + left;
		T_BEGIN {
			ret = check_blobs(ctx, store, &item);
		} T_END;
		if (ret < 0)
			break;
		problems += ret;
		p_clear(pool);
	}
	pool_unref(&pool);
	return ret < 0 ? -1 : problems;
}

static int check_all(struct db_cmd_context *ctx, struct store *store)
{
	ARRAY_TYPE(store_pim_folder) folders;
	const struct store_pim_folder *folder;
	int ret, problems;

	problems = store_check(store, ctx->repair, check_found, NULL);
	t_array_init(&folders, 16);
	if (problems < 0 ||
	    store_pim_folder_list(store, pool_datastack_create(),
				  &folders) < 0)
		return -1;
	array_foreach(&folders, folder) {
		ret = check_items(ctx, store, folder->id);
		if (ret < 0)
			return -1;
		problems += ret;
	}
	return problems;
}

static int
cmd_check_run(struct doveadm_mail_cmd_context *_ctx, struct mail_user *user)
{
	struct db_cmd_context *ctx =
		container_of(_ctx, struct db_cmd_context, ctx);
	struct store *store;
	int ret;

	ret = doveadm_roost_open(_ctx, user, FALSE, &store);
	if (ret <= 0)
		return ret;
	T_BEGIN {
		ret = check_all(ctx, store);
	} T_END;
	store_close(&store);
	if (ret == 0)
		return 0;
	doveadm_mail_failed_error(_ctx, ret < 0 ? MAIL_ERROR_TEMP :
				  MAIL_ERROR_NOTPOSSIBLE);
	return -1;
}

/* -- the commands -- */

static void cmd_path_init(ROOST_DOVEADM_INIT_PARAMS)
{
	struct db_cmd_context *ctx =
		container_of(_ctx, struct db_cmd_context, ctx);
	const struct doveadm_cmd_context *cctx = _ctx->cctx;

	if (!doveadm_cmd_param_str(cctx, "path", &ctx->path))
		doveadm_mail_help_name(cctx->cmd->name);
}

static void cmd_check_init(ROOST_DOVEADM_INIT_PARAMS)
{
	struct db_cmd_context *ctx =
		container_of(_ctx, struct db_cmd_context, ctx);

	(void)doveadm_cmd_param_bool(_ctx->cctx, "repair", &ctx->repair);
	doveadm_print_header("problem", "problem",
			     DOVEADM_PRINT_HEADER_FLAG_EXPAND);
	doveadm_print_header("state", "state", 0);
}

static struct db_cmd_context *
db_cmd_alloc(int (*run)(struct doveadm_mail_cmd_context *, struct mail_user *))
{
	struct db_cmd_context *ctx =
		doveadm_mail_cmd_alloc(struct db_cmd_context);

	ctx->ctx.v.run = run;
	ctx->ctx.v.init = cmd_path_init;
	return ctx;
}

static struct doveadm_mail_cmd_context *cmd_backup_alloc(void)
{
	return &db_cmd_alloc(cmd_backup_run)->ctx;
}

static struct doveadm_mail_cmd_context *cmd_restore_alloc(void)
{
	return &db_cmd_alloc(cmd_restore_run)->ctx;
}

static struct doveadm_mail_cmd_context *cmd_check_alloc(void)
{
	struct db_cmd_context *ctx = db_cmd_alloc(cmd_check_run);

	ctx->ctx.v.init = cmd_check_init;
	roost_doveadm_accept_options(&ctx->ctx, "r");
	doveadm_print_init(DOVEADM_PRINT_TYPE_TABLE);
	return &ctx->ctx;
}

static struct doveadm_cmd_ver2 db_cmds[] = {
	{
	.name = "roost backup",
	.mail_cmd = cmd_backup_alloc,
	.usage = DOVEADM_CMD_MAIL_USAGE_PREFIX "<file>|<directory>",
DOVEADM_CMD_PARAMS_START
DOVEADM_CMD_MAIL_COMMON
DOVEADM_CMD_PARAM('\0', "path", CMD_PARAM_STR, CMD_PARAM_FLAG_POSITIONAL)
DOVEADM_CMD_PARAMS_END
	}, {
	.name = "roost restore",
	.mail_cmd = cmd_restore_alloc,
	.usage = DOVEADM_CMD_MAIL_USAGE_PREFIX "<file>",
DOVEADM_CMD_PARAMS_START
DOVEADM_CMD_MAIL_COMMON
DOVEADM_CMD_PARAM('\0', "path", CMD_PARAM_STR, CMD_PARAM_FLAG_POSITIONAL)
DOVEADM_CMD_PARAMS_END
	}, {
	.name = "roost check",
	.mail_cmd = cmd_check_alloc,
	.usage = DOVEADM_CMD_MAIL_USAGE_PREFIX "[--repair]",
DOVEADM_CMD_PARAMS_START
DOVEADM_CMD_MAIL_COMMON
DOVEADM_CMD_PARAM('r', "repair", CMD_PARAM_BOOL, 0)
DOVEADM_CMD_PARAMS_END
	}
};

void doveadm_roost_db_register(void)
{
	for (unsigned int i = 0; i < N_ELEMENTS(db_cmds); i++)
		doveadm_cmd_register_ver2(&db_cmds[i]);
}
