#ifndef EAS_QUERY_H
#define EAS_QUERY_H

/* The query of ActiveSync's request line ([MS-ASHTTP] 2.2.1.1.1), in both of its
   forms. Syntax only: whether a command exists, or may be used without a
   device, is the dispatcher's business. */

/* [MS-ASHTTP] 2.2.1.1.1.2.3 leaves the lengths open. Exchange's own limit is
   32 and 128; base64 queries can't say more than 255. */
#define EAS_QUERY_MAX_DEVICE_ID 255
#define EAS_QUERY_MAX_DEVICE_TYPE 255
/* of any other value, and of the number of parameters */
#define EAS_QUERY_MAX_VALUE 4096
#define EAS_QUERY_MAX_PARAMS 32

struct eas_query {
	/* from a base64 query: the version (121) and the command's code;
	   otherwise 0 and -1 */
	unsigned int version;
	int command_code;
	/* from a plain query, NULL = it has none */
	const char *command;
	/* NULL = missing, or not of the form that the document demands (empty,
	   too long, blanks, commas, control or 8-bit characters). A binary id of
	   a base64 query is given in hex. */
	const char *device_id, *device_type;
	/* as the client wrote it: for logs, authentication knows better */
	const char *user;
	/* X-MS-PolicyKey of a base64 query; has_policy_key tells whether there
	   was one */
	uint32_t policy_key;
	/* [MS-LCID], 0 = none */
	unsigned int locale;
	/* NULL = absent */
	const char *attachment_name, *collection_id, *collection_name,
		*item_id, *long_id, *parent_id, *occurrence;
	bool has_policy_key:1;
	bool save_in_sent:1;
	bool accept_multipart:1;
};

/* Parses the undecoded query (without '?'; NULL or "" = no query, all fields
   are unset). Returns 0, or -1 and a sentence for the log without the
   query's text: the request deserves a 400. Strings are allocated from pool
   (not a data stack's) and are valid UTF-8 without control characters. */
int eas_query_parse(pool_t pool, const char *query,
		    struct eas_query *query_r, const char **error_r);

#endif
