#ifndef LISTENER_NOTIFY_H
#define LISTENER_NOTIFY_H

struct master_service_connection;

/* Change notices, see worker-protocol.h. */
void listener_notify_init(void);
void listener_notify_deinit(void);
/* A connection to NOTIFY_SOCKET. */
void listener_notify_client_create(struct master_service_connection *conn);

#endif
