#ifndef ROOST_SETTINGS_H
#define ROOST_SETTINGS_H

/* All settings of Roost, documented in doc/settings.md. The same struct serves the listener,
   the workers (where userdb fields of the same name override it per user) and doveconf
   (as settings module). */

struct roost_settings {
	pool_t pool;			/* 2.4 wants it first */

	/* the listener */
	uoff_t roost_max_request_size;		/* bytes, 64 M; more is 413 */
	unsigned int roost_request_timeout;	/* secs a client may take to send, 60 */
	unsigned int roost_queue_limit;		/* requests waiting for a worker, 1000 */
	unsigned int roost_queue_timeout;	/* secs in that queue, 30 */
	unsigned int roost_worker_timeout;	/* secs for one request, 300 */
	unsigned int roost_auth_cache_ttl;	/* secs, 300; 0 = ask each time */
	unsigned int roost_recheck_interval;	/* secs between checks of a parked
						   request without notice, 600 */
	const char *roost_trusted_networks;	/* whose X-Forwarded-For is believed */
	const char *roost_spool_dir;		/* large bodies, "/tmp" */
	unsigned int roost_connection_limit;	/* of one remote address, 0 = none */

	/* the workers */
	unsigned int roost_ticket_lifetime;	/* secs, 600 */
	unsigned int roost_warm_users;		/* kept open by one worker, 20 */
	unsigned int roost_warm_time;		/* secs a user stays open unused, 60 */

	/* per user */
	bool roost_enabled;			/* yes */
	const char *roost_db_path;		/* "~/roost.db" */
	const char *roost_log_level;		/* of the line per request: debug, info, none */
	const char *roost_eas_version_max;	/* "16.1" */
	unsigned int roost_heartbeat_min;	/* secs, 60 */
	unsigned int roost_heartbeat_max;	/* secs, 3540 (at most) */
	unsigned int roost_ping_max_folders;	/* 300 */
	unsigned int roost_window_max;		/* items per Sync answer, 512 */
	bool roost_shared_folders;		/* shared and public namespaces, yes */
	unsigned int roost_max_devices;		/* per user, 0 = any number */
	bool roost_quarantine;			/* new devices wait for doveadm, no */
	const char *roost_provisioning;		/* "optional" or "required" */
	const char *roost_policy;		/* "Name=value Name=value" of [MS-ASPROV] */
	const char *roost_autodiscover_host;	/* empty = the host that was asked */
};

extern const struct setting_parser_info roost_setting_parser_info;

#endif
