#ifndef ROOST_COMPAT_WORKER_H
#define ROOST_COMPAT_WORKER_H

/* What differs for the worker only. */

struct event;
struct mail_storage_service_input;
struct master_service;
struct ostream;

const char *roost_service_base_dir(struct master_service *service);
/* The user came over TLS. */
void roost_storage_service_input_set_tls(struct mail_storage_service_input *input);

/* A stream that writes what it gets gzipped to output, cheaply rather than small.
   (2.4: with compress_gz_level of event's settings) */
struct ostream *roost_ostream_create_gzip(struct ostream *output,
					  struct event *event);

#endif
