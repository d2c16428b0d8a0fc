/* Copyright (c) 2026 Roost authors, see the included COPYING file */

/* Linked into the listener and the workers, and built as Dovecot's settings
   module (see README.md in this folder for how to add a setting). */
#include "lib.h"
#include "array.h"
#include "net.h"
#include "settings-parser.h"
#include "roost-compat.h"
#include "roost-settings.h"

#include <ctype.h>
#include <fcntl.h>
#include <stddef.h>
#include <unistd.h>

/* as pim-timezone-names.c has it */
#define ZONEINFO "/usr/share/zoneinfo"

static bool roost_settings_check(void *_set, pool_t pool, const char **error_r);

#undef DEF
#define DEF(type, name) \
	SETTING_DEFINE_STRUCT_##type(#name, name, struct roost_settings)

static const struct setting_define roost_setting_defines[] = {
	DEF(SIZE, roost_max_request_size),
	DEF(TIME, roost_request_timeout),
	DEF(UINT, roost_queue_limit),
	DEF(TIME, roost_queue_timeout),
	DEF(TIME, roost_worker_timeout),
	DEF(TIME, roost_auth_cache_ttl),
	DEF(TIME, roost_recheck_interval),
	DEF(STR, roost_trusted_networks),
	DEF(STR, roost_spool_dir),
	DEF(UINT, roost_connection_limit),
	DEF(UINT, roost_parked_limit),
	DEF(UINT, roost_throttle_device),
	DEF(UINT, roost_throttle_user),
	DEF(TIME, roost_throttle_period),
	DEF(TIME, roost_heartbeat_learn_min),

	SETTING_DEFINE_STRUCT_BOOL(ROOST_SETTING_CLEARTEXT, cleartext,
				   struct roost_settings),
	DEF(ENUM, ssl),

	DEF(TIME, roost_ticket_lifetime),
	DEF(UINT, roost_warm_users),
	DEF(TIME, roost_warm_time),
	DEF(STR, roost_recovery_key_file),

	DEF(BOOL, roost_enabled),
	DEF(STR, roost_db_path),
	DEF(ENUM, roost_db_journal),
	DEF(SIZE, roost_db_quota),
	DEF(TIME, roost_conflicts_keep),
	DEF(ENUM, roost_log_level),
	DEF(ENUM, roost_eas_version_max),
	DEF(TIME, roost_heartbeat_min),
	DEF(TIME, roost_heartbeat_max),
	DEF(UINT, roost_ping_max_folders),
	DEF(UINT, roost_window_max),
	DEF(TIME, roost_skip_after),
	DEF(TIME, roost_search_timeout),
	DEF(BOOL, roost_shared_folders),
	DEF(UINT, roost_max_devices),
	DEF(BOOL, roost_quarantine),
	DEF(ENUM, roost_provisioning),
	DEF(STR, roost_policy),
	DEF(STR, roost_autodiscover_host),
	DEF(ENUM, roost_submit_from),
	DEF(SIZE, roost_submit_max_size),
	DEF(UINT, roost_submit_max_recipients),
	DEF(BOOL, roost_invitations),
	DEF(STR, roost_addresses),
	DEF(STR, roost_display_name),
	DEF(STR, roost_timezone),
	DEF(STR, roost_gal),
	ROOST_SETTING_DICT_FILTER("roost_gal_dict")
	DEF(ENUM, roost_free_busy),
	DEF(STR, roost_smime_ca),
	DEF(STR, roost_smime_crl),

	SETTING_DEFINE_LIST_END
};

/* an ENUM's default is the list of its values, the first is the default */
static const struct roost_settings roost_default_settings = {
	.roost_max_request_size = 64 * 1024 * 1024,
	.roost_request_timeout = 60,
	.roost_queue_limit = 1000,
	.roost_queue_timeout = 30,
	.roost_worker_timeout = 300,
	.roost_auth_cache_ttl = 300,
	.roost_recheck_interval = 600,
	.roost_trusted_networks = "",
	.roost_spool_dir = "/tmp",
	.roost_connection_limit = 0,
	.roost_parked_limit = 1000,
	.roost_throttle_device = 1000,
	.roost_throttle_user = 4000,
	.roost_throttle_period = 300,
	.roost_heartbeat_learn_min = 20,

	/* the same as in Dovecot's login-settings.c */
	.cleartext = ROOST_SETTING_CLEARTEXT_DEFAULT,
	.ssl = "yes:no:required",

	.roost_ticket_lifetime = 600,
	.roost_warm_users = 20,
	.roost_warm_time = 60,
	.roost_recovery_key_file = "",

	.roost_enabled = TRUE,
	.roost_db_path = "~/roost.db",
	.roost_db_journal = "wal:delete",
	.roost_db_quota = 0,
	.roost_conflicts_keep = 90 * 24 * 60 * 60,
	.roost_log_level = "info:debug:none",
	.roost_eas_version_max = "16.1:16.0:14.1:14.0:12.1:12.0:2.5",
	.roost_heartbeat_min = 60,
	.roost_heartbeat_max = 3540,
	.roost_ping_max_folders = 300,
	.roost_window_max = 512,
	.roost_skip_after = 1800,
	.roost_search_timeout = 30,
	.roost_shared_folders = TRUE,
	.roost_max_devices = 0,
	.roost_quarantine = FALSE,
	.roost_provisioning = "optional:required",
	.roost_policy = "",
	.roost_autodiscover_host = "",
	.roost_submit_from = "correct:refuse",
	.roost_submit_max_size = 50 * 1024 * 1024,
	.roost_submit_max_recipients = 2000,
	.roost_invitations = TRUE,
	.roost_addresses = "",
	.roost_display_name = "",
	.roost_timezone = "",
	.roost_gal = "",
	.roost_free_busy = "no:domain:yes",
	.roost_smime_ca = "",
	.roost_smime_crl = "",
};

const struct setting_parser_info roost_setting_parser_info =
	ROOST_SETTING_PARSER_INFO(roost, struct roost_settings,
				  roost_setting_defines,
				  &roost_default_settings,
				  roost_settings_check);

/* <settings checks> */
struct roost_settings_bound {
	const char *name;
	size_t offset;
	unsigned int min, max;
};

#define BOUND(name, min, max) \
	{ #name, offsetof(struct roost_settings, name), (min), (max) }
static const struct roost_settings_bound roost_settings_bounds[] = {
	BOUND(roost_request_timeout, 1, 3600),
	BOUND(roost_queue_timeout, 1, 3600),
	BOUND(roost_worker_timeout, 1, 3600),
	BOUND(roost_auth_cache_ttl, 0, 86400),
	BOUND(roost_recheck_interval, 1, 86400),
	BOUND(roost_queue_limit, 1, 1000000),
	BOUND(roost_throttle_device, 0, 1000000),
	BOUND(roost_throttle_user, 0, 1000000),
	BOUND(roost_throttle_period, 1, 86400),
	BOUND(roost_heartbeat_learn_min, 0, 3540),
	BOUND(roost_warm_time, 0, 86400),
	BOUND(roost_ticket_lifetime, 1, 86400),
	/* MS-ASCMD 2.2.3.79.1: a device may ask for up to 59 minutes */
	BOUND(roost_heartbeat_min, 1, 3540),
	BOUND(roost_heartbeat_max, 1, 3540),
	BOUND(roost_ping_max_folders, 1, 100000),
	/* MS-ASCMD 2.2.3.199: 512 is the largest WindowSize */
	BOUND(roost_window_max, 1, 512),
	BOUND(roost_skip_after, 0, 7 * 86400),
	BOUND(roost_search_timeout, 1, 3600),
};

static bool
roost_settings_check_bounds(const struct roost_settings *set,
			    const char **error_r)
{
	for (unsigned int i = 0; i < N_ELEMENTS(roost_settings_bounds); i++) {
		const struct roost_settings_bound *bound =
			&roost_settings_bounds[i];
		const unsigned int *value =
			CONST_PTR_OFFSET(set, bound->offset);

		if (*value < bound->min || *value > bound->max) {
			*error_r = t_strdup_printf(
				"%s must be between %u and %u, not %u",
				bound->name, bound->min, bound->max, *value);
			return FALSE;
		}
	}
	if (set->roost_heartbeat_min > set->roost_heartbeat_max) {
		*error_r = t_strdup_printf(
			"roost_heartbeat_min (%u secs) must not be longer than "
			"roost_heartbeat_max (%u secs)",
			set->roost_heartbeat_min, set->roost_heartbeat_max);
		return FALSE;
	}
	if (set->roost_max_request_size < 64 * 1024) {
		*error_r = "roost_max_request_size must be at least 64 kB";
		return FALSE;
	}
	return TRUE;
}

static bool
roost_settings_check_networks(const char *networks, const char **error_r)
{
	const char *const *net;
	struct ip_addr ip;
	unsigned int bits;

	for (net = t_strsplit_spaces(networks, ", "); *net != NULL; net++) {
		if (net_parse_range(*net, &ip, &bits) < 0) {
			*error_r = t_strdup_printf(
				"roost_trusted_networks: "
				"'%s' is not an IP address or network", *net);
			return FALSE;
		}
	}
	return TRUE;
}

/* Only the form: the names and values of [MS-ASPROV] are known to src/eas. */
static bool
roost_settings_check_policy(const char *policy, const char **error_r)
{
	const char *const *field = t_strsplit_spaces(policy, " \t\r\n;");

	for (; *field != NULL; field++) {
		if (strchr(*field, '=') == NULL || **field == '=') {
			*error_r = t_strdup_printf(
				"roost_policy: '%s' is not Name=value", *field);
			return FALSE;
		}
	}
	return TRUE;
}

/* What its %variables stand for is not known here; 2.4's have spaces in them. */
static bool
roost_settings_check_addresses(const char *addresses, const char **error_r)
{
	const char *const *word;

	if (ROOST_SETTING_UNKNOWN(addresses) || strchr(addresses, '%') != NULL)
		return TRUE;
	word = t_strsplit_spaces(addresses, " \t\r\n,;");
	for (; *word != NULL; word++) {
		if (strchr(*word, '@') == NULL) {
			*error_r = t_strdup_printf("roost_addresses: "
				"'%s' is not a mail address", *word);
			return FALSE;
		}
	}
	return TRUE;
}

static bool roost_timezone_is_name(const char *name)
{
	if (!i_isalpha(*name) || strstr(name, "..") != NULL)
		return FALSE;
	for (; *name != '\0'; name++) {
		if (!i_isalnum(*name) && strchr("/_+-", *name) == NULL)
			return FALSE;
	}
	return TRUE;
}

/* Is that file a zone? */
static bool roost_timezone_exists(const char *name)
{
	char magic[4];
	ssize_t size;
	int fd;

	fd = open(t_strconcat(ZONEINFO"/", name, NULL), O_RDONLY);
	if (fd == -1)
		return FALSE;
	size = read(fd, magic, sizeof(magic));
	i_close_fd(&fd);
	return size == (ssize_t)sizeof(magic) &&
		memcmp(magic, "TZif", sizeof(magic)) == 0;
}

/* A name of the tz database. Whether there is such a zone can't be said
   where there is no database. */
static bool
roost_settings_check_timezone(const char *name, const char **error_r)
{
	if (ROOST_SETTING_UNKNOWN(name) || *name == '\0')
		return TRUE;
	if (roost_timezone_is_name(name) &&
	    (access(ZONEINFO, X_OK) < 0 || roost_timezone_exists(name)))
		return TRUE;
	*error_r = t_strdup_printf("roost_timezone: '%s' is not a time zone "
				   "of "ZONEINFO, name);
	return FALSE;
}

static bool
roost_settings_check(void *_set, pool_t pool ATTR_UNUSED, const char **error_r)
{
	const struct roost_settings *set = _set;

	if (!roost_settings_check_bounds(set, error_r) ||
	    !roost_settings_check_networks(set->roost_trusted_networks,
					   error_r) ||
	    !roost_settings_check_policy(set->roost_policy, error_r) ||
	    !roost_settings_check_addresses(set->roost_addresses, error_r) ||
	    !roost_settings_check_timezone(set->roost_timezone, error_r))
		return FALSE;
	if (set->roost_spool_dir[0] != '/') {
		*error_r = "roost_spool_dir must be an absolute path";
		return FALSE;
	}
	if (set->roost_db_path[0] == '\0') {
		*error_r = "roost_db_path must not be empty";
		return FALSE;
	}
	if (strpbrk(set->roost_autodiscover_host, "/ <>&\"") != NULL) {
		*error_r = t_strdup_printf("roost_autodiscover_host: "
			"'%s' is not a host name (with an optional :port)",
			set->roost_autodiscover_host);
		return FALSE;
	}
	return TRUE;
}
/* </settings checks> */
