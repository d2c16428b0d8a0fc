/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "module-dir.h"
#include "ostream.h"
#include "ostream-zlib.h"
#include "master-service.h"
#include "master-service-settings.h"
#include "mail-storage-service.h"
#include "roost-compat-worker.h"

#ifdef DOVECOT_2_4

static const struct master_service_settings *
roost_service_settings(struct master_service *service)
{
	return master_service_get_service_settings(service);
}

void roost_storage_service_input_set_tls(struct mail_storage_service_input *input)
{
	input->end_client_tls_secured = TRUE;
}

struct ostream *roost_ostream_create_gzip(struct ostream *output,
					  struct event *event)
{
	return o_stream_create_gz_auto(output, event);
}

#else

/* WBXML and MIME: the higher levels cost twice the time for a few percent */
#define ROOST_GZIP_LEVEL 3

static const struct master_service_settings *
roost_service_settings(struct master_service *service)
{
	return master_service_settings_get(service);
}

void roost_storage_service_input_set_tls(struct mail_storage_service_input *input)
{
	input->conn_secured = TRUE;
	input->conn_ssl_secured = TRUE;
}

struct ostream *roost_ostream_create_gzip(struct ostream *output,
					  struct event *event ATTR_UNUSED)
{
	return o_stream_create_gz(output, ROOST_GZIP_LEVEL);
}

#endif

const char *roost_service_base_dir(struct master_service *service)
{
	return roost_service_settings(service)->base_dir;
}

int roost_module_load(struct module **modules, const char *dir,
		      const char *name,
		      const struct module_dir_load_settings *set,
		      const char **error_r)
{
#ifdef DOVECOT_2_4
	const char *const names[] = { name, NULL };
#else
	const char *names = name;
#endif

	return module_dir_try_load_missing(modules, dir, names, set, error_r);
}
