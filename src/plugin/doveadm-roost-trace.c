/* Copyright (c) 2026 Roost authors, see the included COPYING file */

/* doveadm roost trace: shows a user's requests and answers as they come.
   Whatever the listener sends, only WBXML is shown, without the elements of
   eas-blank.c; of all else the size. */
#include "lib.h"
#include "ioloop.h"
#include "lib-signals.h"
#include "net.h"
#include "str.h"
#include "str-sanitize.h"
#include "strescape.h"
#include "istream.h"
#include "time-util.h"
#include "write-full.h"
#include "eas-blank.h"
#include "eas-query.h"
#include "wbxml-tree.h"
#include "worker-protocol.h"
#include "roost-compat.h"
#include "roost-compat-doveadm.h"
#include "doveadm-roost.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

/* a line, or a body */
#define TRACE_MAX_INPUT (WORKER_PROTOCOL_MAX_LINE + CONTROL_TRACE_MAX_BODY)
#define TRACE_MAX_SHOWN 1024
#define TRACE_WBXML_TYPE "application/vnd.ms-sync.wbxml"
#define TRACE_MULTIPART_TYPE "application/vnd.ms-sync.multipart"

struct trace_client {
	struct istream *input;
	struct io *io;
	/* the event whose body is being read */
	char *line;
	size_t body_size;
};

/* -- showing it -- */

static void trace_add_query(string_t *out, const char *query)
{
	pool_t pool = pool_alloconly_create("query", 1024);
	struct eas_query q;
	const char *error;

	if (eas_query_parse(pool, query, &q, &error) < 0)
		str_printfa(out, "Query: invalid (%s)\n", error);
	else if (q.command_code != -1 || q.command != NULL) {
		str_append(out, "Query: ");
		if (q.command_code != -1) {
			str_printfa(out, "command code %d, version %u.%u, "
				    "policy key %u", q.command_code,
				    q.version / 10, q.version % 10,
				    q.policy_key);
		} else {
			str_append(out, str_sanitize(q.command,
						     TRACE_MAX_SHOWN));
		}
		str_printfa(out, ", device %s, type %s\n",
			    q.device_id == NULL ? "-" : q.device_id,
			    q.device_type == NULL ? "-" : q.device_type);
	}
	pool_unref(&pool);
}

static void trace_add_headers(string_t *out, const char *const *headers)
{
	for (; *headers != NULL; headers++) {
		str_append(out, str_sanitize(*headers, TRACE_MAX_SHOWN));
		str_append_c(out, '\n');
	}
}

static const char *
trace_get_header(const char *const *headers, const char *name)
{
	size_t len = strlen(name);

	for (; *headers != NULL; headers++) {
		if (strncasecmp(*headers, name, len) == 0 &&
		    strncmp(*headers + len, ": ", 2) == 0)
			return *headers + len + 2;
	}
	return "";
}

static uint32_t trace_le32(const unsigned char *data)
{
	return data[0] | data[1] << 8 | data[2] << 16 |
		(uint32_t)data[3] << 24;
}

/* [MS-ASCMD] 2.2.1.10.1: the number of parts, then each one's offset and size;
   the first one is the document. Returns FALSE if it isn't here. */
static bool trace_first_part(const unsigned char **data, size_t *size)
{
	uint32_t offset, len;

	if (*size < 12)
		return FALSE;
	offset = trace_le32(*data + 4);
	len = trace_le32(*data + 8);
	if (offset > *size)
		return FALSE;
	*data += offset;
	*size = I_MIN(len, *size - offset);
	return TRUE;
}

static void
trace_add_xml(string_t *out, const unsigned char *data, size_t size)
{
	struct wbxml_limits limits = wbxml_default_limits;
	struct istream *input = i_stream_create_from_data(data, size);
	pool_t pool = pool_alloconly_create("trace", 16384);
	struct wbxml_node *root;
	enum wbxml_error kind;
	const char *error;
	int ret;

	/* an element's size is all that is shown of opaque data */
	limits.partial = TRUE;
	ret = wbxml_tree_read(input, &eas_code_space, &limits, pool, &root,
			      &kind, &error);
	if (root != NULL) {
		wbxml_tree_to_xml(root, &eas_code_space, eas_blank_tags, out);
	}
	if (ret < 0)
		str_printfa(out, "<!-- not complete: %s -->\n", error);
	pool_unref(&pool);
	i_stream_unref(&input);
}

static void
trace_add_body(string_t *out, const char *const *headers, const char *full_size,
	       const unsigned char *data, size_t size)
{
	const char *type = trace_get_header(headers, "Content-Type");
	bool multipart = strncasecmp(type, TRACE_MULTIPART_TYPE,
				     strlen(TRACE_MULTIPART_TYPE)) == 0;

	if (size == 0 && strcmp(full_size, "0") == 0)
		return;
	str_append_c(out, '\n');
	if (*trace_get_header(headers, "Content-Encoding") != '\0' ||
	    (!multipart && strncasecmp(type, TRACE_WBXML_TYPE,
				       strlen(TRACE_WBXML_TYPE)) != 0) ||
	    (multipart && !trace_first_part(&data, &size)))
		str_printfa(out, "<!-- %s bytes -->\n", full_size);
	else
		trace_add_xml(out, data, size);
}

static void trace_add_event(string_t *out, const char *const *args,
			    const unsigned char *data, size_t size)
{
	unsigned int count = str_array_length(args);
	const char *query;
	time_t secs = strtoul(args[1], NULL, 10);
	const char *msecs = strchr(args[1], '.');

	str_printfa(out, "== %s%s %s device=%s session=%s\n",
		    t_strflocaltime("%Y-%m-%d %H:%M:%S", secs),
		    msecs == NULL ? "" : msecs, args[0],
		    str_sanitize(args[3], TRACE_MAX_SHOWN), args[2]);
	if (strcmp(args[0], "PARK") == 0)
		str_printfa(out, "waits for up to %s msecs\n", args[4]);
	if (count >= 8) {
		query = strchr(args[7], '?');
		str_printfa(out, "%s %s\n", args[6], str_sanitize(
			t_strcut(args[7], '?'), TRACE_MAX_SHOWN));
		if (strcmp(args[0], "REQUEST") == 0 && query != NULL)
			trace_add_query(out, query + 1);
		trace_add_headers(out, args + 8);
		trace_add_body(out, args + 8, args[4], data, size);
	}
	str_append_c(out, '\n');
}

/* -- the listener's side -- */

static void trace_stop(struct trace_client *client, const char *error)
{
	if (error != NULL) {
		i_error("%s", error);
		doveadm_exit_code = EX_TEMPFAIL;
	}
	io_remove(&client->io);
	io_loop_stop(current_ioloop);
}

static void
trace_print(struct trace_client *client, const char *const *args,
	    const unsigned char *data, size_t size)
{
	string_t *out = t_str_new(4096);

	if (strcmp(args[0], "LOST") == 0)
		str_printfa(out, "== %s events lost\n\n", args[1]);
	else
		trace_add_event(out, args, data, size);
	if (write_full(STDOUT_FILENO, str_data(out), str_len(out)) < 0) {
		trace_stop(client, errno == EPIPE ? NULL :
			   t_strdup_printf("write(stdout) failed: %m"));
	}
}

static bool trace_has_body(const char *type)
{
	return strcmp(type, "REQUEST") == 0 || strcmp(type, "ANSWER") == 0;
}

/* Returns FALSE if the trace has ended. */
static bool trace_line(struct trace_client *client, const char *line)
{
	const char *const *args = t_strsplit_tabescaped(line);
	unsigned int count = str_array_length(args), size;

	if (count == 0 || strcmp(args[0], "VERSION") == 0)
		return TRUE;
	if (strcmp(args[0], "OK") == 0) {
		fprintf(stderr, "Tracing, end with ^C\n");
		return TRUE;
	}
	if (strcmp(args[0], "BUSY") == 0) {
		trace_stop(client, "Too many traces are running");
		return FALSE;
	}
	if (trace_has_body(args[0])) {
		if (count < 8 || str_to_uint(args[5], &size) < 0 ||
		    size > CONTROL_TRACE_MAX_BODY) {
			trace_stop(client, "The listener sent a broken line");
			return FALSE;
		}
		client->line = i_strdup(line);
		client->body_size = size;
		return TRUE;
	}
	if ((strcmp(args[0], "LOST") == 0 && count >= 2) || count >= 5)
		trace_print(client, args, NULL, 0);
	return client->io != NULL;
}

/* Returns FALSE if there is nothing more to do now. */
static bool trace_next(struct trace_client *client)
{
	const unsigned char *data;
	const char *line;
	size_t size;

	if (client->line == NULL) {
		line = i_stream_next_line(client->input);
		return line != NULL && trace_line(client, line);
	}
	data = i_stream_get_data(client->input, &size);
	if (size < client->body_size)
		return FALSE;
	trace_print(client, t_strsplit_tabescaped(client->line), data,
		    client->body_size);
	i_free(client->line);
	i_stream_skip(client->input, client->body_size);
	return client->io != NULL;
}

static void trace_input(struct trace_client *client)
{
	ssize_t ret = i_stream_read(client->input);
	bool more = TRUE;

	while (more) T_BEGIN {
		more = trace_next(client);
	} T_END;
	if (client->io == NULL)
		return;
	if (ret == -2)
		trace_stop(client, "The listener sent a line that is too long");
	else if (ret < 0)
		trace_stop(client, "The listener has closed the connection");
}

/* Dovecot 2.4 stops the loops of its services only. */
static void trace_killed(const siginfo_t *si ATTR_UNUSED, void *context)
{
	struct ioloop *ioloop = context;

	io_loop_stop(ioloop);
}

static void cmd_roost_trace(struct doveadm_cmd_context *cctx)
{
	struct trace_client client;
	const char *user, *device = NULL, *path, *error;
	string_t *line = t_str_new(128);
	int fd;

	i_zero(&client);
	if (!doveadm_cmd_param_str(cctx, "user", &user))
		i_fatal_status(EX_USAGE, "roost trace: -u is missing");
	if (cctx->conn_type != DOVEADM_CONNECTION_TYPE_CLI) {
		i_error("roost trace: Only for the command line");
		doveadm_exit_code = EX_USAGE;
		return;
	}
	(void)doveadm_cmd_param_str(cctx, "device", &device);
	path = t_strconcat(doveadm_settings->base_dir, "/"CONTROL_SOCKET, NULL);
	str_append(line, "TRACE\t");
	str_append_tabescaped(line, user);
	if (device != NULL) {
		str_append_c(line, '\t');
		str_append_tabescaped(line, device);
	}
	str_append_c(line, '\n');
	if (doveadm_roost_control_connect(path, str_c(line), &fd, &error) < 0) {
		i_error("%s", error);
		doveadm_exit_code = EX_UNAVAILABLE;
		return;
	}
	net_set_nonblock(fd, TRUE);
	client.input = i_stream_create_fd_autoclose(&fd, TRACE_MAX_INPUT);
	client.io = io_add_istream(client.input, trace_input, &client);
	lib_signals_set_handler(SIGINT, LIBSIG_FLAGS_SAFE, trace_killed,
				current_ioloop);
	lib_signals_set_handler(SIGTERM, LIBSIG_FLAGS_SAFE, trace_killed,
				current_ioloop);
	io_loop_run(current_ioloop);
	lib_signals_unset_handler(SIGTERM, trace_killed, current_ioloop);
	lib_signals_unset_handler(SIGINT, trace_killed, current_ioloop);
	io_remove(&client.io);
	i_free(client.line);
	i_stream_unref(&client.input);
}

static struct doveadm_cmd_ver2 doveadm_cmd_roost_trace = {
	.name = "roost trace",
	.cmd = cmd_roost_trace,
	.usage = "-u <user> [--device <id>]",
DOVEADM_CMD_PARAMS_START
DOVEADM_CMD_PARAM('u', "user", CMD_PARAM_STR, 0)
DOVEADM_CMD_PARAM('\0', "device", CMD_PARAM_STR, 0)
DOVEADM_CMD_PARAMS_END
};

void doveadm_roost_trace_register(void)
{
	doveadm_cmd_register_ver2(&doveadm_cmd_roost_trace);
}
