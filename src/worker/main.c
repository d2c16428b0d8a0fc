#include "lib.h"
#include "restrict-access.h"
#include "master-service.h"
#include "roost-compat.h"
#include "roost-compat-storage.h"
#include "roost-compat-worker.h"
#include "roost-settings.h"
#include "gal.h"
#include "store-secret.h"
#include "worker.h"
#include "worker-connection.h"
#include "worker-login.h"
#include "worker-ticket.h"
#include "worker-user.h"

/* both in base_dir */
#define WORKER_AUTH_SOCKET "auth-master"
#define WORKER_TICKET_KEY "roost-ticket.key"

static struct worker worker;
static struct mail_storage_service_ctx *storage_service;

static void client_connected(struct master_service_connection *conn)
{
	master_service_client_connection_accept(conn);
	worker_connection_create(conn->fd);
}

static void worker_die(void)
{
	worker_connections_die();
}

/* While we are root: no user's process can read the file. */
static void main_read_recovery_key(void)
{
	const char *path = worker.set->roost_recovery_key_file, *error;

	if (*path == '\0')
		return;
	if (store_secret_key_read(path, &error) < 0)
		i_error("roost_recovery_key_file: %s", error);
}

static void main_init(void)
{
	const char *base_dir = roost_service_base_dir(master_service);

	storage_service = roost_storage_service_init(master_service,
		MAIL_STORAGE_SERVICE_FLAG_USERDB_LOOKUP |
		MAIL_STORAGE_SERVICE_FLAG_TEMP_PRIV_DROP |
		MAIL_STORAGE_SERVICE_FLAG_NO_IDLE_TIMEOUT);
	worker.verbose_proctitle =
		roost_service_verbose_proctitle(master_service);
	worker.tickets = worker_tickets_init(
		t_strconcat(base_dir, "/"WORKER_TICKET_KEY, NULL));
	worker.logins = worker_logins_init(
		t_strconcat(base_dir, "/"WORKER_AUTH_SOCKET, NULL));
	worker.users = worker_users_init(storage_service, worker.set);
	main_read_recovery_key();
	worker_connections_init(&worker);
	master_service_set_die_callback(master_service, worker_die);
}

static void main_deinit(void)
{
	worker_connections_deinit();
	worker_logins_deinit(&worker.logins);
	worker_users_deinit(&worker.users);
	gal_deinit_all();
	worker_tickets_deinit(&worker.tickets);
	mail_storage_service_deinit(&storage_service);
	store_secret_key_forget();
	roost_settings_free(&worker.set);
}

int main(int argc, char *argv[])
{
	const char *error;

	/* the name stands in log prefixes and for %s */
	master_service = master_service_init("roost",
		ROOST_MASTER_SERVICE_FLAG_KEEP_CONFIG_OPEN, &argc, &argv, "");
	if (master_getopt(master_service) > 0)
		return FATAL_DEFAULT;
	if (roost_service_settings_read(master_service, &worker.set,
					&error) < 0)
		i_fatal("%s", error);

	master_service_init_log_with_pid(master_service);
	restrict_access_by_env(RESTRICT_ACCESS_FLAG_ALLOW_ROOT, NULL);
	main_init();
	master_service_init_finish(master_service);
	master_service_run(master_service, client_connected);
	main_deinit();
	master_service_deinit(&master_service);
	return 0;
}
