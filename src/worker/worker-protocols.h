#ifndef WORKER_PROTOCOLS_H
#define WORKER_PROTOCOLS_H

struct roost_protocol;

/* All protocols, NULL-ended. */
extern const struct roost_protocol *const worker_protocols[];

/* The protocol that serves the decoded path, NULL if none does. */
const struct roost_protocol *worker_protocols_find(const char *path);

#endif
