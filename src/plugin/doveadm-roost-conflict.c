/* Copyright (c) 2026 Roost authors, see the included COPYING file */

/* doveadm roost conflict: versions of items that lost against others. */
#include "lib.h"
#include "array.h"
#include "mail-user.h"
#include "str-sanitize.h"
#include "pim-attach.h"
#include "pim-item.h"
#include "pim-split.h"
#include "store.h"
#include "store-conflict.h"
#include "doveadm-print.h"
#include "roost-compat-doveadm.h"
#include "doveadm-roost.h"
#include "doveadm-roost-attach.h"

struct conflict_cmd_context {
	struct doveadm_mail_cmd_context ctx;
	uint32_t num;
	const char *keep;
	/* Returns 0, or -1 (exit code set). */
	int (*func)(struct conflict_cmd_context *ctx, struct mail_user *user,
		    struct store *store);
};

static int conflict_temp_failed(struct conflict_cmd_context *ctx)
{
	/* logged by the store */
	doveadm_mail_failed_error(&ctx->ctx, MAIL_ERROR_TEMP);
	return -1;
}

static const char *conflict_name(const char *text)
{
	struct pim_item_props props;
	const char *error;

	if (text == NULL)
		return "(deleted)";
	if (pim_item_props_read(text, strlen(text), &props, &error) < 0)
		return "(can't be read)";
	return str_sanitize(props.name, 80);
}

static const char *conflict_folder(struct store *store, uint32_t id)
{
	struct store_pim_folder folder;

	if (store_pim_folder_get(store, pool_datastack_create(), id,
				 &folder) <= 0)
		return "";
	return str_sanitize(folder.name, 80);
}

static int
conflict_list(struct conflict_cmd_context *ctx,
	      struct mail_user *user ATTR_UNUSED, struct store *store)
{
	ARRAY_TYPE(store_conflict) conflicts;
	const struct store_conflict *conflict;

	t_array_init(&conflicts, 16);
	if (store_conflict_list(store, pool_datastack_create(), TRUE,
				&conflicts) < 0)
		return conflict_temp_failed(ctx);
	array_foreach(&conflicts, conflict) T_BEGIN {
		doveadm_print_num(conflict->num);
		doveadm_print(unixdate2str(conflict->time));
		doveadm_print(conflict_folder(store, conflict->folder));
		doveadm_print(conflict->device == NULL ? "" :
			      str_sanitize(conflict->device, 64));
		doveadm_print(conflict->device_won ? "device" : "server");
		doveadm_print(conflict_name(conflict->won));
		doveadm_print(conflict_name(conflict->lost));
	} T_END;
	return 0;
}

static int
conflict_get(struct conflict_cmd_context *ctx, struct store *store,
	     struct store_conflict *conflict_r)
{
	int ret = store_conflict_get(store, pool_datastack_create(), ctx->num,
				     conflict_r);

	if (ret < 0)
		return conflict_temp_failed(ctx);
	if (ret == 0) {
		i_error("There is no conflict %u", ctx->num);
		doveadm_mail_failed_error(&ctx->ctx, MAIL_ERROR_NOTFOUND);
		return -1;
	}
	return 0;
}

static int
conflict_show(struct conflict_cmd_context *ctx,
	      struct mail_user *user ATTR_UNUSED, struct store *store)
{
	struct store_conflict conflict;

	if (conflict_get(ctx, store, &conflict) < 0)
		return -1;
	doveadm_print_num(conflict.num);
	doveadm_print(unixdate2str(conflict.time));
	doveadm_print(conflict_folder(store, conflict.folder));
	doveadm_print(conflict.device == NULL ? "" :
		      str_sanitize(conflict.device, 64));
	doveadm_print(conflict.device_won ? "device" : "server");
	doveadm_print(conflict.won == NULL ? "" : conflict.won);
	doveadm_print(conflict.lost == NULL ? "" : conflict.lost);
	return 0;
}

/* Where the contents of the version that lost are. */
struct conflict_contents {
	struct store *store;
	uint32_t num;
};

static struct istream *conflict_open_content(const char *value, void *context)
{
	const struct conflict_contents *contents = context;
	struct istream *input;
	uint32_t blob;

	return pim_attach_parse_blob(value, &blob) &&
		store_conflict_open_blob(contents->store, contents->num, blob,
					 &input) > 0 ? input : NULL;
}

/* The version that lost becomes the item, or (it was deleted meanwhile, or both are wanted) another
   item beside it; a deletion that lost is done. */
static enum store_put
conflict_put_lost(struct conflict_cmd_context *ctx, struct store *store,
		  const struct store_conflict *conflict)
{
	struct conflict_contents contents = {
		.store = store, .num = conflict->num,
	};
	struct store_item_props props;
	struct doveadm_roost_put lost = {
		.store = store, .folder = conflict->folder, .props = &props,
		.uid = conflict->uid, .text = conflict->lost,
		.open_content = conflict_open_content, .context = &contents,
	};
	bool both = strcmp(ctx->keep, "both") == 0;
	struct pim_item_props found;
	enum store_put put;
	const char *error;
	uint64_t modseq;

	if (conflict->lost == NULL) {
		put = both ? STORE_PUT_OK :
			store_item_remove(store, conflict->folder,
					  conflict->uid);
		return put == STORE_PUT_GONE ? STORE_PUT_OK : put;
	}
	lost.size = strlen(conflict->lost);
	if (pim_item_props_read(lost.text, lost.size, &found, &error) < 0) {
		i_error("Conflict %u: %s", ctx->num, error);
		return STORE_PUT_FAILED;
	}
	props.pim_uid = found.uid;
	props.name = found.name;
	props.first_day = found.first_day;
	props.last_day = found.last_day;
	put = both ? STORE_PUT_GONE : doveadm_roost_attach_put(&lost, &modseq);
	if (put == STORE_PUT_GONE) {
		lost.uid = 0;
		put = doveadm_roost_attach_put(&lost, &modseq);
	}
	return put;
}

static int
conflict_resolve(struct conflict_cmd_context *ctx, struct mail_user *user,
		 struct store *store)
{
	struct store_conflict conflict;
	enum store_put put = STORE_PUT_OK;

	if (conflict_get(ctx, store, &conflict) < 0)
		return -1;
	if (store_begin(store) < 0)
		return conflict_temp_failed(ctx);
	if (strcmp(ctx->keep, "won") != 0)
		put = conflict_put_lost(ctx, store, &conflict);
	if (put != STORE_PUT_OK ||
	    store_conflict_remove(store, ctx->num) < 0) {
		store_rollback(store);
		if (put == STORE_PUT_NOQUOTA)
			i_error("The quota (roost_db_quota) is exceeded");
		return conflict_temp_failed(ctx);
	}
	if (store_commit(store) < 0)
		return conflict_temp_failed(ctx);
	doveadm_roost_notify(user);
	return 0;
}

static int
cmd_conflict_run(struct doveadm_mail_cmd_context *_ctx, struct mail_user *user)
{
	struct conflict_cmd_context *ctx =
		container_of(_ctx, struct conflict_cmd_context, ctx);
	struct store *store;
	int ret;

	ret = doveadm_roost_open(_ctx, user, FALSE, &store);
	if (ret <= 0)
		return ret;
	if (store_conflict_expire(store) < 0) {
		store_close(&store);
		return conflict_temp_failed(ctx);
	}
	T_BEGIN {
		ret = ctx->func(ctx, user, store);
	} T_END;
	store_close(&store);
	return ret;
}

static void cmd_conflict_init(ROOST_DOVEADM_INIT_PARAMS)
{
	struct conflict_cmd_context *ctx =
		container_of(_ctx, struct conflict_cmd_context, ctx);
	const struct doveadm_cmd_context *cctx = _ctx->cctx;
	const char *num;

	if (ctx->func != conflict_list &&
	    (!doveadm_cmd_param_str(cctx, "number", &num) ||
	     str_to_uint32(num, &ctx->num) < 0))
		doveadm_mail_help_name(cctx->cmd->name);
	if (ctx->func == conflict_resolve) {
		if (!doveadm_cmd_param_str(cctx, "keep", &ctx->keep) ||
		    (strcmp(ctx->keep, "won") != 0 &&
		     strcmp(ctx->keep, "lost") != 0 &&
		     strcmp(ctx->keep, "both") != 0))
			doveadm_mail_help_name(cctx->cmd->name);
		return;
	}
	doveadm_print_header_simple("conflict");
	doveadm_print_header_simple("time");
	doveadm_print_header_simple("folder");
	doveadm_print_header_simple("device");
	doveadm_print_header_simple("winner");
	doveadm_print_header_simple("won");
	doveadm_print_header_simple("lost");
}

static struct conflict_cmd_context *
conflict_cmd_alloc(int (*func)(struct conflict_cmd_context *,
			       struct mail_user *, struct store *))
{
	struct conflict_cmd_context *ctx =
		doveadm_mail_cmd_alloc(struct conflict_cmd_context);

	ctx->func = func;
	ctx->ctx.v.run = cmd_conflict_run;
	ctx->ctx.v.init = cmd_conflict_init;
	return ctx;
}

static struct doveadm_mail_cmd_context *cmd_conflict_list_alloc(void)
{
	doveadm_print_init(DOVEADM_PRINT_TYPE_TABLE);
	return &conflict_cmd_alloc(conflict_list)->ctx;
}

static struct doveadm_mail_cmd_context *cmd_conflict_show_alloc(void)
{
	doveadm_print_init(DOVEADM_PRINT_TYPE_PAGER);
	return &conflict_cmd_alloc(conflict_show)->ctx;
}

static struct doveadm_mail_cmd_context *cmd_conflict_resolve_alloc(void)
{
	return &conflict_cmd_alloc(conflict_resolve)->ctx;
}

static struct doveadm_cmd_ver2 conflict_cmds[] = {
	{
	.name = "roost conflict list",
	.mail_cmd = cmd_conflict_list_alloc,
	.usage = DOVEADM_CMD_MAIL_USAGE_PREFIX,
DOVEADM_CMD_PARAMS_START
DOVEADM_CMD_MAIL_COMMON
DOVEADM_CMD_PARAMS_END
	}, {
	.name = "roost conflict show",
	.mail_cmd = cmd_conflict_show_alloc,
	.usage = DOVEADM_CMD_MAIL_USAGE_PREFIX "<number>",
DOVEADM_CMD_PARAMS_START
DOVEADM_CMD_MAIL_COMMON
DOVEADM_CMD_PARAM('\0', "number", CMD_PARAM_STR, CMD_PARAM_FLAG_POSITIONAL)
DOVEADM_CMD_PARAMS_END
	}, {
	.name = "roost conflict resolve",
	.mail_cmd = cmd_conflict_resolve_alloc,
	.usage = DOVEADM_CMD_MAIL_USAGE_PREFIX "<number> won|lost|both",
DOVEADM_CMD_PARAMS_START
DOVEADM_CMD_MAIL_COMMON
DOVEADM_CMD_PARAM('\0', "number", CMD_PARAM_STR, CMD_PARAM_FLAG_POSITIONAL)
DOVEADM_CMD_PARAM('\0', "keep", CMD_PARAM_STR, CMD_PARAM_FLAG_POSITIONAL)
DOVEADM_CMD_PARAMS_END
	}
};

void doveadm_roost_conflict_register(void)
{
	for (unsigned int i = 0; i < N_ELEMENTS(conflict_cmds); i++)
		doveadm_cmd_register_ver2(&conflict_cmds[i]);
}
