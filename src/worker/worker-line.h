#ifndef WORKER_LINE_H
#define WORKER_LINE_H

#include "net.h"
#include "roost-request.h"
#include "roost-compat-login.h"

/* A REQUEST line of the listener, taken apart and checked (worker-protocol.h). */
struct worker_line {
	unsigned int id;
	uoff_t body_size;
	bool body_fd;

	bool have_login;		/* login is filled, or ticket is set */
	struct login_request login;
	const char *ticket;

	const char *user, *session, *method, *target, *host;
	struct ip_addr remote_ip, local_ip;
	in_port_t remote_port, local_port;
	bool secured;
	unsigned int elapsed_msecs;
	ARRAY_TYPE(roost_header) headers;
};

/* args are those after REQUEST. Strings are allocated from pool. The listener is not
   trusted: returns -1 and a sentence if anything is missing, doubled, unknown, out of
   range or has control characters. */
int worker_line_parse(const char *const *args, pool_t pool,
		      struct worker_line *line_r, const char **error_r);

#endif
