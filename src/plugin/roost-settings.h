#ifndef ROOST_SETTINGS_H
#define ROOST_SETTINGS_H

/* All settings of Roost, documented in doc/settings.md. The same struct serves
   the listener, the workers (where userdb fields of the same name override it
   per user) and doveconf (as settings module). */

struct roost_settings {
	pool_t pool;	/* 2.4 wants it first */

	/* The listener. Times are in seconds. */
	uoff_t roost_max_request_size;		/* bytes; more is 413 */
	unsigned int roost_request_timeout;	/* a client's, to send */
	unsigned int roost_queue_limit;		/* waiting for a worker */
	unsigned int roost_queue_timeout;	/* in that queue */
	unsigned int roost_worker_timeout;	/* for one request */
	unsigned int roost_auth_cache_ttl;	/* 0 = ask each time */
	/* between two checks of a parked request without notice */
	unsigned int roost_recheck_interval;
	/* whose X-Forwarded-For is believed */
	const char *roost_trusted_networks;
	const char *roost_spool_dir;		/* for large bodies */
	/* of one remote address, 0 = any number */
	unsigned int roost_connection_limit;
	/* parked requests of one user, 0 = any number */
	unsigned int roost_parked_limit;
	/* requests in roost_throttle_period, 0 = any number */
	unsigned int roost_throttle_device;
	unsigned int roost_throttle_user;
	unsigned int roost_throttle_period;
	/* the shortest ceiling that is learnt, 0 = nothing is learnt */
	unsigned int roost_heartbeat_learn_min;

	/* Dovecot's own, as its login processes read them. cleartext is
	   disable_plaintext_auth in 2.3 and auth_allow_cleartext in 2.4, which
	   say the opposite of each other: see ROOST_SETTING_CLEARTEXT. */
	bool cleartext;
	const char *ssl;			/* "yes", "no", "required" */

	/* the workers */
	unsigned int roost_ticket_lifetime;
	unsigned int roost_warm_users;		/* kept open by one worker */
	unsigned int roost_warm_time;		/* ... unused */
	/* for devices' recovery passwords; empty = they aren't kept */
	const char *roost_recovery_key_file;

	/* per user */
	bool roost_enabled;
	const char *roost_db_path;
	const char *roost_db_journal;		/* "wal", "delete" */
	uoff_t roost_db_quota;			/* bytes, 0 = any number */
	unsigned int roost_conflicts_keep;	/* 0 = for ever */
	/* of the line per request: debug, info, none */
	const char *roost_log_level;
	const char *roost_eas_version_max;	/* "16.1" */
	unsigned int roost_heartbeat_min;
	unsigned int roost_heartbeat_max;	/* 3540 at most */
	unsigned int roost_ping_max_folders;
	unsigned int roost_window_max;		/* items per Sync answer */
	/* an item that a device loops on is skipped, 0 = never */
	unsigned int roost_skip_after;
	unsigned int roost_search_timeout;	/* seconds, of Search and Find */
	bool roost_shared_folders;		/* also public ones */
	unsigned int roost_max_devices;		/* 0 = any number */
	/* new devices wait for doveadm roost device allow */
	bool roost_quarantine;
	const char *roost_provisioning;		/* "optional", "required" */
	/* "Name=value Name=value" of [MS-ASPROV] */
	const char *roost_policy;
	/* empty = the host that was asked */
	const char *roost_autodiscover_host;
	/* a From that is not the user's own: "correct", "refuse" */
	const char *roost_submit_from;
	uoff_t roost_submit_max_size;		/* of a mail, 0 = any */
	unsigned int roost_submit_max_recipients; /* 0 = any number */
	/* what comes by mail is put into the calendar */
	bool roost_invitations;
	/* read them with roost-addresses.h */
	const char *roost_addresses;
	const char *roost_display_name;
	/* of the tz database ("Europe/Berlin"); empty = the machine's. Read it
	   with eas-home.h */
	const char *roost_timezone;
	/* an LDAP URL, a vCard file or a folder of such files, "dict:..."; empty =
	   none */
	const char *roost_gal;
	/* who sees when the user is free: "no", "domain", "yes" */
	const char *roost_free_busy;
	/* PEM files or folders of them; empty = OpenSSL's, none */
	const char *roost_smime_ca;
	const char *roost_smime_crl;
};

extern const struct setting_parser_info roost_setting_parser_info;

#endif
