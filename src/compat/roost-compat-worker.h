#ifndef ROOST_COMPAT_WORKER_H
#define ROOST_COMPAT_WORKER_H

/* What differs for the worker only. */

struct event;
struct mail_storage_service_input;
struct master_service;
struct ostream;
struct module;
struct module_dir_load_settings;

const char *roost_service_base_dir(struct master_service *service);
/* The user came over TLS. */
void roost_storage_service_input_set_tls(struct mail_storage_service_input *input);

/* A stream that writes what it gets gzipped to output, cheaply rather than small.
   (2.4: with compress_gz_level of event's settings) */
struct ostream *roost_ostream_create_gzip(struct ostream *output,
					  struct event *event);

/* Loads the module of that name from dir. Returns 0, or -1 and a sentence. */
int roost_module_load(struct module **modules, const char *dir,
		      const char *name,
		      const struct module_dir_load_settings *set,
		      const char **error_r);

#endif
