#ifndef LISTENER_CLIENT_H
#define LISTENER_CLIENT_H

#include "net.h"

struct master_service_connection;
struct http_server_connection;
struct listener_auth_input;
struct http_request;

#define LISTENER_SESSION_ID_LEN 16

/* A client's connection. It exists as long as its fd is open, also while the
   fd is parked outside of lib-http. */
struct listener_client {
	struct http_server_connection *http_conn;	/* NULL: parked */
	/* as PROXY protocol gave them, and those of the socket */
	struct ip_addr remote_ip, local_ip, real_remote_ip, real_local_ip;
	in_port_t remote_port, local_port, real_remote_port, real_local_port;
	char session_id[LISTENER_SESSION_ID_LEN + 1];
	/* Runs while we wait for a request's headers, and for nothing else:
	   from the connect or the last answer until they are complete. */
	struct timeout *to_header;
	/* in the list of those for whom it runs */
	struct listener_client *prev, *next;
	bool tls:1;			/* ends here */
	bool https:1;			/* by us or, says PROXY, before */
	bool secured:1;			/* nobody could listen on the way */
	bool counted:1;			/* for roost_connection_limit */
};

void listener_clients_init(void);
void listener_clients_deinit(void);
unsigned int listener_clients_count(void);

/* A new connection on an inet listener. */
void listener_client_create(struct master_service_connection *conn);
/* The fd was parked and is closed now: frees client. Connections in lib-http
   do this themselves. */
void listener_client_destroy(struct listener_client *client);

/* Where a request comes from: the client, or with a trusted proxy before us
   what its headers say. Fills all but authorization, query, ignore_cache. */
void listener_client_get_origin(const struct listener_client *client,
				const struct http_request *request,
				struct listener_auth_input *input_r);
/* "https://mail.example.com:8443", as the client called us. */
const char *listener_client_get_host(const struct listener_client *client,
				     const struct http_request *request,
				     bool https);

/* A request's headers are complete. */
void listener_client_request_begins(struct listener_client *client);
/* Its answer has been sent. */
void listener_client_request_ends(struct listener_client *client);
/* Puts the parked client's fd back into lib-http. */
void listener_client_unpark(struct listener_client *client, int fd);

#endif
