/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "istream.h"
#include "connection.h"
#include "settings-parser.h"
#include "master-service.h"
#include "master-service-settings.h"
#include "http-url.h"
#include "http-server-private.h"
#include "http-request-parser.h"
#include "roost-settings.h"
#include "roost-compat.h"

#ifdef DOVECOT_2_4
#  include "settings.h"
#endif

/* All of a request's header fields. Whoever connects can make us keep that
   much, and a worker's line has to hold it tab-escaped. */
#define ROOST_HTTP_MAX_HEADER_SIZE (64*1024)

#ifdef DOVECOT_2_4

int roost_service_settings_read(struct master_service *service,
				const struct roost_settings **set_r,
				const char **error_r)
{
	/* so that protocol roost { } is seen, in this process and its users */
	struct master_service_settings_input input = {
		.protocol = "roost",
	};
	struct master_service_settings_output output;
	struct event *event;
	int ret;

	if (master_service_settings_read(service, &input, &output,
					 error_r) < 0)
		return -1;
	event = event_create(master_service_get_event(service));
	event_add_str(event, "protocol", "roost");
	/* there is no user yet to expand the per-user ones for */
	ret = settings_get(event, &roost_setting_parser_info,
			   SETTINGS_GET_FLAG_NO_EXPAND, set_r, error_r);
	event_unref(&event);
	return ret;
}

void roost_settings_free(const struct roost_settings **_set)
{
	const struct roost_settings *set = *_set;

	*_set = NULL;
	settings_free(set);
}

bool roost_service_verbose_proctitle(struct master_service *service)
{
	return master_service_get_service_settings(service)->verbose_proctitle;
}

void roost_http_server_settings_init(struct http_server_settings *set_r,
				     uoff_t max_payload_size)
{
	http_server_settings_init(null_pool, set_r);
	set_r->request_max_payload_size = max_payload_size;
	set_r->request_hdr_max_size = ROOST_HTTP_MAX_HEADER_SIZE;
}

struct http_server *
roost_http_server_init(const struct http_server_settings *set,
		       struct event *event)
{
	return http_server_init(set, event);
}

#else

int roost_service_settings_read(struct master_service *service,
				const struct roost_settings **set_r,
				const char **error_r)
{
	static const struct setting_parser_info *set_roots[] = {
		&roost_setting_parser_info,
		NULL
	};
	struct master_service_settings_input input = {
		.roots = set_roots,
		.module = "roost",
		.service = "roost",
	};
	struct master_service_settings_output output;
	struct roost_settings *set;
	void **sets;
	pool_t pool;

	if (master_service_settings_read(service, &input, &output,
					 error_r) < 0)
		return -1;
	/* the next read, for a user, clears what this one returned */
	sets = master_service_settings_get_others(service);
	pool = pool_alloconly_create("roost settings", 1024);
	set = settings_dup(&roost_setting_parser_info, sets[0], pool);
	set->pool = pool;
	*set_r = set;
	return 0;
}

void roost_settings_free(const struct roost_settings **_set)
{
	const struct roost_settings *set = *_set;
	pool_t pool;

	*_set = NULL;
	if (set == NULL)
		return;
	/* a user's settings belong to the user and have no pool */
	pool = set->pool;
	if (pool != NULL)
		pool_unref(&pool);
}

bool roost_service_verbose_proctitle(struct master_service *service)
{
	return master_service_settings_get(service)->verbose_proctitle;
}

void roost_http_server_settings_init(struct http_server_settings *set_r,
				     uoff_t max_payload_size)
{
	i_zero(set_r);
	set_r->request_limits.max_payload_size = max_payload_size;
	set_r->request_limits.header.max_size = ROOST_HTTP_MAX_HEADER_SIZE;
}

struct http_server *
roost_http_server_init(const struct http_server_settings *set,
		       struct event *event)
{
	struct http_server_settings copy = *set;

	copy.event = event;
	return http_server_init(&copy);
}

#endif

void roost_http_connection_new_parser(struct http_server_connection *conn,
				      struct istream *input)
{
	static const struct http_url base_url;
	struct http_request_limits limits;

#ifdef DOVECOT_2_4
	i_zero(&limits);
	limits.max_target_length = conn->set->request_max_target_length;
	limits.max_payload_size = conn->set->request_max_payload_size;
	limits.header.max_size = conn->set->request_hdr_max_size;
	limits.header.max_field_size = conn->set->request_hdr_max_field_size;
	limits.header.max_fields = conn->set->request_hdr_max_fields;
#else
	limits = conn->server->set.request_limits;
#endif
	http_request_parser_deinit(&conn->http_parser);
	conn->http_parser = http_request_parser_init(input, &base_url, &limits,
		HTTP_REQUEST_PARSE_FLAG_STRICT);
}
