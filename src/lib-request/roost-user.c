#include "lib.h"
#include "str.h"
#include "strescape.h"
#include "net.h"
#include "mail-user.h"
#include "mail-storage-settings.h"
#include "roost-compat.h"
#include "roost-compat-storage.h"
#include "roost-settings.h"
#include "roost-request.h"
#include "store.h"
#include "worker-protocol.h"

#include <unistd.h>

/* another worker or doveadm may hold the write lock for a transaction */
#define ROOST_STORE_BUSY_MSECS (10*1000)

int roost_user_get_store(struct roost_user *user, struct store **store_r,
			 const char **error_r)
{
	struct store_settings set;
	const char *path;

	if (user->store != NULL && !store_is_current(user->store))
		store_close(&user->store);
	if (user->store == NULL) {
		if (roost_user_db_path(user->mail_user, user->set, &path,
				       error_r) < 0)
			return -1;
		i_zero(&set);
		set.busy_msecs = ROOST_STORE_BUSY_MSECS;
		set.journal = user->set->roost_db_journal;
		set.quota = user->set->roost_db_quota;
		set.conflicts_keep = user->set->roost_conflicts_keep;
		if (store_open(path, &set, user->event,
			       &user->store, error_r) < 0)
			return -1;
	}
	*store_r = user->store;
	return 0;
}

void roost_user_close_store(struct roost_user *user)
{
	if (user->store != NULL)
		store_close(&user->store);
}

/* One connection per notice: they are rare here, and the listener accounts
   them to the uid that connected. */
void roost_user_notify(struct roost_user *user, const guid_128_t guid)
{
	const char *path;
	string_t *str;
	int fd;

	path = t_strconcat(user->mail_user->set->base_dir, "/"NOTIFY_SOCKET,
			   NULL);
	if ((fd = net_connect_unix(path)) == -1)
		return;
	str = t_str_new(256);
	str_printfa(str, "VERSION\t"NOTIFY_PROTOCOL_NAME_CLIENT"\t%u\t%u\nN\t",
		    NOTIFY_PROTOCOL_MAJOR, NOTIFY_PROTOCOL_MINOR);
	str_append_tabescaped(str, user->mail_user->username);
	str_printfa(str, "\t%s\n", guid_128_to_string(guid));
	if (write(fd, str_data(str), str_len(str)) < 0) {
		/* a hint that is lost costs latency only */
	}
	i_close_fd(&fd);
}
