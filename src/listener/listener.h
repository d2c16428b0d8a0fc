#ifndef LISTENER_H
#define LISTENER_H

/* Service roost: TLS, HTTP, authentication and every parked request, in one
   process without privileges. What the files are for:

     main.c              start, settings, what comes in on which socket, stop
     listener-client.c   a client's connection: addresses, limits, its timer
     listener-request.c  a request's life, from its headers to the answer
     listener-auth.c     asks Dovecot's auth; remembers successes
     listener-body.c     reads a request's body, in memory or in a file
     listener-queue.c    who is served next: fair between users
     listener-workers.c  the connections to the worker processes
     listener-answer.c   what a worker answered, and how it becomes HTTP
     listener-park.c     parked requests: kept as data, woken by notices
     listener-park-run.c   waiting, and running them again
     listener-park-end.c   how they end
     listener-park-learn.c how long they may
     listener-park-data.c  what is kept of them
     listener-detach.c   takes a connection out of lib-http and gives it back
     listener-park-tls.c the part of that which reaches into TLS streams
     listener-learn.c    how long a device's way lets requests wait
     listener-throttle.c how many requests devices and users may send
     listener-notify.c   change notices from the plugin
     listener-control.c  doveadm roost who
     listener-trace.c    doveadm roost trace */

struct roost_settings;
struct http_server;
struct listener_learn;
struct listener_throttle;
struct listener_trace;
struct event;
struct event_category;

struct listener {
	const struct roost_settings *set;
	struct http_server *http_server;
	/* parent of every other event here */
	struct event *event;
	/* directory for large bodies, opened before the chroot; -1 = it
	   couldn't be opened, large requests are refused */
	int spool_fd;
	struct listener_throttle *throttle;
	/* NULL: nothing is learnt (roost_heartbeat_learn_min) */
	struct listener_learn *learn;
	/* who watches some user's requests; NULL = nobody */
	struct listener_trace *traces;
	/* no new requests, nothing gets parked anymore */
	bool stopping;
};

/* The process' only one. */
extern struct listener listener;
extern struct event_category event_category_roost_listener;

/* The process title's numbers have changed (verbose_proctitle). */
void listener_refresh_proctitle(void);

#endif
