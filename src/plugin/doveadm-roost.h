#ifndef DOVEADM_ROOST_H
#define DOVEADM_ROOST_H

struct module;

extern const char *doveadm_roost_plugin_version;

void doveadm_roost_plugin_init(struct module *module);
void doveadm_roost_plugin_deinit(void);

/* doveadm roost device ... */
void doveadm_roost_device_register(void);
/* doveadm roost who */
void doveadm_roost_who_register(void);

#endif
