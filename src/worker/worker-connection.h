#ifndef WORKER_CONNECTION_H
#define WORKER_CONNECTION_H

struct worker;

/* The listener's connections (one per process, by client_limit), worker-protocol.h. */
void worker_connections_init(struct worker *worker);
void worker_connections_deinit(void);

/* Takes over fd. */
void worker_connection_create(int fd);
/* Master wants the process to end: closes connections as soon as they have no request. */
void worker_connections_die(void);

#endif
