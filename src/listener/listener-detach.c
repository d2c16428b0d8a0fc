#include "lib.h"
#include "istream.h"
#include "ostream.h"
#include "http-server-private.h"
#include "listener.h"
#include "listener-client.h"
#include "listener-park-tls.h"
#include "listener-detach.h"

#include <unistd.h>
#include <sys/socket.h>

/* lib-http has only half of what is needed: it gives a connection away (as a
   tunnel), but can't take it back in the middle of a request. The other half
   uses its private header, which dovecot-dev installs. */

/* Nothing of this request is left to be read or sent, and nothing of the next
   one has been read: max_pipelined_requests is 1. */
static bool detach_is_possible(const struct http_server_connection *conn,
			       const struct http_server_request *hreq)
{
	return conn->request_queue_head == hreq &&
		conn->request_queue_count == 1 &&
		conn->incoming_payload == NULL && !conn->closed &&
		conn->conn.input != NULL && conn->conn.output != NULL &&
		i_stream_get_data_size(conn->conn.input) == 0 &&
		o_stream_get_buffer_used_size(conn->conn.output) == 0 &&
		(conn->ssl_iostream == NULL ||
		 listener_tls_can_detach(conn->ssl_iostream));
}

static void
detach_tunnel(void *context, const struct http_server_tunnel *tunnel)
{
	struct listener_socket *socket = context;
	struct istream *input = tunnel->input;
	struct ostream *output = tunnel->output;

	socket->fd = tunnel->fd_in;
	if (socket->ssl_io != NULL) {
		/* it has the only references to its streams now */
		o_stream_unset_flush_callback(output);
		listener_tls_shrink(socket->ssl_io);
	} else {
		/* these don't close the fd */
		i_stream_unref(&input);
		o_stream_unref(&output);
	}
}

bool listener_detach(struct listener_client *client,
		     struct http_server_request *hreq,
		     struct listener_socket *socket_r)
{
	struct http_server_connection *conn = client->http_conn;

	if (!detach_is_possible(conn, hreq))
		return FALSE;
	i_zero(socket_r);
	socket_r->fd = -1;
	socket_r->ssl_io = conn->ssl_iostream;
	/* or lib-http would shut TLS down */
	conn->ssl_iostream = NULL;
	client->http_conn = NULL;
	http_server_connection_tunnel(&conn, detach_tunnel, socket_r);
	/* the end of the lib-http request started it */
	listener_client_request_begins(client);
	return TRUE;
}

struct http_server_request *
listener_attach(struct listener_client *client,
		const struct listener_socket *socket, bool close)
{
	struct http_server_connection *conn;
	struct http_server_request *hreq;

	listener_client_unpark(client, socket->fd);
	conn = client->http_conn;
	if (socket->ssl_io != NULL)
		listener_tls_attach(conn, socket->ssl_io);

	/* what is left of the request after its headers and body were read */
	hreq = http_server_request_new(conn);
	hreq->req.method = "POST";
	hreq->req.version_major = 1;
	hreq->req.version_minor = 1;
	hreq->req.connection_close = close;
	hreq->state = HTTP_SERVER_REQUEST_STATE_PROCESSING;
	http_server_request_set_destroy_callback(hreq,
		listener_client_request_ends, client);
	return hreq;
}

int listener_socket_check(const struct listener_socket *socket)
{
	unsigned char c;
	ssize_t ret;

	if (socket->ssl_io != NULL)
		return listener_tls_check(socket->ssl_io);
	ret = recv(socket->fd, &c, 1, MSG_PEEK | MSG_DONTWAIT);
	if (ret > 0)
		return 1;
	return ret < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

void listener_socket_close(struct listener_socket *socket)
{
	if (socket->ssl_io != NULL)
		listener_tls_destroy(&socket->ssl_io);
	i_close_fd(&socket->fd);
}
