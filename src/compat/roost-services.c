/* Copyright (c) 2026 Roost authors, see the included COPYING file */

/* The settings module, modules/settings/libroost_settings.so: Dovecot's config
   process finds these symbols by the file's name. Compiled together with
   roost-settings.c. */
#include "lib.h"
#include "buffer.h"
#include "settings-parser.h"
#include "service-settings.h"
#include "roost-settings.h"

extern const char *roost_settings_version;
const char *roost_settings_version = DOVECOT_ABI_VERSION;
extern const char *roost_settings_doveconf_banner;
const char *roost_settings_doveconf_banner = "Roost " ROOST_VERSION;

/* Parked requests cost one descriptor each. */
#define ROOST_CLIENT_LIMIT 20000
/* Both services bound their memory themselves. A limit of address space would
   kill the listener with all its parked clients, and SQLite and big mails map
   files. */
#define ROOST_VSZ_LIMIT 0

#ifdef DOVECOT_2_4

static const struct service_settings roost_service = {
	.name = "roost",
	.protocol = "roost",
	.type = "",
	.executable = "roost",
	.user = "$SET:default_login_user",
	.group = "",
	.privileged_group = "",
	.extra_groups = ARRAY_INIT,
	.chroot = "login",

	.process_limit = 1,
	.client_limit = ROOST_CLIENT_LIMIT,
	.idle_kill_interval = SET_TIME_INFINITE,
	.vsz_limit = ROOST_VSZ_LIMIT,

	.unix_listeners = ARRAY_INIT,
	.fifo_listeners = ARRAY_INIT,
	.inet_listeners = ARRAY_INIT,

	.process_limit_1 = TRUE,
};

static const struct setting_keyvalue roost_service_defaults[] = {
	{ "unix_listener", "roost-notify roost-control" },

	{ "unix_listener/roost-notify/path", "roost-notify" },
	{ "unix_listener/roost-notify/mode", "0666" },

	{ "unix_listener/roost-control/path", "roost-control" },
	{ "unix_listener/roost-control/mode", "0600" },

	{ "inet_listener", "http https" },

	{ "inet_listener/http/name", "http" },
	{ "inet_listener/http/port", "0" },

	{ "inet_listener/https/name", "https" },
	{ "inet_listener/https/port", "0" },
	{ "inet_listener/https/ssl", "yes" },

	{ NULL, NULL }
};

static const struct service_settings roost_worker_service = {
	.name = "roost-worker",
	.protocol = "roost",
	.type = "worker",
	.executable = "roost-worker",
	.user = "",
	.group = "",
	.privileged_group = "",
	.extra_groups = ARRAY_INIT,
	.chroot = "",

	.process_limit = 10,
	.client_limit = 1,
	.vsz_limit = ROOST_VSZ_LIMIT,

	.unix_listeners = ARRAY_INIT,
	.fifo_listeners = ARRAY_INIT,
	.inet_listeners = ARRAY_INIT,
};

static const struct setting_keyvalue roost_worker_service_defaults[] = {
	{ "unix_listener", "login\\sroost-worker" },

	{ "unix_listener/login\\sroost-worker/path", "login/roost-worker" },
	{ "unix_listener/login\\sroost-worker/mode", "0600" },
	{ "unix_listener/login\\sroost-worker/user", "$SET:default_login_user" },

	{ "extra_groups", "$SET:default_internal_group" },

	{ NULL, NULL }
};

extern const struct setting_parser_info *roost_settings_set_infos[];
const struct setting_parser_info *roost_settings_set_infos[] = {
	&roost_setting_parser_info,
	NULL
};

extern const struct config_service roost_settings_services_array[];
const struct config_service roost_settings_services_array[] = {
	{ &roost_service, roost_service_defaults },
	{ &roost_worker_service, roost_worker_service_defaults },
	{ NULL, NULL }
};

#else

#include "mail-storage-settings.h"
#include "smtp-submit-settings.h"

/* declared in roost-compat.h for roost-settings.c */
extern const struct setting_parser_info *const roost_module_dependencies[];
const struct setting_parser_info *const roost_module_dependencies[] = {
	&mail_user_setting_parser_info,
	&smtp_submit_setting_parser_info,
	NULL
};

static struct file_listener_settings roost_unix_listeners_array[] = {
	{ "roost-notify", 0666, "", "" },
	{ "roost-control", 0600, "", "" },
};
static struct file_listener_settings *roost_unix_listeners[] = {
	&roost_unix_listeners_array[0],
	&roost_unix_listeners_array[1],
};
static buffer_t roost_unix_listeners_buf = {
	{ { roost_unix_listeners, sizeof(roost_unix_listeners) } }
};

/* port 0: the operator chooses */
static struct inet_listener_settings roost_inet_listeners_array[] = {
	{ .name = "http", .address = "", .port = 0 },
	{ .name = "https", .address = "", .port = 0, .ssl = TRUE },
};
static struct inet_listener_settings *roost_inet_listeners[] = {
	&roost_inet_listeners_array[0],
	&roost_inet_listeners_array[1],
};
static buffer_t roost_inet_listeners_buf = {
	{ { roost_inet_listeners, sizeof(roost_inet_listeners) } }
};

static struct service_settings roost_service = {
	.name = "roost",
	.protocol = "roost",
	.type = "",
	.executable = "roost",
	.user = "$default_login_user",
	.group = "",
	.privileged_group = "",
	.extra_groups = "",
	.chroot = "login",

	.process_limit = 1,
	.client_limit = ROOST_CLIENT_LIMIT,
	.service_count = 0,
	.idle_kill = UINT_MAX,
	.vsz_limit = ROOST_VSZ_LIMIT,

	.unix_listeners = { { &roost_unix_listeners_buf,
			      sizeof(roost_unix_listeners[0]) } },
	.fifo_listeners = ARRAY_INIT,
	.inet_listeners = { { &roost_inet_listeners_buf,
			      sizeof(roost_inet_listeners[0]) } },

	.process_limit_1 = TRUE,
};

static struct file_listener_settings roost_worker_unix_listeners_array[] = {
	{ "login/roost-worker", 0600, "$default_login_user", "" },
};
static struct file_listener_settings *roost_worker_unix_listeners[] = {
	&roost_worker_unix_listeners_array[0],
};
static buffer_t roost_worker_unix_listeners_buf = {
	{ { roost_worker_unix_listeners, sizeof(roost_worker_unix_listeners) } }
};

static struct service_settings roost_worker_service = {
	.name = "roost-worker",
	.protocol = "roost",
	.type = "worker",
	.executable = "roost-worker",
	.user = "",
	.group = "",
	.privileged_group = "",
	.extra_groups = "$default_internal_group",
	.chroot = "",

	.process_limit = 10,
	.client_limit = 1,
	.service_count = 0,
	.idle_kill = 0,
	.vsz_limit = ROOST_VSZ_LIMIT,

	.unix_listeners = { { &roost_worker_unix_listeners_buf,
			      sizeof(roost_worker_unix_listeners[0]) } },
	.fifo_listeners = ARRAY_INIT,
	.inet_listeners = ARRAY_INIT,
};

extern const struct setting_parser_info *roost_settings_set_roots[];
const struct setting_parser_info *roost_settings_set_roots[] = {
	&roost_setting_parser_info,
	NULL
};

extern struct service_settings *roost_settings_service_settings_array[];
struct service_settings *roost_settings_service_settings_array[] = {
	&roost_service,
	&roost_worker_service,
	NULL
};

#endif
