/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "strescape.h"
#include "net.h"
#include "worker-protocol.h"
#include "roost-notify.h"

#include <unistd.h>
#include <sys/socket.h>

void roost_notify_init(struct roost_notify *notify, const char *path)
{
	notify->path = path;
	notify->fd = -1;
}

void roost_notify_deinit(struct roost_notify *notify)
{
	i_close_fd(&notify->fd);
}

static bool
roost_notify_connect(struct roost_notify *notify, struct event *event)
{
	notify->fd = net_connect_unix(notify->path);
	if (notify->fd != -1)
		return TRUE;
	switch (errno) {
	case ENOENT:		/* Roost isn't enabled or isn't running, */
	case ECONNREFUSED:
	case EAGAIN:		/* or has no time for us now */
		e_debug(event, "roost: connect(%s) failed: %m", notify->path);
		break;
	default:
		e_error(event, "roost: connect(%s) failed: %m", notify->path);
	}
	return FALSE;
}

/* Returns 1 sent, 0 dropped, -1 disconnected. */
static int roost_notify_write(struct roost_notify *notify, const string_t *str)
{
	ssize_t ret;

	ret = send(notify->fd, str_data(str), str_len(str),
		   MSG_DONTWAIT | MSG_NOSIGNAL);
	if (ret == (ssize_t)str_len(str))
		return 1;
	if (ret < 0 && errno == EAGAIN)
		return 0;
	/* a half-written line can't be continued later */
	i_close_fd(&notify->fd);
	return -1;
}

void roost_notify_send(struct roost_notify *notify, struct event *event,
		       const char *username, const guid_128_t mailbox_guid)
{
	/* The listener closes idle connections and may have been restarted: a
	   closed one is opened again once. */
	for (unsigned int tries = 0; tries < 2; tries++) T_BEGIN {
		string_t *str = t_str_new(128);
		bool was_connected = notify->fd != -1;

		if (!was_connected) {
			str_printfa(str, "VERSION\t%s\t%u\t%u\n",
				    NOTIFY_PROTOCOL_NAME_CLIENT,
				    NOTIFY_PROTOCOL_MAJOR,
				    NOTIFY_PROTOCOL_MINOR);
		}
		str_append(str, "N\t");
		str_append_tabescaped(str, username);
		str_append_c(str, '\t');
		str_append(str, mailbox_guid == NULL ? "*" :
			   guid_128_to_string(mailbox_guid));
		str_append_c(str, '\n');

		if ((!was_connected && !roost_notify_connect(notify, event)) ||
		    roost_notify_write(notify, str) >= 0 || !was_connected)
			tries = 2;
	} T_END;
}
