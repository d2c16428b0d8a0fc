#ifndef LISTENER_BODY_H
#define LISTENER_BODY_H

struct http_server_request;
struct listener_body;

/* A request's body: in memory up to WORKER_PROTOCOL_MAX_INLINE, above that in
   an unlinked file of roost_spool_dir. */

enum listener_body_result {
	LISTENER_BODY_RESULT_OK,
	/* the client is too slow: 408 */
	LISTENER_BODY_RESULT_TIMEOUT,
	/* larger than roost_max_request_size: 413 */
	LISTENER_BODY_RESULT_TOO_LARGE,
	/* broken chunks, or the client went away: 400 */
	LISTENER_BODY_RESULT_BROKEN,
	/* no disk space for the file: 503; logged */
	LISTENER_BODY_RESULT_ERROR,
};

typedef void listener_body_callback_t(enum listener_body_result result,
				      void *context);

/* Takes the payload over, in handle_request(). Nothing is read, and no
   "100 Continue" is sent, until listener_body_read() is called. */
struct listener_body *listener_body_init(struct http_server_request *hreq);
void listener_body_deinit(struct listener_body **body);

/* Reads it to its end and calls callback, maybe at once. */
void listener_body_read(struct listener_body *body,
			listener_body_callback_t *callback, void *context);
/* TRUE if the client waits with the body until it is told to go on, and has
   not been told. */
bool listener_body_is_withheld(const struct listener_body *body);
/* The rest isn't wanted; lib-http skips it. */
void listener_body_abandon(struct listener_body *body);

/* After OK: data, or fd if it isn't -1. They stay the body's. */
void listener_body_get(const struct listener_body *body,
		       const unsigned char **data_r, uoff_t *size_r,
		       int *fd_r);
/* The fd has another owner now. */
void listener_body_forget_fd(struct listener_body *body);
/* A new file that has no name. Returns -1 if it failed (logged). */
int listener_spool_create(void);

#endif
