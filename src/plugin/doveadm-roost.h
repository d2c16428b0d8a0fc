#ifndef DOVEADM_ROOST_H
#define DOVEADM_ROOST_H

struct module;

extern const char *doveadm_roost_plugin_version;

void doveadm_roost_plugin_init(struct module *module);
void doveadm_roost_plugin_deinit(void);

struct doveadm_mail_cmd_context;
struct mail_user;
struct store;

/* Opens the user's database. Nobody's is created by looking into it. Returns 1,
   0 if the user has none (and it is not to be created), -1 (logged, exit code
   set). */
int doveadm_roost_open(struct doveadm_mail_cmd_context *ctx,
		       struct mail_user *user, bool create,
		       struct store **store_r);
/* The user's own file or directory: path, or with several users (-A, a mask) what is
   called as the user in the directory path. In the data stack. */
const char *doveadm_roost_path(const struct doveadm_mail_cmd_context *ctx,
			       const struct mail_user *user, const char *path);
/* Wakes the user's parked requests, so that they see a change now. */
void doveadm_roost_notify(struct mail_user *user);

/* doveadm roost export, import */
void doveadm_roost_items_register(void);
/* doveadm roost backup, restore, check */
void doveadm_roost_db_register(void);
/* doveadm roost conflict ... */
void doveadm_roost_conflict_register(void);
/* doveadm roost device ... */
void doveadm_roost_device_register(void);
/* doveadm roost who */
void doveadm_roost_who_register(void);
/* doveadm roost trace */
void doveadm_roost_trace_register(void);

/* Connects to the listener's control socket and sends a line. Returns 0, or -1
   and a sentence. */
int doveadm_roost_control_connect(const char *path, const char *line,
				  int *fd_r, const char **error_r);

#endif
