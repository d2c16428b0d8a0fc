#include "lib.h"
#include "ioloop.h"
#include "process-title.h"
#include "restrict-access.h"
#include "http-server.h"
#include "master-service.h"
#include "master-service-ssl.h"
#include "worker-protocol.h"
#include "roost-compat.h"
#include "roost-settings.h"
#include "listener.h"
#include "listener-auth.h"
#include "listener-client.h"
#include "listener-control.h"
#include "listener-learn.h"
#include "listener-notify.h"
#include "listener-park.h"
#include "listener-throttle.h"
#include "listener-workers.h"

#include <fcntl.h>
#include <unistd.h>

#define LISTENER_PROCTITLE_MSECS 1000

struct event_category event_category_roost_listener = {
	.name = "roost-listener",
};

struct listener listener = {
	.spool_fd = -1,
};

static struct http_server_settings http_set;
static struct timeout *to_proctitle;

static void proctitle_update(void *context ATTR_UNUSED)
{
	timeout_remove(&to_proctitle);
	process_title_set(t_strdup_printf(
		"[%u clients, %u parked, %u waiting]",
		listener_clients_count(), listener_park_count(),
		listener_workers_queue_count()));
}

void listener_refresh_proctitle(void)
{
	if (to_proctitle == NULL &&
	    roost_service_verbose_proctitle(master_service)) {
		to_proctitle = timeout_add(LISTENER_PROCTITLE_MSECS,
					   proctitle_update, NULL);
	}
}

static void client_connected(struct master_service_connection *conn)
{
	if (strcmp(conn->name, NOTIFY_SOCKET) == 0)
		listener_notify_client_create(conn);
	else if (strcmp(conn->name, CONTROL_SOCKET) == 0)
		listener_control_client_create(conn);
	else
		listener_client_create(conn);
}

/* Dovecot is stopped or reloaded: the parked clients get their answers and
   come back to the next process, what is under way is finished. */
static void listener_die(void)
{
	if (listener.stopping)
		return;
	listener.stopping = TRUE;
	listener_park_answer_all();
	/* they would keep the process */
	listener_control_stop_traces();
	http_server_shut_down(listener.http_server);
}

static void listener_open_spool(void)
{
	const char *dir = listener.set->roost_spool_dir;

	listener.spool_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (listener.spool_fd == -1)
		i_error("open(%s) failed: %m (roost_spool_dir)", dir);
}

static void listener_init(void)
{
	listener.event = event_create(NULL);
	event_add_category(listener.event, &event_category_roost_listener);

	roost_http_server_settings_init(&http_set,
		listener.set->roost_max_request_size);
	http_set.max_client_idle_time_msecs =
		listener.set->roost_request_timeout * 1000;
	/* or lib-http would read what comes after a request that we park */
	http_set.max_pipelined_requests = 1;
	listener.http_server = roost_http_server_init(&http_set,
						      listener.event);

	listener.throttle = listener_throttle_init(
		listener.set->roost_throttle_device,
		listener.set->roost_throttle_user,
		listener.set->roost_throttle_period);
	if (listener.set->roost_heartbeat_learn_min > 0) {
		listener.learn = listener_learn_init(
			listener.set->roost_heartbeat_learn_min * 1000);
	}
	listener_clients_init();
	listener_workers_init();
	listener_park_init();
	listener_notify_init();
	listener_control_init();
	listener_auth_init();
}

static void listener_deinit(void)
{
	listener.stopping = TRUE;
	listener_park_answer_all();
	http_server_deinit(&listener.http_server);
	listener_auth_deinit();
	listener_control_deinit();
	listener_notify_deinit();
	listener_park_deinit();
	listener_workers_deinit();
	listener_clients_deinit();
	if (listener.learn != NULL)
		listener_learn_deinit(&listener.learn);
	listener_throttle_deinit(&listener.throttle);
	timeout_remove(&to_proctitle);
	i_close_fd(&listener.spool_fd);
	event_unref(&listener.event);
}

int main(int argc, char *argv[])
{
	const char *error;

	master_service = master_service_init("roost", 0, &argc, &argv, "");
	if (master_getopt(master_service) > 0)
		return FATAL_DEFAULT;
	if (roost_service_settings_read(master_service, &listener.set,
					&error) < 0)
		i_fatal("Error reading configuration: %s", error);
	master_service_init_log_with_pid(master_service);

	listener_open_spool();
	/* loads the TLS library, which isn't in the chroot */
	master_service_ssl_ctx_init(master_service);
	restrict_access_by_env(0, NULL);
	restrict_access_allow_coredumps(TRUE);

	listener_init();
	master_service_set_die_callback(master_service, listener_die);
	master_service_init_finish(master_service);
	if (roost_service_verbose_proctitle(master_service))
		proctitle_update(NULL);
	master_service_run(master_service, client_connected);

	listener_deinit();
	roost_settings_free(&listener.set);
	master_service_deinit(&master_service);
	return 0;
}
