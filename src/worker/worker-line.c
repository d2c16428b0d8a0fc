#include "lib.h"
#include "array.h"
#include "buffer.h"
#include "hex-binary.h"
#include "roost-compat.h"
#include "worker-protocol.h"
#include "worker-line.h"

#include <stddef.h>

#define LINE_MAX_HEADERS 200

struct worker_line_parser {
	pool_t pool;
	struct worker_line *line;
	uint32_t seen;			/* bits of worker_line_keys */
};

static int line_parse_str(struct worker_line_parser *parser,
			  const char *value, size_t offset)
{
	const char **dest = PTR_OFFSET(parser->line, offset);

	*dest = p_strdup(parser->pool, value);
	return 0;
}

static int line_parse_ip(struct worker_line_parser *parser,
			 const char *value, size_t offset)
{
	return net_addr2ip(value, PTR_OFFSET(parser->line, offset));
}

static int line_parse_port(struct worker_line_parser *parser,
			   const char *value, size_t offset)
{
	in_port_t *dest = PTR_OFFSET(parser->line, offset);

	/* 0: a connection over a UNIX socket has no ports */
	return strcmp(value, "0") == 0 ? 0 : net_str2port(value, dest);
}

static int line_parse_bool(struct worker_line_parser *parser,
			   const char *value, size_t offset)
{
	bool *dest = PTR_OFFSET(parser->line, offset);

	*dest = strcmp(value, "1") == 0;
	return *dest || strcmp(value, "0") == 0 ? 0 : -1;
}

static int line_parse_uint(struct worker_line_parser *parser,
			   const char *value, size_t offset)
{
	return str_to_uint(value, PTR_OFFSET(parser->line, offset));
}

/* <auth pid> <auth id> <client pid> <cookie> */
static int line_parse_login(struct worker_line_parser *parser,
			    const char *value, size_t offset)
{
	struct login_request *login = PTR_OFFSET(parser->line, offset);
	const char *const *args = t_strsplit(value, " ");
	buffer_t cookie;

	buffer_create_from_data(&cookie, login->cookie, sizeof(login->cookie));
	if (str_array_length(args) != 4 ||
	    str_to_pid(args[0], &login->auth_pid) < 0 ||
	    str_to_uint(args[1], &login->auth_id) < 0 ||
	    str_to_uint(args[2], &login->client_pid) < 0 ||
	    strlen(args[3]) != sizeof(login->cookie) * 2 ||
	    hex_to_binary(args[3], &cookie) < 0)
		return -1;
	parser->line->have_login = TRUE;
	return 0;
}

static const struct worker_line_key {
	const char *name;
	int (*parse)(struct worker_line_parser *parser, const char *value,
		     size_t offset);
	size_t offset;
	size_t max_len;
} worker_line_keys[] = {
#define KEY(name, type, field, max_len) \
	{ name, line_parse_##type, offsetof(struct worker_line, field), max_len }
	KEY("login", login, login, 128),
	KEY("ticket", str, ticket, WORKER_PROTOCOL_MAX_LINE),
	KEY("user", str, user, 1024),
	KEY("rip", ip, remote_ip, 64),
	KEY("rport", port, remote_port, 8),
	KEY("lip", ip, local_ip, 64),
	KEY("lport", port, local_port, 8),
	KEY("session", str, session, 128),
	KEY("secured", bool, secured, 1),
	KEY("method", str, method, 32),
	KEY("target", str, target, 64*1024),
	KEY("host", str, host, 512),
	KEY("elapsed", uint, elapsed_msecs, 16),
#undef KEY
};

static bool line_has_controls(const char *str)
{
	const unsigned char *p;

	for (p = (const unsigned char *)str; *p != '\0'; p++) {
		if ((*p < 0x20 && *p != '\t') || *p == 0x7f)
			return TRUE;
	}
	return FALSE;
}

static int
worker_line_parse_header(struct worker_line_parser *parser, const char *name,
			 const char *value, const char **error_r)
{
	struct roost_header *header;

	if (*name == '\0') {
		*error_r = "A header has no name";
		return -1;
	}
	if (array_count(&parser->line->headers) >= LINE_MAX_HEADERS) {
		*error_r = "There are too many headers";
		return -1;
	}
	header = array_append_space(&parser->line->headers);
	header->name = p_strdup(parser->pool, name);
	header->value = p_strdup(parser->pool, value);
	return 0;
}

static int
worker_line_parse_key(struct worker_line_parser *parser, const char *name,
		      const char *value, const char **error_r)
{
	const struct worker_line_key *key;
	unsigned int i;

	for (i = 0; i < N_ELEMENTS(worker_line_keys); i++) {
		if (strcmp(worker_line_keys[i].name, name) == 0)
			break;
	}
	if (i == N_ELEMENTS(worker_line_keys)) {
		*error_r = "A key is unknown";
		return -1;
	}
	key = &worker_line_keys[i];
	if ((parser->seen & (1U << i)) != 0) {
		*error_r = t_strconcat("Key given twice: ", key->name, NULL);
		return -1;
	}
	parser->seen |= 1U << i;
	if (strlen(value) > key->max_len ||
	    key->parse(parser, value, key->offset) < 0) {
		*error_r = t_strconcat("Invalid value of key: ",
				       key->name, NULL);
		return -1;
	}
	return 0;
}

static int
worker_line_parse_arg(struct worker_line_parser *parser, const char *arg,
		      const char **error_r)
{
	const char *name, *value;

	if (line_has_controls(arg)) {
		*error_r = "A value has control characters";
		return -1;
	}
	value = strchr(arg, '=');
	if (value == NULL) {
		*error_r = "A field is not key=value";
		return -1;
	}
	name = t_strdup_until(arg, value++);
	if (name[0] == 'h' && name[1] == ':') {
		return worker_line_parse_header(parser, name + 2, value,
						error_r);
	}
	return worker_line_parse_key(parser, name, value, error_r);
}

static int worker_line_check(const struct worker_line *line,
			     const char **error_r)
{
	if (line->have_login == (line->ticket != NULL)) {
		*error_r = "Either a login or a ticket is needed";
		return -1;
	}
	if (line->user == NULL || *line->user == '\0' ||
	    line->session == NULL || line->method == NULL ||
	    line->target == NULL || line->host == NULL ||
	    line->target[0] != '/') {
		*error_r = "user, session, method, target and host are needed";
		return -1;
	}
	return 0;
}

int worker_line_parse(const char *const *args, pool_t pool,
		      struct worker_line *line_r, const char **error_r)
{
	struct worker_line_parser parser = { .pool = pool, .line = line_r };
	int ret = 0;

	i_zero(line_r);
	p_array_init(&line_r->headers, pool, 16);
	if (str_array_length(args) < 3 ||
	    str_to_uint(args[0], &line_r->id) < 0 ||
	    str_to_uoff(args[1], &line_r->body_size) < 0 ||
	    (strcmp(args[2], "0") != 0 && strcmp(args[2], "1") != 0)) {
		*error_r = "id, body size or kind of body is invalid";
		return -1;
	}
	line_r->body_fd = args[2][0] == '1';
	if (line_r->body_fd ? line_r->body_size == 0 :
	    line_r->body_size > WORKER_PROTOCOL_MAX_INLINE) {
		*error_r = "The body's size doesn't fit the way it is sent";
		return -1;
	}
	for (args += 3; *args != NULL && ret == 0; args++)
		ret = worker_line_parse_arg(&parser, *args, error_r);
	return ret < 0 ? -1 : worker_line_check(line_r, error_r);
}
