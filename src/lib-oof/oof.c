/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "oof-script.h"
#include "oof-scripts.h"

struct oof_context {
	struct oof_scripts *scripts;
	pool_t pool;
	/* our script as it is */
	struct oof_script script;
	string_t *text;
	bool exists;
	/* ours is active */
	bool active;
	/* the one that is, if it is not ours; NULL with other_active = the
	   server's default */
	const char *other;
	bool other_active;
};

static int oof_read(struct oof_context *ctx, enum oof_error *error_code_r,
		    const char **error_r)
{
	const struct oof_scripts_vfuncs *v = ctx->scripts->v;
	const char *name;
	int ret;

	*error_code_r = OOF_ERROR_TEMP;
	ctx->text = str_new(ctx->pool, 1024);
	ret = v->read(ctx->scripts, OOF_SCRIPT_NAME, ctx->text, error_r);
	if (ret < 0)
		return -1;
	if (!oof_script_read(ctx->pool, str_c(ctx->text), &ctx->script)) {
		if (ret > 0) {
			*error_code_r = OOF_ERROR_DENIED;
			*error_r = "The user's script '"OOF_SCRIPT_NAME"' was "
				"not written by Roost";
			return -1;
		}
	} else {
		ctx->exists = TRUE;
	}
	if ((ret = v->get_active(ctx->scripts, &name, error_r)) < 0)
		return -1;
	ctx->active = ret > 0 && name != NULL &&
		strcmp(name, OOF_SCRIPT_NAME) == 0;
	ctx->other_active = ret > 0 && !ctx->active;
	ctx->other = ctx->other_active ? p_strdup(ctx->pool, name) : NULL;
	return 0;
}

int oof_get(struct oof_scripts *scripts, pool_t pool, struct oof *oof_r,
	    enum oof_error *error_code_r, const char **error_r)
{
	struct oof_context ctx;

	i_zero(&ctx);
	ctx.scripts = scripts;
	ctx.pool = pool;
	if (oof_read(&ctx, error_code_r, error_r) < 0)
		return -1;
	*oof_r = ctx.script.oof;
	if (!ctx.active) {
		oof_r->state = OOF_STATE_OFF;
		oof_r->start = oof_r->end = 0;
	}
	return 0;
}

static int
oof_write(struct oof_context *ctx, const struct oof_script *script,
	  const struct oof_user *user, enum oof_error *error_code_r,
	  const char **error_r)
{
	string_t *text = t_str_new(4096);

	oof_script_write(text, script, user);
	if (ctx->exists && str_equals(text, ctx->text))
		return 0;
	return ctx->scripts->v->save(ctx->scripts, OOF_SCRIPT_NAME, text,
				     error_code_r, error_r);
}

static int
oof_turn_off(struct oof_context *ctx, const struct oof *oof,
	     const struct oof_user *user, enum oof_error *error_code_r,
	     const char **error_r)
{
	const struct oof_scripts_vfuncs *v = ctx->scripts->v;
	struct oof_script script = { .oof = *oof };
	int ret = 0;

	if (ctx->active) {
		/* he may have deleted his own one meanwhile */
		if (ctx->script.own != NULL) {
			ret = v->activate(ctx->scripts, ctx->script.own,
					  error_r);
		}
		if (ret == 0)
			ret = v->activate(ctx->scripts, NULL, error_r);
		if (ret < 0)
			return -1;
	}
	return oof_write(ctx, &script, user, error_code_r, error_r);
}

/* What is included is the user's own script itself, so that he can go on
   changing it. A copy stands for one that replies as well, and for the server's
   default, which has no name. */
static int
oof_get_include(struct oof_context *ctx, struct oof_script *script,
		enum oof_error *error_code_r, const char **error_r)
{
	const struct oof_scripts_vfuncs *v = ctx->scripts->v;
	string_t *text = str_new(ctx->pool, 1024);
	string_t *stripped = str_new(ctx->pool, 1024);
	int ret;

	if (ctx->active && script->own == NULL) {
		/* it was none, or the server's default */
		script->include = ctx->script.include;
		return 0;
	}
	if (script->own == NULL && !ctx->other_active)
		return 0;
	ret = v->read(ctx->scripts, script->own, text, error_r);
	if (ret <= 0)
		return ret;
	script->include = script->own;
	if (!oof_sieve_strip_vacation(stripped, str_c(text)) &&
	    script->own != NULL)
		return 0;
	script->include = OOF_OWN_COPY_NAME;
	str_truncate(text, 0);
	if (v->read(ctx->scripts, OOF_OWN_COPY_NAME, text, error_r) < 0)
		return -1;
	if (str_equals(text, stripped))
		return 0;
	return v->save(ctx->scripts, OOF_OWN_COPY_NAME, stripped, error_code_r,
		       error_r);
}

static int
oof_turn_on(struct oof_context *ctx, const struct oof *oof,
	    const struct oof_user *user, enum oof_error *error_code_r,
	    const char **error_r)
{
	struct oof_script script = { .oof = *oof };
	int ret;

	script.own = ctx->active ? ctx->script.own : ctx->other;
	if (oof_get_include(ctx, &script, error_code_r, error_r) < 0 ||
	    oof_write(ctx, &script, user, error_code_r, error_r) < 0)
		return -1;
	if (ctx->active)
		return 0;
	*error_code_r = OOF_ERROR_TEMP;
	ret = ctx->scripts->v->activate(ctx->scripts, OOF_SCRIPT_NAME, error_r);
	if (ret == 0) {
		*error_r = "The script that was just written is gone";
		return -1;
	}
	return ret < 0 ? -1 : 0;
}

int oof_set(struct oof_scripts *scripts, const struct oof *oof,
	    const struct oof_user *user, enum oof_error *error_code_r,
	    const char **error_r)
{
	struct oof_context ctx;
	int ret;

	i_zero(&ctx);
	ctx.scripts = scripts;
	ctx.pool = pool_alloconly_create("oof", 4096);
	ret = oof_read(&ctx, error_code_r, error_r);
	if (ret == 0) {
		ret = oof->state == OOF_STATE_OFF ?
			oof_turn_off(&ctx, oof, user, error_code_r, error_r) :
			oof_turn_on(&ctx, oof, user, error_code_r, error_r);
	}
	pool_unref(&ctx.pool);
	return ret;
}
