#ifndef ROOST_COMPAT_H
#define ROOST_COMPAT_H

/* Everything that differs between Dovecot 2.3 and 2.4: no other folder has a
   version #if. Include it after lib.h where it is needed. DOVECOT_2_4 comes
   from configure.

   Where only a name changed, 2.4's name is used and 2.3 gets a macro for it;
   where more changed there is a roost_*() function. */

/* -- lib: str_begins() changed its meaning, so nobody calls it -- */

#ifndef DOVECOT_2_4
#  define str_begins_with(haystack, needle) str_begins(haystack, needle)
#  define str_begins_icase_with(haystack, needle) \
	(strncasecmp((haystack), (needle), strlen(needle)) == 0)
#endif
/* TRUE if haystack starts with needle; *suffix_r is then what follows. */
static inline bool
roost_str_begins(const char *haystack, const char *needle,
		 const char **suffix_r)
{
	size_t len = strlen(needle);

	if (strncmp(haystack, needle, len) != 0)
		return FALSE;
	*suffix_r = haystack + len;
	return TRUE;
}

/* -- settings -- */

#ifdef DOVECOT_2_4
#  define ROOST_SETTING_PARSER_INFO(_name, _struct, _defines, _defaults, _check) \
	{ \
		.name = #_name, \
		.defines = _defines, \
		.defaults = _defaults, \
		.struct_size = sizeof(_struct), \
		.pool_offset1 = 1 + offsetof(_struct, pool), \
		.check_func = _check, \
	}
/* a named filter that has a dict { }; 2.3 has no such settings */
#  define ROOST_SETTING_DICT_FILTER(_key) \
	{ .type = SET_FILTER_NAME, .key = _key, .required_setting = "dict" },
/* a value with %{variables}, while doveconf checks it */
#  define ROOST_SETTING_UNKNOWN(value) ((value) == set_value_unknown)
/* roost_settings.cleartext: the name, the default and what it says */
#  define ROOST_SETTING_CLEARTEXT "auth_allow_cleartext"
#  define ROOST_SETTING_CLEARTEXT_DEFAULT FALSE
#  define ROOST_SETTING_CLEARTEXT_ALLOWED(value) (value)
#else
#  define ROOST_SETTING_DICT_FILTER(_key)
/* In the settings module: makes a lookup of the module's settings return those
   of the mail user as well. */
#  ifdef ROOST_SETTINGS_MODULE
extern const struct setting_parser_info *const roost_module_dependencies[];
#    define ROOST_SETTING_DEPENDENCIES roost_module_dependencies
#  else
#    define ROOST_SETTING_DEPENDENCIES NULL
#  endif
#  define ROOST_SETTING_PARSER_INFO(_name, _struct, _defines, _defaults, _check) \
	{ \
		.module_name = #_name, \
		.defines = _defines, \
		.defaults = _defaults, \
		.type_offset = SIZE_MAX, \
		.struct_size = sizeof(_struct), \
		.parent_offset = SIZE_MAX, \
		.check_func = _check, \
		.dependencies = ROOST_SETTING_DEPENDENCIES, \
	}
#  define ROOST_SETTING_UNKNOWN(value) FALSE
#  define ROOST_SETTING_CLEARTEXT "disable_plaintext_auth"
#  define ROOST_SETTING_CLEARTEXT_DEFAULT TRUE
#  define ROOST_SETTING_CLEARTEXT_ALLOWED(value) (!(value))
#endif

struct roost_settings;
struct master_service;

/* Reads the process' settings and returns those of Roost, for the caller to
   free. Call it after master_getopt(), before dropping privileges and before
   anything of lib-storage. Returns 0, or -1 and a sentence. */
int roost_service_settings_read(struct master_service *service,
				const struct roost_settings **set_r,
				const char **error_r);
/* For settings from here and from roost_user_settings_get(). */
void roost_settings_free(const struct roost_settings **set);

/* -- lib-master -- */

#ifdef DOVECOT_2_4
#  define ROOST_MASTER_SERVICE_FLAG_KEEP_CONFIG_OPEN 0
#  define ROOST_MASTER_CONNECTION_PROXIED(conn) ((conn)->haproxied)
#  define ROOST_MASTER_CONNECTION_PROXIED_TLS(conn) ((conn)->haproxy.ssl)
#else
#  define ROOST_MASTER_SERVICE_FLAG_KEEP_CONFIG_OPEN \
	MASTER_SERVICE_FLAG_KEEP_CONFIG_OPEN
#  define ROOST_MASTER_CONNECTION_PROXIED(conn) ((conn)->proxied)
#  define ROOST_MASTER_CONNECTION_PROXIED_TLS(conn) ((conn)->proxy.ssl)
#endif

/* verbose_proctitle */
bool roost_service_verbose_proctitle(struct master_service *service);

/* -- auth -- */

#ifndef DOVECOT_2_4
#  define AUTH_REQUEST_FLAG_CONN_SECURED AUTH_REQUEST_FLAG_SECURED
#  define AUTH_REQUEST_FLAG_CONN_SECURED_TLS \
	AUTH_REQUEST_FLAG_TRANSPORT_SECURITY_TLS
#  define ROOST_AUTH_INFO_PROTOCOL(info) ((info)->service)
#else
#  define ROOST_AUTH_INFO_PROTOCOL(info) ((info)->protocol)
#endif

/* The proof of a login: include roost-compat-login.h. */

/* -- Pigeonhole -- */

/* Sieve's command for a script of the user that may be deleted: Pigeonhole 2.4
   (up to 2.4.4) dies when a compiled script includes one with :optional that is
   gone since. Without it that script is not run, and mails are just kept. */
#ifdef DOVECOT_2_4
#  define ROOST_SIEVE_INCLUDE "include :personal "
#else
#  define ROOST_SIEVE_INCLUDE "include :personal :optional "
#endif

/* -- lib-http -- */

struct http_server_settings;
struct http_server;
struct http_server_connection;
struct istream;
struct event;

/* Fills in the defaults; then set what is the same in both versions. */
void roost_http_server_settings_init(struct http_server_settings *set_r,
				     uoff_t max_payload_size);
/* In 2.4 the settings must live as long as the server. */
struct http_server *
roost_http_server_init(const struct http_server_settings *set,
		       struct event *event);
/* Gives the connection a new request parser on input, with the limits of its
   server. */
void roost_http_connection_new_parser(struct http_server_connection *conn,
				      struct istream *input);

#endif
