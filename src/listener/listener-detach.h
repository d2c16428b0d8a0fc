#ifndef LISTENER_DETACH_H
#define LISTENER_DETACH_H

struct listener_client;
struct http_server_request;
struct ssl_iostream;

/* A client's connection outside of lib-http: nothing but the fd and, with TLS,
   its state. */
struct listener_socket {
	int fd;
	struct ssl_iostream *ssl_io;	/* NULL: no TLS */
};

/* Takes the connection of hreq out of lib-http. hreq is destroyed in this
   call (its destroy callback runs). FALSE: it can't be done now, nothing has
   changed: more than this request has been read from it already, an answer is
   still being sent, or TLS doesn't allow it. */
bool listener_detach(struct listener_client *client,
		     struct http_server_request *hreq,
		     struct listener_socket *socket_r);
/* Gives it back: a new connection of client, on which a request waits to be
   answered. close: the client wanted the connection to be closed then. */
struct http_server_request *
listener_attach(struct listener_client *client,
		const struct listener_socket *socket, bool close);

/* The fd is readable. Returns 1 if the client sent its next request, 0 if
   nothing that concerns us, -1 if it is gone. */
int listener_socket_check(const struct listener_socket *socket);
void listener_socket_close(struct listener_socket *socket);

#endif
