#ifndef WORKER_H
#define WORKER_H

struct master_service_connection;

/* What the process has one of. */
struct worker {
	const struct roost_settings *set;
	struct worker_tickets *tickets;
	struct worker_users *users;
	struct worker_logins *logins;
	bool verbose_proctitle;
	/* master wants us to go: no more requests after the current one */
	bool dying;
};

#endif
