#ifndef LISTENER_CONTROL_H
#define LISTENER_CONTROL_H

struct master_service_connection;

/* doveadm roost who, see worker-protocol.h. */
void listener_control_init(void);
void listener_control_deinit(void);
/* Disconnects those who trace. */
void listener_control_stop_traces(void);
/* A connection to CONTROL_SOCKET. */
void listener_control_client_create(struct master_service_connection *conn);

#endif
