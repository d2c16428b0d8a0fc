#include "lib.h"
#include "connection.h"
#include "guid.h"
#include "master-service.h"
#include "worker-protocol.h"
#include "listener.h"
#include "listener-park.h"
#include "listener-notify.h"

/* Senders connect again when they have something to say. */
#define NOTIFY_IDLE_TIMEOUT_SECS 10
#define NOTIFY_MAX_LINE 4096
/* They count as the service's clients, and anybody may connect: at most so many,
   and at most a part of all clients. */
#define NOTIFY_MAX_CONNECTIONS 1000
#define NOTIFY_MAX_PART 4

static struct connection_list *notify_list;

static int
notify_input_args(struct connection *conn, const char *const *args)
{
	guid_128_t guid;

	/* Anybody may connect: a line that makes no sense costs the sender
	   the connection and us no line in the log. */
	if (str_array_length(args) < 3 || strcmp(args[0], "N") != 0)
		return -1;
	if (strcmp(args[2], "*") == 0)
		listener_park_notice(args[1], NULL, conn->remote_uid);
	else if (guid_128_from_string(args[2], guid) == 0)
		listener_park_notice(args[1], guid, conn->remote_uid);
	else
		return -1;
	return 1;
}

static int
notify_handshake_args(struct connection *conn, const char *const *args)
{
	unsigned int major, minor;

	if (str_array_length(args) != 4 || strcmp(args[0], "VERSION") != 0 ||
	    strcmp(args[1], NOTIFY_PROTOCOL_NAME_CLIENT) != 0 ||
	    str_to_uint(args[2], &major) < 0 ||
	    str_to_uint(args[3], &minor) < 0 ||
	    major != NOTIFY_PROTOCOL_MAJOR)
		return -1;
	return connection_verify_version(conn, args[1], major, minor) < 0 ?
		-1 : 1;
}

static void notify_destroy(struct connection *conn)
{
	connection_deinit(conn);
	i_free(conn);
	master_service_client_connection_destroyed(master_service);
}

static const struct connection_settings notify_connection_set = {
	.service_name_in = NOTIFY_PROTOCOL_NAME_CLIENT,
	.service_name_out = NOTIFY_PROTOCOL_NAME_SERVER,
	.major_version = NOTIFY_PROTOCOL_MAJOR,
	.minor_version = NOTIFY_PROTOCOL_MINOR,
	.input_max_size = NOTIFY_MAX_LINE,
	.output_max_size = NOTIFY_MAX_LINE,
	.input_idle_timeout_secs = NOTIFY_IDLE_TIMEOUT_SECS,
	/* it would be logged otherwise */
	.allow_empty_args_input = TRUE,
};

static const struct connection_vfuncs notify_connection_vfuncs = {
	.destroy = notify_destroy,
	.input_args = notify_input_args,
	.handshake_args = notify_handshake_args,
};

/* The one that connected first makes room. What it has said counts. */
static void notify_close_oldest(void)
{
	unsigned int count = notify_list->connections_count;
	struct connection *conn = notify_list->connections;

	while (conn->next != NULL)
		conn = conn->next;
	connection_input_default(conn);
	if (notify_list->connections_count == count)
		notify_destroy(conn);
}

void listener_notify_client_create(struct master_service_connection *conn)
{
	struct connection *notify = i_new(struct connection, 1);
	unsigned int max = master_service_get_client_limit(master_service);

	if (notify_list->connections_count >= I_MIN(NOTIFY_MAX_CONNECTIONS,
						    max / NOTIFY_MAX_PART + 1))
		notify_close_oldest();
	master_service_client_connection_accept(conn);
	notify->event_parent = listener.event;
	connection_init_server(notify_list, notify, NOTIFY_SOCKET,
			       conn->fd, conn->fd);
}

void listener_notify_init(void)
{
	notify_list = connection_list_init(&notify_connection_set,
					   &notify_connection_vfuncs);
}

void listener_notify_deinit(void)
{
	connection_list_deinit(&notify_list);
}
