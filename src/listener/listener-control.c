#include "lib.h"
#include "connection.h"
#include "ostream.h"
#include "str.h"
#include "strescape.h"
#include "master-service.h"
#include "worker-protocol.h"
#include "listener.h"
#include "listener-park.h"
#include "listener-throttle.h"
#include "listener-trace.h"
#include "listener-control.h"

#define CONTROL_IDLE_TIMEOUT_SECS 60
#define CONTROL_MAX_LINE 4096

struct control_client {
	struct connection conn;
	struct listener_trace *trace;
};

static struct connection_list *control_list;

static void
control_add_parked(const struct listener_park_info *info, void *context)
{
	string_t *str = context;

	str_append_tabescaped(str, info->user);
	str_append_c(str, '\t');
	str_append_tabescaped(str, info->device);
	str_append_c(str, '\t');
	str_append_tabescaped(str, info->command);
	str_append_c(str, '\t');
	str_append_tabescaped(str, info->version);
	str_printfa(str, "\t%s\t%u\t%u\t%u\n", info->remote_ip,
		    info->parked_secs, info->left_secs, info->ceiling_secs);
}

struct control_throttled {
	string_t *str;
	const char *user;	/* NULL = all */
};

static void
control_add_throttled(const struct listener_throttle_info *info, void *context)
{
	struct control_throttled *ctx = context;

	if (ctx->user != NULL && strcmp(ctx->user, info->user) != 0)
		return;
	str_append_tabescaped(ctx->str, info->user);
	str_append_c(ctx->str, '\t');
	str_append_tabescaped(ctx->str,
			      info->device == NULL ? "*" : info->device);
	str_printfa(ctx->str, "\tthrottled\t\t\t0\t%u\t0\n",
		    info->retry_secs);
}

static void control_who(struct connection *conn, const char *user)
{
	struct control_throttled ctx = { .user = user };

	ctx.str = str_new(default_pool, 4096);
	listener_park_list(user, control_add_parked, ctx.str);
	listener_throttle_list(listener.throttle, control_add_throttled, &ctx);
	str_append_c(ctx.str, '\n');
	o_stream_nsend(conn->output, str_data(ctx.str), str_len(ctx.str));
	str_free(&ctx.str);
}

/* From here on it listens, until it disconnects. */
static int control_trace(struct connection *conn, const char *const *args)
{
	struct control_client *client =
		container_of(conn, struct control_client, conn);

	if (args[0] == NULL || client->trace != NULL) {
		e_error(conn->event, "Invalid TRACE");
		return -1;
	}
	client->trace = listener_trace_add(conn->output, args[0], args[1]);
	if (client->trace == NULL) {
		o_stream_nsend_str(conn->output, "BUSY\n");
		return -1;
	}
	timeout_remove(&conn->to);
	o_stream_nsend_str(conn->output, "OK\n");
	return 1;
}

static int
control_input_args(struct connection *conn, const char *const *args)
{
	if (strcmp(args[0], "TRACE") == 0)
		return control_trace(conn, args + 1);
	if (strcmp(args[0], "WHO") != 0) {
		e_error(conn->event, "Unknown command");
		return -1;
	}
	control_who(conn, args[1]);
	return 1;
}

static void control_destroy(struct connection *conn)
{
	struct control_client *client =
		container_of(conn, struct control_client, conn);

	if (client->trace != NULL)
		listener_trace_remove(&client->trace);
	connection_deinit(conn);
	i_free(client);
	master_service_client_connection_destroyed(master_service);
}

static const struct connection_settings control_connection_set = {
	.service_name_in = CONTROL_PROTOCOL_NAME_CLIENT,
	.service_name_out = CONTROL_PROTOCOL_NAME_SERVER,
	.major_version = CONTROL_PROTOCOL_MAJOR,
	.minor_version = CONTROL_PROTOCOL_MINOR,
	.input_max_size = CONTROL_MAX_LINE,
	.output_max_size = SIZE_MAX,
	.input_idle_timeout_secs = CONTROL_IDLE_TIMEOUT_SECS,
};

static const struct connection_vfuncs control_connection_vfuncs = {
	.destroy = control_destroy,
	.input_args = control_input_args,
};

void listener_control_client_create(struct master_service_connection *conn)
{
	struct control_client *client = i_new(struct control_client, 1);

	master_service_client_connection_accept(conn);
	client->conn.event_parent = listener.event;
	connection_init_server(control_list, &client->conn, CONTROL_SOCKET,
			       conn->fd, conn->fd);
}

void listener_control_init(void)
{
	control_list = connection_list_init(&control_connection_set,
					    &control_connection_vfuncs);
}

void listener_control_stop_traces(void)
{
	struct connection *conn, *next;

	for (conn = control_list->connections; conn != NULL; conn = next) {
		struct control_client *client =
			container_of(conn, struct control_client, conn);

		next = conn->next;
		if (client->trace != NULL)
			control_destroy(conn);
	}
}

void listener_control_deinit(void)
{
	connection_list_deinit(&control_list);
}
