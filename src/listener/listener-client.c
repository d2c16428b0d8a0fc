#include "lib.h"
#include "array.h"
#include "base64.h"
#include "hash.h"
#include "ioloop.h"
#include "llist.h"
#include "net.h"
#include "randgen.h"
#include "str.h"
#include "http-request.h"
#include "http-server.h"
#include "http-url.h"
#include "master-service.h"
#include "roost-compat.h"
#include "roost-settings.h"
#include "listener.h"
#include "listener-address.h"
#include "listener-auth.h"
#include "listener-request.h"
#include "listener-client.h"

#include <unistd.h>

/* Connections that are kept free for new clients, notices and doveadm. */
#define CLIENT_RESERVE 100

/* How many connections an address has. */
struct client_address {
	struct ip_addr ip;
	unsigned int count;
	bool warned;
};

static struct listener_clients {
	HASH_TABLE(struct ip_addr *, struct client_address *) addresses;
	ARRAY_TYPE(listener_network) trusted;
	unsigned int count;
	/* to_header runs, the one waiting longest first */
	struct listener_client *waiting_head, *waiting_tail;
} clients;

/* FALSE if the client's address has too many connections already. */
static bool client_count_address(struct listener_client *client)
{
	unsigned int limit = listener.set->roost_connection_limit;
	struct client_address *addr;

	if (limit == 0 ||
	    listener_networks_match(&clients.trusted, &client->remote_ip))
		return TRUE;
	addr = hash_table_lookup(clients.addresses, &client->remote_ip);
	if (addr == NULL) {
		addr = i_new(struct client_address, 1);
		addr->ip = client->remote_ip;
		hash_table_insert(clients.addresses, &addr->ip, addr);
	}
	if (addr->count >= limit) {
		if (!addr->warned) {
			e_warning(listener.event, "Connection of %s refused, "
				  "it has %u already (roost_connection_limit)",
				  net_ip2addr(&addr->ip), addr->count);
			addr->warned = TRUE;
		}
		return FALSE;
	}
	addr->count++;
	client->counted = TRUE;
	return TRUE;
}

static void client_uncount_address(struct listener_client *client)
{
	struct client_address *addr;

	if (!client->counted)
		return;
	addr = hash_table_lookup(clients.addresses, &client->remote_ip);
	i_assert(addr != NULL && addr->count > 0);
	if (--addr->count == 0) {
		hash_table_remove(clients.addresses, &addr->ip);
		i_free(addr);
	}
}

static void
client_close_waiting(struct listener_client *client, const char *reason)
{
	struct http_server_connection *conn = client->http_conn;

	listener_client_request_begins(client);
	http_server_connection_close(&conn, reason);
}

static void client_header_timeout(struct listener_client *client)
{
	client_close_waiting(client, "Timed out waiting for a request");
}

/* When there is nearly no room for more connections, those who only hold one
   open make room. Otherwise a few silent clients would keep all others out. */
static void clients_make_room(void)
{
	unsigned int limit = master_service_get_client_limit(master_service);

	if (clients.count + I_MIN(CLIENT_RESERVE, limit / 10) >= limit &&
	    clients.waiting_head != NULL) {
		client_close_waiting(clients.waiting_head,
				     "Making room for other connections");
	}
}

void listener_client_request_begins(struct listener_client *client)
{
	if (client->to_header == NULL)
		return;
	timeout_remove(&client->to_header);
	DLLIST2_REMOVE(&clients.waiting_head, &clients.waiting_tail, client);
}

void listener_client_request_ends(struct listener_client *client)
{
	listener_client_request_begins(client);
	DLLIST2_APPEND(&clients.waiting_head, &clients.waiting_tail, client);
	client->to_header = timeout_add(
		listener.set->roost_request_timeout * 1000,
		client_header_timeout, client);
}

void listener_client_destroy(struct listener_client *client)
{
	listener_client_request_begins(client);
	client_uncount_address(client);
	clients.count--;
	i_free(client);
	listener_refresh_proctitle();
	master_service_client_connection_destroyed(master_service);
}

static void
client_http_destroyed(void *context, const char *reason ATTR_UNUSED)
{
	struct listener_client *client = context;

	/* listener_detach() has taken the fd and sets this before */
	if (client->http_conn != NULL)
		listener_client_destroy(client);
}

static void
client_handle_request(void *context, struct http_server_request *hreq)
{
	struct listener_client *client = context;

	listener_client_request_begins(client);
	listener_request_handle(client, hreq);
}

static const struct http_server_callbacks client_callbacks = {
	.handle_request = client_handle_request,
	.connection_destroy = client_http_destroyed,
};

static void client_create_session_id(struct listener_client *client)
{
	unsigned char random[LISTENER_SESSION_ID_LEN / 4 * 3];
	string_t *id = t_str_new(LISTENER_SESSION_ID_LEN + 1);

	random_fill(random, sizeof(random));
	base64url_encode(0, SIZE_MAX, random, sizeof(random), id);
	i_assert(str_len(id) == LISTENER_SESSION_ID_LEN);
	memcpy(client->session_id, str_c(id), sizeof(client->session_id));
}

/* As for Dovecot's login processes: nobody can listen on the way from this
   host to itself, nor from networks that are said to be trusted. */
static bool client_is_near(const struct master_service_connection *conn)
{
	if (listener_networks_match(&clients.trusted, &conn->real_remote_ip) ||
	    listener_networks_match(&clients.trusted, &conn->remote_ip))
		return TRUE;
	return !ROOST_MASTER_CONNECTION_PROXIED(conn) &&
		net_ip_compare(&conn->real_remote_ip, &conn->real_local_ip);
}

void listener_client_create(struct master_service_connection *conn)
{
	struct listener_client *client;

	client = i_new(struct listener_client, 1);
	client->remote_ip = conn->remote_ip;
	client->remote_port = conn->remote_port;
	client->local_ip = conn->local_ip;
	client->local_port = conn->local_port;
	client->real_remote_ip = conn->real_remote_ip;
	client->real_remote_port = conn->real_remote_port;
	client->real_local_ip = conn->real_local_ip;
	client->real_local_port = conn->real_local_port;
	client->tls = conn->ssl;
	client->https = conn->ssl ||
		ROOST_MASTER_CONNECTION_PROXIED_TLS(conn);
	client->secured = client->https || client_is_near(conn);
	if (listener.stopping || !client_count_address(client)) {
		/* not accepted: the caller closes the fd */
		i_free(client);
		return;
	}
	clients_make_room();
	master_service_client_connection_accept(conn);
	client_create_session_id(client);
	clients.count++;
	client->http_conn = http_server_connection_create(
		listener.http_server, conn->fd, conn->fd, conn->ssl,
		&client_callbacks, client);
	listener_client_request_ends(client);
	listener_refresh_proctitle();
}

void listener_client_unpark(struct listener_client *client, int fd)
{
	i_assert(client->http_conn == NULL);
	client->http_conn = http_server_connection_create(
		listener.http_server, fd, fd, FALSE, &client_callbacks,
		client);
}

/* All fields of this name as one list (RFC 7230 section 3.2.2). */
static const char *
client_join_headers(const struct http_request *request, const char *name)
{
	const struct http_header_field *field;
	string_t *list = t_str_new(128);

	array_foreach(http_header_get_fields(request->header), field) {
		if (http_header_field_is(field, name)) {
			str_append(list, field->value);
			str_append_c(list, ',');
		}
	}
	return str_c(list);
}

void listener_client_get_origin(const struct listener_client *client,
				const struct http_request *request,
				struct listener_auth_input *input_r)
{
	const char *proto;

	i_zero(input_r);
	input_r->session_id = client->session_id;
	input_r->remote_ip = client->remote_ip;
	input_r->remote_port = client->remote_port;
	input_r->local_ip = client->local_ip;
	input_r->local_port = client->local_port;
	input_r->real_remote_ip = client->real_remote_ip;
	input_r->real_remote_port = client->real_remote_port;
	input_r->real_local_ip = client->real_local_ip;
	input_r->real_local_port = client->real_local_port;
	input_r->https = client->https;
	input_r->secured = client->secured;
	input_r->tls = client->tls;

	if (!listener_networks_match(&clients.trusted, &client->remote_ip))
		return;
	listener_address_forwarded(&clients.trusted,
		client_join_headers(request, "X-Forwarded-For"),
		&input_r->remote_ip, &input_r->remote_port);
	proto = http_request_header_get(request, "X-Forwarded-Proto");
	if (proto != NULL) {
		input_r->https = strcasecmp(proto, "https") == 0;
		input_r->secured = input_r->https;
		input_r->tls = input_r->tls && input_r->https;
	}
}

const char *listener_client_get_host(const struct listener_client *client,
				     const struct http_request *request,
				     bool https)
{
	const char *scheme = https ? "https://" : "http://";
	const char *host;

	if (listener_networks_match(&clients.trusted, &client->remote_ip)) {
		host = http_request_header_get(request, "X-Forwarded-Host");
		if (host != NULL && *host != '\0' && strlen(host) <= 300 &&
		    strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789"
			   "ABCDEFGHIJKLMNOPQRSTUVWXYZ-._:[]") == strlen(host))
			return t_strconcat(scheme, host, NULL);
	}
	return t_strconcat(scheme,
		http_url_create_authority(request->target.url), NULL);
}

unsigned int listener_clients_count(void)
{
	return clients.count;
}

void listener_clients_init(void)
{
	const char *error;

	hash_table_create(&clients.addresses, default_pool, 0,
			  net_ip_hash, net_ip_cmp);
	i_array_init(&clients.trusted, 4);
	if (listener_networks_parse(listener.set->roost_trusted_networks,
				    &clients.trusted, &error) < 0)
		i_fatal("roost_trusted_networks: %s", error);
}

void listener_clients_deinit(void)
{
	hash_table_destroy(&clients.addresses);
	array_free(&clients.trusted);
}
