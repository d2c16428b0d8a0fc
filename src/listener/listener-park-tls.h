#ifndef LISTENER_PARK_TLS_H
#define LISTENER_PARK_TLS_H

struct ssl_iostream;
struct http_server_connection;

/* A TLS connection that sleeps needs none of its buffers: 18 KiB instead of
   81. This reaches into structures of lib-ssl-iostream and lib-lib which
   have installed headers but are private. */

/* TRUE if nothing is buffered anywhere in it. Also FALSE if ssl_io isn't as
   we know it: then the request stays in lib-http. */
bool listener_tls_can_detach(struct ssl_iostream *ssl_io);
/* Frees the buffers. Until the connection is attached, checked or destroyed
   by the functions here, nobody may touch the streams. */
void listener_tls_shrink(struct ssl_iostream *ssl_io);
/* The fd is readable: 1 = the client sent data, which is in the stream now
   and the buffers are back; 0 = only TLS's own records; -1 = gone. */
int listener_tls_check(struct ssl_iostream *ssl_io);
/* Puts the TLS streams in the place of conn's, which are those of the fd. */
void listener_tls_attach(struct http_server_connection *conn,
			 struct ssl_iostream *ssl_io);
/* Without a shutdown on the wire; doesn't close the fd. */
void listener_tls_destroy(struct ssl_iostream **ssl_io);

#endif
