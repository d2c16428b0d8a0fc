#ifndef WORKER_TICKET_H
#define WORKER_TICKET_H

/* What a login proved, and the sealed ticket that stands for the proof on later requests.
   A ticket is AES-256-GCM over the user, all his userdb fields and its times, with a key that only
   root reads: the listener can neither read, change nor make one. */

struct worker_tickets;

struct worker_proof {
	const char *user;		/* canonical: what auth said */
	/* the name under which the listener presented the login */
	const char *claim;
	const char *const *fields;	/* userdb's, NULL-ended */
	time_t login_time;
	/* of the ticket; 0 = a fresh login, there is no ticket yet */
	time_t issued, expires;
	/* A parked request's ticket is good for that request only: a digest of it
	   (worker_request_digest()). NULL: any request of the user. */
	const char *bound;
};

/* Reads the key from key_path; makes it (0600, at once whole) if this is the first worker
   since the directory was made. Fatal if that fails. */
struct worker_tickets *worker_tickets_init(const char *key_path);
void worker_tickets_deinit(struct worker_tickets **tickets);

/* Returns a ticket for the proof on the data stack. */
const char *
worker_ticket_seal(struct worker_tickets *tickets,
		   const struct worker_proof *proof, time_t issued,
		   time_t expires, const char *bound);
/* Opens a ticket. Returns 1; 0 if it has expired at now; -1 if it isn't ours or was changed. Both with a
   sentence. The proof is owned by tickets and valid until the next call. Tickets seen
   before are found by their text, which costs no decryption. */
int worker_ticket_unseal(struct worker_tickets *tickets, const char *ticket,
			 time_t now, const struct worker_proof **proof_r,
			 const char **error_r);

/* When the ticket to be given with the answer ends (0: none is due): life seconds
   from the login. A fresh login gets one always, a ticket is renewed
   when it is past half of its life and the settings allow a longer one now. */
time_t worker_ticket_due(const struct worker_proof *proof, time_t now,
			 unsigned int life);
/* When the ticket of a request that is parked for secs ends: never
   beyond login + life + heartbeat_max. */
time_t worker_ticket_park_expires(const struct worker_proof *proof, time_t now,
				  unsigned int secs, unsigned int life,
				  unsigned int heartbeat_max);

#endif
