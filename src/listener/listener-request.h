#ifndef LISTENER_REQUEST_H
#define LISTENER_REQUEST_H

struct listener_client;
struct listener_request;
struct listener_answer;
struct http_server_request;

/* A request's headers have come. */
void listener_request_handle(struct listener_client *client,
			     struct http_server_request *hreq);
/* Answers a parked request that stayed in lib-http. */
void listener_request_answer(struct listener_request *req,
			     struct listener_answer *answer);

#endif
