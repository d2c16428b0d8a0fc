/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "module-dir.h"
#include "mail-user.h"
#include "roost-compat-worker.h"
#include "oof-scripts.h"

#define OOF_MODULE "roost_sieve"

/* The worker's, until it ends. */
static struct module *oof_modules;
static const struct oof_scripts_vfuncs *oof_module_vfuncs;
static bool oof_module_tried;

static void oof_module_load(struct mail_user *user)
{
	const struct module_dir_load_settings set = {
		.abi_version = DOVECOT_ABI_VERSION,
		.binary_name = "roost-worker",
		.require_init_funcs = TRUE,
	};
	struct module *module;
	const char *error;

	oof_module_tried = TRUE;
	if (roost_module_load(&oof_modules, ROOST_MODULE_DIR, OOF_MODULE, &set,
			      &error) < 0) {
		e_info(user->event, "There are no out-of-office replies, "
		       "since Pigeonhole can't be loaded: %s", error);
		return;
	}
	module_dir_init(oof_modules);
	module = module_dir_find(oof_modules, OOF_MODULE);
	if (module != NULL)
		oof_module_vfuncs = module_get_symbol(module,
						      OOF_SCRIPTS_SYMBOL);
}

int oof_scripts_open(struct mail_user *user, bool write,
		     struct oof_scripts **scripts_r, const char **error_r)
{
	if (!oof_module_tried)
		oof_module_load(user);
	if (oof_module_vfuncs == NULL)
		return 0;
	return oof_module_vfuncs->open(user, write, scripts_r, error_r);
}

void oof_scripts_close(struct oof_scripts **_scripts)
{
	struct oof_scripts *scripts = *_scripts;

	*_scripts = NULL;
	scripts->v->close(scripts);
}
