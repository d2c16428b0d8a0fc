#ifndef ROOST_PLUGIN_H
#define ROOST_PLUGIN_H

struct module;

extern const char *roost_plugin_version;
extern const char *roost_plugin_dependencies[];

void roost_plugin_init(struct module *module);
void roost_plugin_deinit(void);

#endif
