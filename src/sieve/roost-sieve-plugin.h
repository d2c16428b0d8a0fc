#ifndef ROOST_SIEVE_PLUGIN_H
#define ROOST_SIEVE_PLUGIN_H

/* The user's Sieve scripts by Pigeonhole's library: a module that workers load
   when out-of-office replies are first asked for, see oof-scripts.h. */

struct module;
struct oof_scripts_vfuncs;

extern const struct oof_scripts_vfuncs roost_sieve_scripts;
extern const char *roost_sieve_plugin_version;

void roost_sieve_plugin_init(struct module *module);
void roost_sieve_plugin_deinit(void);

#endif
