/* Copyright (c) 2026 Roost authors, see the included COPYING file */

/* doveadm roost device: an operator's view of a user's devices, which stand in
   the user's roost.db. */
#include "lib.h"
#include "array.h"
#include "str.h"
#include "str-sanitize.h"
#include "mail-user.h"
#include "wildcard-match.h"
#include "store.h"
#include "store-device.h"
#include "store-folder.h"
#include "store-secret.h"
#include "store-skip.h"
#include "store-pim.h"
#include "store-state.h"
#include "doveadm-print.h"
#include "roost-compat-doveadm.h"
#include "doveadm-roost.h"

/* 255 characters */
#define DEVICE_PASSWORD_MAX_SIZE (255 * 6)

struct device_cmd_context;

/* Does its work for one device. Returns 0 or -1 (exit code set). changed_r is
   set if the device has to hear of it. */
typedef int device_func_t(struct device_cmd_context *ctx, struct store *store,
			  struct store_device *device, bool *changed_r);

struct device_cmd_context {
	struct doveadm_mail_cmd_context ctx;

	device_func_t *func;
	void (*print_headers)(void);
	/* device id, may have wildcards; NULL = all */
	const char *mask;
	bool mask_optional;
	bool account_only;
	bool cancel;
	/* password: why there is no key */
	const char *key_error;
	/* ceiling: the argument and what it means, 0 = none */
	const char *version;
	unsigned int version_max;
};

static const char *const device_access_names[] = {
	[STORE_DEVICE_ALLOWED] = "allowed",
	[STORE_DEVICE_QUARANTINED] = "quarantined",
	[STORE_DEVICE_BLOCKED] = "blocked",
};

static const char *const device_wipe_names[] = {
	[STORE_DEVICE_WIPE_NONE] = "none",
	[STORE_DEVICE_WIPE_ORDERED] = "ordered",
	[STORE_DEVICE_WIPE_SENT] = "sent",
	[STORE_DEVICE_WIPE_DONE] = "done",
};

/* as in roost_eas_version_max */
static const unsigned int device_versions[] = {
	25, 120, 121, 140, 141, 160, 161
};

/* What a device tells about itself must not steer the operator's terminal. */
static const char *device_text(const char *value)
{
	return value == NULL ? "" : str_sanitize(value, 256);
}

static const char *device_version(unsigned int version)
{
	return version == 0 ? "" :
		t_strdup_printf("%u.%u", version / 10, version % 10);
}

static const char *device_time(time_t t)
{
	return t == 0 ? "" : unixdate2str(t);
}

static const char *device_access(const struct store_device *device)
{
	i_assert(device->access < N_ELEMENTS(device_access_names));
	return device_access_names[device->access];
}

static const char *device_wipe(const struct store_device *device)
{
	i_assert(device->wipe < N_ELEMENTS(device_wipe_names));
	if (device->wipe == STORE_DEVICE_WIPE_NONE ||
	    !device->wipe_account_only)
		return device_wipe_names[device->wipe];
	return t_strconcat(device_wipe_names[device->wipe],
			   " (account only)", NULL);
}

/* -- list -- */

static void device_list_print_headers(void)
{
	doveadm_print_header("device", "device", 0);
	doveadm_print_header("type", "type", 0);
	doveadm_print_header("name", "name", 0);
	doveadm_print_header("version", "version", 0);
	doveadm_print_header("last_seen", "last seen", 0);
	doveadm_print_header("access", "access", 0);
	doveadm_print_header("wipe", "wipe", 0);
}

static int
cmd_device_list_func(struct device_cmd_context *ctx ATTR_UNUSED,
		     struct store *store ATTR_UNUSED,
		     struct store_device *device, bool *changed_r ATTR_UNUSED)
{
	const char *name = device->friendly_name != NULL ?
		device->friendly_name : device->model;

	doveadm_print(device_text(device->id));
	doveadm_print(device_text(device->type));
	doveadm_print(device_text(name));
	doveadm_print(device_version(device->version));
	doveadm_print(device_time(device->last_seen));
	doveadm_print(device_access(device));
	doveadm_print(device_wipe(device));
	return 0;
}

/* -- show -- */

struct device_show_text {
	const char *key;
	size_t offset;
};

/* what the device told about itself */
#define SHOW_TEXT(name) { #name, offsetof(struct store_device, name) }
static const struct device_show_text device_show_texts[] = {
	SHOW_TEXT(type),
	SHOW_TEXT(user_agent),
	SHOW_TEXT(friendly_name),
	SHOW_TEXT(model),
	SHOW_TEXT(imei),
	SHOW_TEXT(os),
	SHOW_TEXT(os_language),
	SHOW_TEXT(phone_number),
	SHOW_TEXT(mobile_operator),
};

static const char *const device_show_headers[] = {
	"version", "version_max", "first_seen", "last_seen", "access", "wipe",
	"policy_key", "policy_key_pending", "heartbeat", "collections",
	"skipped",
};

static void device_show_print_headers(void)
{
	doveadm_print_header_simple("device");
	doveadm_print_header_simple("protocol");
	for (unsigned int i = 0; i < N_ELEMENTS(device_show_texts); i++)
		doveadm_print_header_simple(device_show_texts[i].key);
	for (unsigned int i = 0; i < N_ELEMENTS(device_show_headers); i++)
		doveadm_print_header_simple(device_show_headers[i]);
}

/* "f17" is the folder 17, as src/eas names its collections. */
static const char *
device_folder_name(const ARRAY_TYPE(store_folder) *folders,
		   const char *collection)
{
	const struct store_folder *folder;
	uint32_t id;

	if (*collection != 'f' || str_to_uint32(collection + 1, &id) < 0)
		return NULL;
	array_foreach(folders, folder) {
		if (folder->id == id && folder->vname_hint != NULL)
			return folder->vname_hint;
	}
	return NULL;
}

/* Mailboxes and the store's own folders. */
static int device_folders(struct store *store,
			  ARRAY_TYPE(store_folder) *folders_r)
{
	ARRAY_TYPE(store_pim_folder) pims;
	const struct store_pim_folder *pim;
	struct store_folder *folder;
	pool_t pool = pool_datastack_create();

	t_array_init(folders_r, 32);
	t_array_init(&pims, 16);
	if (store_folder_list(store, pool, folders_r) < 0 ||
	    store_pim_folder_list(store, pool, &pims) < 0)
		return -1;
	array_foreach(&pims, pim) {
		folder = array_append_space(folders_r);
		folder->id = pim->id;
		folder->vname_hint = pim->name;
	}
	return 0;
}

/* One line per collection: its name, the folder, the SyncKey, how often the key
   came again, the size of the state. */
static int
device_collections(struct store *store, const struct store_device *device,
		   string_t *str)
{
	ARRAY_TYPE(store_state_info) states;
	ARRAY_TYPE(store_folder) folders;
	const struct store_state_info *state;
	const char *name;

	t_array_init(&states, 32);
	if (store_state_list(store, pool_datastack_create(), device->num,
			     &states) < 0 ||
	    device_folders(store, &folders) < 0)
		return -1;
	array_foreach(&states, state) {
		if (str_len(str) > 0)
			str_append(str, "; ");
		str_append(str, state->collection);
		name = device_folder_name(&folders, state->collection);
		if (name != NULL)
			str_printfa(str, " (%s)", device_text(name));
		str_printfa(str, " key=%u.%u repeats=%u bytes=%zu",
			    state->epoch, state->counter, state->repeats,
			    state->size);
	}
	return 0;
}

/* What the device looped on, in each of its collections. */
static int
device_skipped(struct store *store, const struct store_device *device,
	       string_t *str)
{
	ARRAY_TYPE(store_state_info) states;
	ARRAY_TYPE(store_folder) folders;
	const struct store_state_info *state;
	const struct store_skip *skip;
	struct store_skips skips;
	const char *name;

	t_array_init(&states, 32);
	if (store_state_list(store, pool_datastack_create(), device->num,
			     &states) < 0 ||
	    device_folders(store, &folders) < 0)
		return -1;
	array_foreach(&states, state) {
		if (store_skips_get(store, pool_datastack_create(), device->num,
				    state->collection, &skips) < 0)
			return -1;
		name = device_folder_name(&folders, state->collection);
		array_foreach(&skips.uids, skip) {
			if (str_len(str) > 0)
				str_append(str, "; ");
			str_printfa(str, "%s UID %u since %s",
				    name == NULL ? state->collection :
				    device_text(name), skip->uid,
				    device_time(skip->time));
		}
	}
	return 0;
}

static int
cmd_device_show_func(struct device_cmd_context *ctx, struct store *store,
		     struct store_device *device, bool *changed_r ATTR_UNUSED)
{
	string_t *collections = t_str_new(256), *skipped = t_str_new(64);

	if (device_collections(store, device, collections) < 0 ||
	    device_skipped(store, device, skipped) < 0) {
		doveadm_mail_failed_error(&ctx->ctx, MAIL_ERROR_TEMP);
		return -1;
	}
	doveadm_print(device_text(device->id));
	doveadm_print(device->protocol);
	for (unsigned int i = 0; i < N_ELEMENTS(device_show_texts); i++) {
		const char *const *value = CONST_PTR_OFFSET(device,
			device_show_texts[i].offset);
		doveadm_print(device_text(*value));
	}
	doveadm_print(device_version(device->version));
	doveadm_print(device_version(device->version_max));
	doveadm_print(device_time(device->first_seen));
	doveadm_print(device_time(device->last_seen));
	doveadm_print(device_access(device));
	doveadm_print(device_wipe(device));
	doveadm_print_num(device->policy_key);
	doveadm_print_num(device->policy_key_pending);
	doveadm_print_num(device->heartbeat);
	doveadm_print(str_c(collections));
	doveadm_print(str_c(skipped));
	return 0;
}

/* -- password -- */

static void device_password_print_headers(void)
{
	doveadm_print_header_simple("device");
	doveadm_print_header_simple("password");
}

static void device_password_read_key(struct device_cmd_context *ctx)
{
	const char *path, *error;

	/* The command may be on its way to another host: it fails where it
	   looks into a database. */
	if (roost_doveadm_recovery_key_file(&path, &error) < 0)
		ctx->key_error = p_strdup(ctx->ctx.pool, error);
	else if (*path == '\0')
		ctx->key_error = "roost_recovery_key_file is not set";
	else if (store_secret_key_read(path, &error) < 0) {
		ctx->key_error = p_strdup_printf(ctx->ctx.pool,
			"roost_recovery_key_file: %s", error);
	}
}

static int
cmd_device_password_func(struct device_cmd_context *ctx, struct store *store,
			 struct store_device *device,
			 bool *changed_r ATTR_UNUSED)
{
	const char *password;
	int ret;

	if (ctx->key_error != NULL) {
		i_error("%s", ctx->key_error);
		doveadm_mail_failed_error(&ctx->ctx, MAIL_ERROR_NOTPOSSIBLE);
		return -1;
	}
	ret = store_secret_get(store, pool_datastack_create(), device,
			       STORE_SECRET_RECOVERY_PASSWORD, &password);
	if (ret < 0) {
		doveadm_mail_failed_error(&ctx->ctx, MAIL_ERROR_TEMP);
		return -1;
	}
	if (ret == 0) {
		i_error("Device %s left no recovery password",
			device_text(device->id));
		doveadm_mail_failed_error(&ctx->ctx, MAIL_ERROR_NOTFOUND);
		return -1;
	}
	doveadm_print(device_text(device->id));
	doveadm_print(str_sanitize(password, DEVICE_PASSWORD_MAX_SIZE));
	return 0;
}

/* -- changes -- */

static int
device_result(struct device_cmd_context *ctx, int ret, bool *changed_r)
{
	if (ret < 0) {
		/* logged by the store */
		doveadm_mail_failed_error(&ctx->ctx, MAIL_ERROR_TEMP);
		return -1;
	}
	*changed_r = TRUE;
	return 0;
}

static int
cmd_device_remove_func(struct device_cmd_context *ctx, struct store *store,
		       struct store_device *device, bool *changed_r)
{
	return device_result(ctx, store_device_remove(store, device->num),
			     changed_r);
}

static int
cmd_device_resync_func(struct device_cmd_context *ctx, struct store *store,
		       struct store_device *device, bool *changed_r)
{
	return device_result(ctx, store_device_resync(store, device->num),
			     changed_r);
}

static int
cmd_device_retry_func(struct device_cmd_context *ctx, struct store *store,
		      struct store_device *device, bool *changed_r)
{
	return device_result(ctx, store_skips_retry(store, device->num) < 0 ?
			     -1 : 0, changed_r);
}

static int
device_set_access(struct device_cmd_context *ctx, struct store *store,
		  struct store_device *device,
		  enum store_device_access access, bool *changed_r)
{
	device->access = access;
	return device_result(ctx, store_device_save(store, device), changed_r);
}

static int
cmd_device_block_func(struct device_cmd_context *ctx, struct store *store,
		      struct store_device *device, bool *changed_r)
{
	return device_set_access(ctx, store, device, STORE_DEVICE_BLOCKED,
				 changed_r);
}

static int
cmd_device_allow_func(struct device_cmd_context *ctx, struct store *store,
		      struct store_device *device, bool *changed_r)
{
	return device_set_access(ctx, store, device, STORE_DEVICE_ALLOWED,
				 changed_r);
}

static int
cmd_device_ceiling_func(struct device_cmd_context *ctx, struct store *store,
			struct store_device *device, bool *changed_r)
{
	device->version_max = ctx->version_max;
	return device_result(ctx, store_device_save(store, device), changed_r);
}

static int
device_wipe_cancel(struct device_cmd_context *ctx, struct store *store,
		   struct store_device *device, bool *changed_r)
{
	if (device->wipe == STORE_DEVICE_WIPE_DONE) {
		i_error("Device %s is wiped already", device_text(device->id));
		doveadm_mail_failed_error(&ctx->ctx, MAIL_ERROR_NOTPOSSIBLE);
		return -1;
	}
	device->wipe = STORE_DEVICE_WIPE_NONE;
	device->wipe_account_only = FALSE;
	return device_result(ctx, store_device_save(store, device), changed_r);
}

static int
cmd_device_wipe_func(struct device_cmd_context *ctx, struct store *store,
		     struct store_device *device, bool *changed_r)
{
	if (ctx->cancel)
		return device_wipe_cancel(ctx, store, device, changed_r);
	/* MS-ASPROV: AccountOnlyRemoteWipe came with 16.1. An older device
	   would have to be wiped whole, which nobody asked for. */
	if (ctx->account_only && device->version < 161) {
		i_error("Device %s speaks version %s: wiping the account only "
			"needs 16.1", device_text(device->id),
			device_version(device->version));
		doveadm_mail_failed_error(&ctx->ctx, MAIL_ERROR_NOTPOSSIBLE);
		return -1;
	}
	device->wipe = STORE_DEVICE_WIPE_ORDERED;
	device->wipe_account_only = ctx->account_only;
	return device_result(ctx, store_device_save(store, device), changed_r);
}

/* -- what is common -- */

static int
device_cmd_run_store(struct device_cmd_context *ctx, struct store *store,
		     unsigned int *matches_r, bool *changed_r)
{
	ARRAY_TYPE(store_device) devices;
	struct store_device *device;
	int ret = 0;

	*matches_r = 0;
	*changed_r = FALSE;
	t_array_init(&devices, 16);
	if (store_device_list(store, pool_datastack_create(), &devices) < 0) {
		doveadm_mail_failed_error(&ctx->ctx, MAIL_ERROR_TEMP);
		return -1;
	}
	array_foreach_elem(&devices, device) {
		if (ctx->mask != NULL && !wildcard_match(device->id, ctx->mask))
			continue;
		*matches_r += 1;
		if (ctx->func(ctx, store, device, changed_r) < 0)
			ret = -1;
	}
	return ret;
}

static int
cmd_device_run(struct doveadm_mail_cmd_context *_ctx, struct mail_user *user)
{
	struct device_cmd_context *ctx =
		container_of(_ctx, struct device_cmd_context, ctx);
	struct store *store;
	unsigned int matches = 0;
	bool changed = FALSE;
	int ret;

	ret = doveadm_roost_open(_ctx, user, FALSE, &store);
	if (ret > 0) {
		ret = device_cmd_run_store(ctx, store, &matches, &changed);
		store_close(&store);
	}
	if (changed)
		doveadm_roost_notify(user);
	if (ret < 0)
		return -1;
	/* among several users most don't have the device */
	if (matches == 0 && ctx->mask != NULL && _ctx->iterate_single_user) {
		i_error("Device %s not found", ctx->mask);
		doveadm_mail_failed_error(_ctx, MAIL_ERROR_NOTFOUND);
		return -1;
	}
	return 0;
}

/* Returns 0, or -1 if the protocol has no such version. */
static int device_version_parse(const char *str, unsigned int *version_r)
{
	unsigned int i;

	*version_r = 0;
	if (strcmp(str, "none") == 0)
		return 0;
	for (i = 0; i < N_ELEMENTS(device_versions); i++) {
		if (strcmp(device_version(device_versions[i]), str) == 0) {
			*version_r = device_versions[i];
			return 0;
		}
	}
	return -1;
}

static void cmd_device_init(ROOST_DOVEADM_INIT_PARAMS)
{
	struct device_cmd_context *ctx =
		container_of(_ctx, struct device_cmd_context, ctx);
	const struct doveadm_cmd_context *cctx = _ctx->cctx;

	(void)doveadm_cmd_param_str(cctx, "device", &ctx->mask);
	(void)doveadm_cmd_param_bool(cctx, "account-only", &ctx->account_only);
	(void)doveadm_cmd_param_bool(cctx, "cancel", &ctx->cancel);
	if (ctx->mask == NULL && !ctx->mask_optional)
		doveadm_mail_help_name(cctx->cmd->name);
	if (ctx->func == cmd_device_ceiling_func &&
	    (!doveadm_cmd_param_str(cctx, "version", &ctx->version) ||
	     device_version_parse(ctx->version, &ctx->version_max) < 0))
		doveadm_mail_help_name(cctx->cmd->name);
	if (ctx->func == cmd_device_password_func)
		device_password_read_key(ctx);
	if (ctx->print_headers != NULL)
		ctx->print_headers();
}

static struct device_cmd_context *device_cmd_alloc(device_func_t *func)
{
	struct device_cmd_context *ctx =
		doveadm_mail_cmd_alloc(struct device_cmd_context);

	ctx->func = func;
	ctx->ctx.v.init = cmd_device_init;
	ctx->ctx.v.run = cmd_device_run;
	return ctx;
}

static struct doveadm_mail_cmd_context *cmd_device_list_alloc(void)
{
	struct device_cmd_context *ctx = device_cmd_alloc(cmd_device_list_func);

	ctx->mask_optional = TRUE;
	ctx->print_headers = device_list_print_headers;
	doveadm_print_init(DOVEADM_PRINT_TYPE_TABLE);
	return &ctx->ctx;
}

static struct doveadm_mail_cmd_context *cmd_device_show_alloc(void)
{
	struct device_cmd_context *ctx = device_cmd_alloc(cmd_device_show_func);

	ctx->print_headers = device_show_print_headers;
	doveadm_print_init(DOVEADM_PRINT_TYPE_PAGER);
	return &ctx->ctx;
}

static struct doveadm_mail_cmd_context *cmd_device_password_alloc(void)
{
	struct device_cmd_context *ctx =
		device_cmd_alloc(cmd_device_password_func);

	ctx->print_headers = device_password_print_headers;
	doveadm_print_init(DOVEADM_PRINT_TYPE_PAGER);
	return &ctx->ctx;
}

static struct doveadm_mail_cmd_context *cmd_device_remove_alloc(void)
{
	return &device_cmd_alloc(cmd_device_remove_func)->ctx;
}

static struct doveadm_mail_cmd_context *cmd_device_block_alloc(void)
{
	return &device_cmd_alloc(cmd_device_block_func)->ctx;
}

static struct doveadm_mail_cmd_context *cmd_device_allow_alloc(void)
{
	return &device_cmd_alloc(cmd_device_allow_func)->ctx;
}

static struct doveadm_mail_cmd_context *cmd_device_resync_alloc(void)
{
	return &device_cmd_alloc(cmd_device_resync_func)->ctx;
}

static struct doveadm_mail_cmd_context *cmd_device_retry_alloc(void)
{
	return &device_cmd_alloc(cmd_device_retry_func)->ctx;
}

static struct doveadm_mail_cmd_context *cmd_device_ceiling_alloc(void)
{
	return &device_cmd_alloc(cmd_device_ceiling_func)->ctx;
}

static struct doveadm_mail_cmd_context *cmd_device_wipe_alloc(void)
{
	struct device_cmd_context *ctx = device_cmd_alloc(cmd_device_wipe_func);

	roost_doveadm_accept_options(&ctx->ctx, "ac");
	return &ctx->ctx;
}

#define DEVICE_CMD(_name, _alloc, _usage) \
	.name = "roost device " _name, \
	.mail_cmd = _alloc, \
	.usage = DOVEADM_CMD_MAIL_USAGE_PREFIX _usage, \
DOVEADM_CMD_PARAMS_START \
DOVEADM_CMD_MAIL_COMMON \
DOVEADM_CMD_PARAM('\0', "device", CMD_PARAM_STR, CMD_PARAM_FLAG_POSITIONAL)

static struct doveadm_cmd_ver2 device_cmds[] = {
	{
DEVICE_CMD("list", cmd_device_list_alloc, "[<device mask>]")
DOVEADM_CMD_PARAMS_END
	}, {
DEVICE_CMD("show", cmd_device_show_alloc, "<device mask>")
DOVEADM_CMD_PARAMS_END
	}, {
DEVICE_CMD("password", cmd_device_password_alloc, "<device mask>")
DOVEADM_CMD_PARAMS_END
	}, {
DEVICE_CMD("remove", cmd_device_remove_alloc, "<device mask>")
DOVEADM_CMD_PARAMS_END
	}, {
DEVICE_CMD("block", cmd_device_block_alloc, "<device mask>")
DOVEADM_CMD_PARAMS_END
	}, {
DEVICE_CMD("allow", cmd_device_allow_alloc, "<device mask>")
DOVEADM_CMD_PARAMS_END
	}, {
DEVICE_CMD("resync", cmd_device_resync_alloc, "<device mask>")
DOVEADM_CMD_PARAMS_END
	}, {
DEVICE_CMD("retry", cmd_device_retry_alloc, "<device mask>")
DOVEADM_CMD_PARAMS_END
	}, {
DEVICE_CMD("ceiling", cmd_device_ceiling_alloc, "<device mask> <version>|none")
DOVEADM_CMD_PARAM('\0', "version", CMD_PARAM_STR, CMD_PARAM_FLAG_POSITIONAL)
DOVEADM_CMD_PARAMS_END
	}, {
DEVICE_CMD("wipe", cmd_device_wipe_alloc,
	   "[--account-only] [--cancel] <device mask>")
DOVEADM_CMD_PARAM('a', "account-only", CMD_PARAM_BOOL, 0)
DOVEADM_CMD_PARAM('c', "cancel", CMD_PARAM_BOOL, 0)
DOVEADM_CMD_PARAMS_END
	}
};

void doveadm_roost_device_register(void)
{
	for (unsigned int i = 0; i < N_ELEMENTS(device_cmds); i++)
		doveadm_cmd_register_ver2(&device_cmds[i]);
}
