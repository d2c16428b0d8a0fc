/* Copyright (c) 2026 Roost authors, see the included COPYING file */

/* doveadm roost export, import: the texts of calendars, contacts, tasks and notes. */
#include "lib.h"
#include "array.h"
#include "istream.h"
#include "ostream.h"
#include "str.h"
#include "str-sanitize.h"
#include "mkdir-parents.h"
#include "mail-user.h"
#include "pim-item.h"
#include "pim-lines.h"
#include "pim-split.h"
#include "store.h"
#include "store-item.h"
#include "doveadm-print.h"
#include "roost-compat-doveadm.h"
#include "doveadm-roost.h"
#include "doveadm-roost-attach.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* items in one transaction of an import */
#define IMPORT_BATCH 500
#define EXPORT_MAX_NAME 100
/* of folders in folders */
#define IMPORT_MAX_DEPTH 16

struct items_cmd_context {
	struct doveadm_mail_cmd_context ctx;
	const char *path, *folder, *kind_name;
	enum store_kind kind;
	bool vdir, markdown;
};

struct items_run {
	struct items_cmd_context *ctx;
	struct mail_user *user;
	struct store *store;
	/* the user's own file or directory, or "-" */
	const char *path;
	ARRAY_TYPE(store_pim_folder) folders;
	/* import */
	unsigned int added, changed, same, refused, batch;
	struct pim_split *split;
	/* export */
	unsigned int exported;
};

static const enum store_kind items_kinds[] = {
	[PIM_ITEM_EVENT] = STORE_KIND_CALENDAR,
	[PIM_ITEM_CONTACT] = STORE_KIND_CONTACTS,
	[PIM_ITEM_TASK] = STORE_KIND_TASKS,
	[PIM_ITEM_NOTE] = STORE_KIND_NOTES,
};

static int
items_failed(struct items_run *run, enum mail_error error, const char *text)
{
	i_error("%s", text);
	doveadm_mail_failed_error(&run->ctx->ctx, error);
	return -1;
}

static int items_open_folders(struct items_run *run, pool_t pool)
{
	p_array_init(&run->folders, pool, 16);
	if (store_pim_folder_list(run->store, pool, &run->folders) < 0) {
		doveadm_mail_failed_error(&run->ctx->ctx, MAIL_ERROR_TEMP);
		return -1;
	}
	return 0;
}

/* -- export -- */

/* A file name of any text: what means something to a file system becomes "_". */
static const char *export_file_name(const char *name)
{
	string_t *str = t_str_new(64);
	const char *p;

	for (p = str_sanitize_utf8(name, EXPORT_MAX_NAME); *p != '\0'; p++) {
		if (*p == '/' || (unsigned char)*p < 0x20 ||
		    (*p == '.' && str_len(str) == 0))
			str_append_c(str, '_');
		else
			str_append_c(str, *p);
	}
	if (str_len(str) == 0)
		str_append_c(str, '_');
	return str_c(str);
}

static int
export_open(struct items_run *run, const char *path, struct ostream **output_r)
{
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);

	if (fd == -1) {
		return items_failed(run, MAIL_ERROR_NOTPOSSIBLE,
			t_strdup_printf("creat(%s) failed: %m", path));
	}
	*output_r = o_stream_create_fd_file_autoclose(&fd, 0);
	o_stream_set_no_error_handling(*output_r, TRUE);
	return 0;
}

static int
export_close(struct items_run *run, const char *path, struct ostream **output)
{
	int ret = 0;

	if (o_stream_flush(*output) < 0) {
		ret = items_failed(run, MAIL_ERROR_NOTPOSSIBLE,
			t_strdup_printf("write(%s) failed: %s", path,
					o_stream_get_error(*output)));
	}
	o_stream_destroy(output);
	return ret;
}

/* A note as Markdown: its subject is the title. */
static const char *export_markdown(const struct store_item *item)
{
	struct pim_component *comp = NULL;
	struct pim_lines *doc;
	const char *error, *text;
	string_t *str = t_str_new(1024);

	str_printfa(str, "# %s\n\n", item->props.name);
	if (pim_lines_parse(item->text, item->size, NULL, &doc, &error) < 0)
		return str_c(str);
	comp = pim_component_find(pim_lines_root(doc), "VCALENDAR");
	if (comp != NULL)
		comp = pim_component_find(comp, "VJOURNAL");
	text = comp == NULL ? NULL : pim_component_text(comp, "DESCRIPTION");
	if (text != NULL)
		str_append(str, text);
	str_append_c(str, '\n');
	pim_lines_free(&doc);
	return str_c(str);
}

static const char *
export_suffix(struct items_run *run, const struct store_pim_folder *folder)
{
	if (folder->kind == STORE_KIND_CONTACTS)
		return "vcf";
	return folder->kind == STORE_KIND_NOTES && run->ctx->markdown ?
		"md" : "ics";
}

/* Returns 1, 0 if the item is gone, -1. */
static int
export_item(struct items_run *run, pool_t pool, struct store_item *item,
	    struct ostream *output)
{
	unsigned int missing;
	int ret;

	ret = doveadm_roost_attach_export(run->store, pool, item, output,
					  &missing);
	if (missing > 0) {
		i_error("Item %u:%u: %u attachments are gone (see doveadm "
			"roost check)", item->folder, item->uid, missing);
		doveadm_mail_failed_error(&run->ctx->ctx, MAIL_ERROR_NOTFOUND);
	}
	return ret;
}

static int
export_item_file(struct items_run *run, pool_t pool, const char *dir,
		 const struct store_pim_folder *folder, struct store_item *item)
{
	bool markdown = folder->kind == STORE_KIND_NOTES && run->ctx->markdown;
	const char *path, *name = item->props.pim_uid;
	struct ostream *output;
	int ret = 1;

	if (markdown)
		name = item->props.name;
	/* the UID makes it unique whatever the name is */
	path = t_strdup_printf("%s/%s%s.%s", dir, export_file_name(name),
			       markdown || *name == '\0' || strlen(name) >
			       EXPORT_MAX_NAME || strpbrk(name, "/.") != NULL ?
			       t_strdup_printf("-%u", item->uid) : "",
			       export_suffix(run, folder));
	if (export_open(run, path, &output) < 0)
		return -1;
	if (markdown)
		o_stream_nsend_str(output, export_markdown(item));
	else
		ret = export_item(run, pool, item, output);
	if (export_close(run, path, &output) < 0)
		return -1;
	if (ret == 0)
		i_unlink(path);
	return ret;
}

static int
export_items(struct items_run *run, const struct store_pim_folder *folder,
	     const char *dir, struct ostream *output)
{
	struct store_item item;
	uint32_t uid = 0;
	pool_t pool = pool_alloconly_create("export", 16384);
	int ret;

	while ((ret = store_item_get_next(run->store, pool, folder->id, uid,
					  &item)) > 0) {
		uid = item.uid;
		if (output == NULL) T_BEGIN {
			ret = export_item_file(run, pool, dir, folder, &item);
		} T_END; else
			ret = export_item(run, pool, &item, output);
		if (ret < 0)
			break;
		run->exported += ret;
		p_clear(pool);
	}
	pool_unref(&pool);
	if (ret < 0)
		doveadm_mail_failed_error(&run->ctx->ctx, MAIL_ERROR_TEMP);
	return ret;
}

/* Folders in different ones may have the same name. */
static const char *
export_folder_name(struct items_run *run,
		   const struct store_pim_folder *folder)
{
	const char *name = export_file_name(folder->name);
	const struct store_pim_folder *other;

	array_foreach(&run->folders, other) {
		if (other->id != folder->id &&
		    strcasecmp(export_file_name(other->name), name) == 0 &&
		    !folder->main)
			return t_strdup_printf("%s-%u", name, folder->id);
	}
	return name;
}

/* vdir: a directory per folder, with its name in "displayname". */
static int
export_dir(struct items_run *run, const struct store_pim_folder *folder)
{
	const char *dir, *path;
	struct ostream *output;

	dir = t_strdup_printf("%s/%s", run->path,
			      export_folder_name(run, folder));
	if (mkdir_parents(dir, 0700) < 0 && errno != EEXIST) {
		return items_failed(run, MAIL_ERROR_NOTPOSSIBLE,
			t_strdup_printf("mkdir(%s) failed: %m", dir));
	}
	path = t_strconcat(dir, "/displayname", NULL);
	if (export_open(run, path, &output) < 0)
		return -1;
	o_stream_nsend_str(output, folder->name);
	if (export_close(run, path, &output) < 0)
		return -1;
	return export_items(run, folder, dir, NULL);
}

static int
export_file(struct items_run *run, const struct store_pim_folder *folder)
{
	const char *path;
	struct ostream *output;
	int ret;

	if (mkdir_parents(run->path, 0700) < 0 && errno != EEXIST) {
		return items_failed(run, MAIL_ERROR_NOTPOSSIBLE,
			t_strdup_printf("mkdir(%s) failed: %m", run->path));
	}
	path = t_strdup_printf("%s/%s.%s", run->path,
			       export_folder_name(run, folder),
			       export_suffix(run, folder));
	if (export_open(run, path, &output) < 0)
		return -1;
	ret = export_items(run, folder, NULL, output);
	return export_close(run, path, &output) < 0 ? -1 : ret;
}

static int export_stdout(struct items_run *run)
{
	const struct store_pim_folder *folder;
	struct ostream *output;
	int ret = 0;

	output = o_stream_create_fd(STDOUT_FILENO, 0);
	o_stream_set_no_error_handling(output, TRUE);
	array_foreach(&run->folders, folder) {
		if (folder->kind != STORE_KIND_NONE && ret == 0)
			ret = export_items(run, folder, NULL, output);
	}
	return export_close(run, "(stdout)", &output) < 0 ? -1 : ret;
}

static bool
items_wants_folder(const struct items_run *run,
		   const struct store_pim_folder *folder)
{
	const struct items_cmd_context *ctx = run->ctx;

	return folder->kind != STORE_KIND_NONE &&
		(ctx->kind == STORE_KIND_NONE || folder->kind == ctx->kind) &&
		(ctx->folder == NULL || strcmp(folder->name, ctx->folder) == 0);
}

static int export_run(struct items_run *run)
{
	const struct store_pim_folder *folder;
	unsigned int i = 0;
	int ret = 0;

	while (i < array_count(&run->folders)) {
		if (items_wants_folder(run, array_idx(&run->folders, i)))
			i++;
		else
			array_delete(&run->folders, i, 1);
	}
	if (array_count(&run->folders) == 0) {
		if (!run->ctx->ctx.iterate_single_user)
			return 0;
		return items_failed(run, MAIL_ERROR_NOTFOUND,
				    "There is no such folder");
	}
	if (strcmp(run->path, "-") == 0)
		return export_stdout(run);
	array_foreach(&run->folders, folder) {
		if (ret < 0)
			break;
		T_BEGIN {
			ret = run->ctx->vdir || (run->ctx->markdown &&
				folder->kind == STORE_KIND_NOTES) ?
				export_dir(run, folder) :
				export_file(run, folder);
		} T_END;
	}
	return ret;
}

/* -- import -- */

static const struct store_pim_folder *
import_folder(struct items_run *run, enum store_kind kind)
{
	const struct store_pim_folder *folder;

	array_foreach(&run->folders, folder) {
		if (folder->kind == kind &&
		    (run->ctx->folder == NULL ? folder->main :
		     strcmp(folder->name, run->ctx->folder) == 0))
			return folder;
	}
	return NULL;
}

static void
import_refuse(struct items_run *run, const char *name, const char *error)
{
	run->refused++;
	i_error("%s is refused: %s", str_sanitize(name, 80), error);
	doveadm_mail_failed_error(&run->ctx->ctx, MAIL_ERROR_NOTPOSSIBLE);
}

/* Returns 0, or -1 if nothing more can be done. */
static int import_batch(struct items_run *run, bool last)
{
	if (run->batch == 0 || (run->batch < IMPORT_BATCH && !last))
		return 0;
	run->batch = 0;
	if (store_commit(run->store) < 0) {
		doveadm_mail_failed_error(&run->ctx->ctx, MAIL_ERROR_TEMP);
		return -1;
	}
	return 0;
}

static struct istream *import_open_content(const char *value, void *context)
{
	struct items_run *run = context;

	return pim_split_content(run->split, value);
}

static int
import_put(struct items_run *run, const struct store_pim_folder *folder,
	   const struct store_item_props *props, const char *text, size_t size)
{
	struct doveadm_roost_put attach = {
		.store = run->store, .folder = folder->id, .props = props,
		.text = text, .size = size,
		.open_content = import_open_content, .context = run,
	};
	uint64_t before = 0, after = 0;
	enum store_put put;
	int ret;

	if (run->batch == 0 && store_begin(run->store) < 0) {
		doveadm_mail_failed_error(&run->ctx->ctx, MAIL_ERROR_TEMP);
		return -1;
	}
	run->batch++;
	ret = store_item_find(run->store, folder->id, props->pim_uid,
			      &attach.uid);
	if (ret > 0) {
		ret = store_item_get_modseq(run->store, folder->id, attach.uid,
					    &before);
	}
	put = ret < 0 ? STORE_PUT_FAILED :
		doveadm_roost_attach_put(&attach, &after);
	switch (put) {
	case STORE_PUT_OK:
		if (before == 0)
			run->added++;
		else if (before != after)
			run->changed++;
		else
			run->same++;
		return import_batch(run, FALSE);
	case STORE_PUT_NOQUOTA:
		(void)items_failed(run, MAIL_ERROR_NOQUOTA,
				   "The quota (roost_db_quota) is exceeded");
		return -1;
	case STORE_PUT_TOO_LARGE:
		import_refuse(run, props->pim_uid, "It is too large");
		return 0;
	default:
		doveadm_mail_failed_error(&run->ctx->ctx, MAIL_ERROR_TEMP);
		return -1;
	}
}

static int
import_item(struct items_run *run, const char *name, const char *text,
	    size_t size)
{
	const struct store_pim_folder *folder;
	struct store_item_props props;
	struct pim_item_props found;
	const char *error;

	/* without a UID it could be imported only once */
	text = pim_split_add_uid(text, &size);
	if (pim_item_props_read(text, size, &found, &error) < 0) {
		import_refuse(run, name, error);
		return 0;
	}
	folder = import_folder(run, items_kinds[found.type]);
	if (folder == NULL || (run->ctx->kind != STORE_KIND_NONE &&
			       run->ctx->kind != folder->kind)) {
		import_refuse(run, name, "It is of another kind");
		return 0;
	}
	if (strlen(text) != size) {
		import_refuse(run, name, "It has NULs in it");
		return 0;
	}
	props.pim_uid = found.uid;
	props.name = found.name;
	props.first_day = found.first_day;
	props.last_day = found.last_day;
	return import_put(run, folder, &props, text, size);
}

/* As some programs on Windows export cards: nothing would be found in it. */
static bool import_is_utf16(struct istream *input)
{
	const unsigned char *data;
	size_t size;

	(void)i_stream_read_bytes(input, &data, &size, 2);
	return size >= 2 && ((data[0] == 0xFF && data[1] == 0xFE) ||
			     (data[0] == 0xFE && data[1] == 0xFF));
}

static int
import_stream(struct items_run *run, const char *name, struct istream *input)
{
	string_t *prefix = t_str_new(64);
	const char *text, *error;
	bool more = TRUE;
	size_t size;
	int ret;

	if (import_is_utf16(input)) {
		import_refuse(run, name, "It is UTF-16: make UTF-8 of it with "
			      "iconv -f UTF-16 -t UTF-8");
		return 0;
	}
	run->split = pim_split_init(input);
	mail_user_set_get_temp_prefix(prefix, run->user->set);
	pim_split_extract(run->split, str_c(prefix));
	for (;;) {
		ret = pim_split_next(run->split, &text, &size, &more, &error);
		if (ret == 0)
			break;
		if (ret < 0) {
			import_refuse(run, name, error);
			if (!more)
				break;
			continue;
		}
		T_BEGIN {
			ret = import_item(run, name, text, size);
		} T_END;
		if (ret < 0)
			break;
	}
	pim_split_deinit(&run->split);
	return ret < 0 && more ? -1 : 0;
}

static int import_path(struct items_run *run, const char *path,
		       unsigned int depth);

static int
import_dir(struct items_run *run, const char *path, unsigned int depth)
{
	ARRAY_TYPE(const_string) names;
	const char *name;
	struct dirent *d;
	DIR *dir = opendir(path);
	int ret = 0;

	if (dir == NULL) {
		return items_failed(run, MAIL_ERROR_NOTFOUND,
			t_strdup_printf("opendir(%s) failed: %m", path));
	}
	t_array_init(&names, 64);
	while ((d = readdir(dir)) != NULL) {
		if (d->d_name[0] == '.')
			continue;
		name = t_strdup_printf("%s/%s", path, d->d_name);
		array_push_back(&names, &name);
	}
	(void)closedir(dir);
	array_sort(&names, i_strcmp_p);
	array_foreach_elem(&names, name) {
		if (ret < 0)
			break;
		T_BEGIN {
			ret = import_path(run, name, depth + 1);
		} T_END;
	}
	return ret;
}

static bool import_is_wanted(const char *path)
{
	const char *suffix = strrchr(path, '.');

	return suffix != NULL && (strcasecmp(suffix, ".ics") == 0 ||
				  strcasecmp(suffix, ".vcf") == 0 ||
				  strcasecmp(suffix, ".vcard") == 0 ||
				  strcasecmp(suffix, ".ical") == 0);
}

static int
import_path(struct items_run *run, const char *path, unsigned int depth)
{
	struct istream *input;
	struct stat st;
	int ret;

	if (stat(path, &st) < 0) {
		return items_failed(run, MAIL_ERROR_NOTFOUND,
			t_strdup_printf("stat(%s) failed: %m", path));
	}
	if (S_ISDIR(st.st_mode))
		return depth < IMPORT_MAX_DEPTH ?
			import_dir(run, path, depth) : 0;
	if (depth > 0 && !import_is_wanted(path))
		return 0;
	input = i_stream_create_file(path, IO_BLOCK_SIZE);
	ret = import_stream(run, path, input);
	i_stream_unref(&input);
	return ret;
}

static bool import_has_folder(const struct items_run *run)
{
	const struct store_pim_folder *folder;

	array_foreach(&run->folders, folder) {
		if (items_wants_folder(run, folder))
			return TRUE;
	}
	return FALSE;
}

static int import_run(struct items_run *run)
{
	struct istream *input;
	int ret;

	if (run->ctx->folder != NULL && !import_has_folder(run)) {
		return items_failed(run, MAIL_ERROR_NOTFOUND,
				    "There is no such folder");
	}
	if (strcmp(run->path, "-") == 0) {
		input = i_stream_create_fd(STDIN_FILENO, IO_BLOCK_SIZE);
		ret = import_stream(run, "(stdin)", input);
		i_stream_unref(&input);
	} else {
		ret = import_path(run, run->path, 0);
	}
	/* what came before a failure stays: it can be imported again */
	if (run->batch > 0 && import_batch(run, TRUE) < 0)
		ret = -1;
	if (run->added + run->changed > 0) {
		e_info(event_create_passthrough(run->user->event)->
		       set_name("roost_import_finished")->
		       add_int("added", run->added)->
		       add_int("changed", run->changed)->
		       add_int("unchanged", run->same)->
		       add_int("refused", run->refused)->event(),
		       "Imported %u new and %u changed items",
		       run->added, run->changed);
		doveadm_roost_notify(run->user);
	}
	return ret;
}

/* -- the commands -- */

static int
items_run(struct doveadm_mail_cmd_context *_ctx, struct mail_user *user,
	  bool import)
{
	struct items_cmd_context *ctx =
		container_of(_ctx, struct items_cmd_context, ctx);
	struct items_run run;
	pool_t pool;
	int ret;

	i_zero(&run);
	run.ctx = ctx;
	run.user = user;
	run.path = ctx->path;
	if (strcmp(ctx->path, "-") != 0)
		run.path = doveadm_roost_path(_ctx, user, ctx->path);
	else if (import && !_ctx->iterate_single_user) {
		return items_failed(&run, MAIL_ERROR_PARAMS,
			"What comes from stdin is for one user only");
	}
	/* of several users those are skipped who have nothing there */
	if (import && !_ctx->iterate_single_user &&
	    access(run.path, F_OK) < 0 && errno == ENOENT)
		return 0;
	ret = doveadm_roost_open(_ctx, user, import, &run.store);
	if (ret <= 0)
		return ret;
	pool = pool_alloconly_create("roost items", 1024);
	ret = items_open_folders(&run, pool);
	if (ret == 0)
		ret = import ? import_run(&run) : export_run(&run);
	store_close(&run.store);
	pool_unref(&pool);
	if (import) {
		doveadm_print_num(run.added);
		doveadm_print_num(run.changed);
		doveadm_print_num(run.same);
		doveadm_print_num(run.refused);
	} else if (strcmp(ctx->path, "-") != 0) {
		doveadm_print_num(run.exported);
	}
	return ret < 0 ? -1 : 0;
}

static int
cmd_export_run(struct doveadm_mail_cmd_context *ctx, struct mail_user *user)
{
	return items_run(ctx, user, FALSE);
}

static int
cmd_import_run(struct doveadm_mail_cmd_context *ctx, struct mail_user *user)
{
	return items_run(ctx, user, TRUE);
}

static void items_init(struct items_cmd_context *ctx)
{
	const struct doveadm_cmd_context *cctx = ctx->ctx.cctx;

	if (!doveadm_cmd_param_str(cctx, "path", &ctx->path))
		doveadm_mail_help_name(cctx->cmd->name);
	(void)doveadm_cmd_param_str(cctx, "folder", &ctx->folder);
	(void)doveadm_cmd_param_bool(cctx, "vdir", &ctx->vdir);
	(void)doveadm_cmd_param_bool(cctx, "markdown", &ctx->markdown);
	if (doveadm_cmd_param_str(cctx, "kind", &ctx->kind_name)) {
		ctx->kind = store_kind_find(ctx->kind_name);
		if (ctx->kind == STORE_KIND_NONE)
			doveadm_mail_help_name(cctx->cmd->name);
	}
}

static void cmd_export_init(ROOST_DOVEADM_INIT_PARAMS)
{
	struct items_cmd_context *ctx =
		container_of(_ctx, struct items_cmd_context, ctx);

	items_init(ctx);
	if (strcmp(ctx->path, "-") != 0)
		doveadm_print_header_simple("exported");
}

static void cmd_import_init(ROOST_DOVEADM_INIT_PARAMS)
{
	items_init(container_of(_ctx, struct items_cmd_context, ctx));
	doveadm_print_header_simple("added");
	doveadm_print_header_simple("changed");
	doveadm_print_header_simple("unchanged");
	doveadm_print_header_simple("refused");
}

static struct doveadm_mail_cmd_context *cmd_export_alloc(void)
{
	struct items_cmd_context *ctx =
		doveadm_mail_cmd_alloc(struct items_cmd_context);

	ctx->ctx.v.init = cmd_export_init;
	ctx->ctx.v.run = cmd_export_run;
	roost_doveadm_accept_options(&ctx->ctx, "d:k:vm");
	doveadm_print_init(DOVEADM_PRINT_TYPE_FLOW);
	return &ctx->ctx;
}

static struct doveadm_mail_cmd_context *cmd_import_alloc(void)
{
	struct items_cmd_context *ctx =
		doveadm_mail_cmd_alloc(struct items_cmd_context);

	ctx->ctx.v.init = cmd_import_init;
	ctx->ctx.v.run = cmd_import_run;
	roost_doveadm_accept_options(&ctx->ctx, "d:k:");
	doveadm_print_init(DOVEADM_PRINT_TYPE_FLOW);
	return &ctx->ctx;
}

static struct doveadm_cmd_ver2 items_cmds[] = {
	{
	.name = "roost export",
	.mail_cmd = cmd_export_alloc,
	.usage = DOVEADM_CMD_MAIL_USAGE_PREFIX "[--folder <name>] "
		"[--kind <kind>] [--vdir] [--markdown] <directory>|-",
DOVEADM_CMD_PARAMS_START
DOVEADM_CMD_MAIL_COMMON
DOVEADM_CMD_PARAM('d', "folder", CMD_PARAM_STR, 0)
DOVEADM_CMD_PARAM('k', "kind", CMD_PARAM_STR, 0)
DOVEADM_CMD_PARAM('v', "vdir", CMD_PARAM_BOOL, 0)
DOVEADM_CMD_PARAM('m', "markdown", CMD_PARAM_BOOL, 0)
DOVEADM_CMD_PARAM('\0', "path", CMD_PARAM_STR, CMD_PARAM_FLAG_POSITIONAL)
DOVEADM_CMD_PARAMS_END
	}, {
	.name = "roost import",
	.mail_cmd = cmd_import_alloc,
	.usage = DOVEADM_CMD_MAIL_USAGE_PREFIX "[--folder <name>] "
		"[--kind <kind>] <file>|<directory>|-",
DOVEADM_CMD_PARAMS_START
DOVEADM_CMD_MAIL_COMMON
DOVEADM_CMD_PARAM('d', "folder", CMD_PARAM_STR, 0)
DOVEADM_CMD_PARAM('k', "kind", CMD_PARAM_STR, 0)
DOVEADM_CMD_PARAM('\0', "path", CMD_PARAM_STR, CMD_PARAM_FLAG_POSITIONAL)
DOVEADM_CMD_PARAMS_END
	}
};

void doveadm_roost_items_register(void)
{
	for (unsigned int i = 0; i < N_ELEMENTS(items_cmds); i++)
		doveadm_cmd_register_ver2(&items_cmds[i]);
}
