/* Copyright (c) 2026 Roost authors, see the included COPYING file */

/* doveadm roost who: asks the listener which requests are parked, and which
   devices are throttled. */
#include "lib.h"
#include "net.h"
#include "str.h"
#include "strescape.h"
#include "istream.h"
#include "wildcard-match.h"
#include "write-full.h"
#include "worker-protocol.h"
#include "doveadm-print.h"
#include "roost-compat.h"
#include "roost-compat-doveadm.h"
#include "doveadm-roost.h"

#include <poll.h>
#include <unistd.h>

#define WHO_TIMEOUT_MSECS (10*1000)
#define WHO_MAX_LINE 8192

enum who_field {
	WHO_FIELD_USER = 0,
	WHO_FIELD_DEVICE,
	WHO_FIELD_COMMAND,
	WHO_FIELD_VERSION,
	WHO_FIELD_IP,
	WHO_FIELD_PARKED,
	WHO_FIELD_REMAINING,
	WHO_FIELD_CEILING,

	WHO_FIELD_COUNT
};

static const struct {
	const char *key, *title;
	enum doveadm_print_header_flags flags;
} who_headers[WHO_FIELD_COUNT] = {
	[WHO_FIELD_USER] = { "username", "username",
			     DOVEADM_PRINT_HEADER_FLAG_EXPAND },
	[WHO_FIELD_DEVICE] = { "device", "device", 0 },
	[WHO_FIELD_COMMAND] = { "command", "command", 0 },
	[WHO_FIELD_VERSION] = { "version", "version", 0 },
	[WHO_FIELD_IP] = { "ip", "ip", 0 },
	[WHO_FIELD_PARKED] = { "parked", "parked secs",
			       DOVEADM_PRINT_HEADER_FLAG_RIGHT_JUSTIFY |
			       DOVEADM_PRINT_HEADER_FLAG_NUMBER },
	[WHO_FIELD_REMAINING] = { "remaining", "remaining secs",
				  DOVEADM_PRINT_HEADER_FLAG_RIGHT_JUSTIFY |
				  DOVEADM_PRINT_HEADER_FLAG_NUMBER },
	[WHO_FIELD_CEILING] = { "ceiling", "ceiling secs",
				DOVEADM_PRINT_HEADER_FLAG_RIGHT_JUSTIFY |
				DOVEADM_PRINT_HEADER_FLAG_NUMBER },
};

int doveadm_roost_control_connect(const char *path, const char *line,
				  int *fd_r, const char **error_r)
{
	const char *request = t_strconcat(
		"VERSION\t"CONTROL_PROTOCOL_NAME_CLIENT"\t1\t0\n", line, NULL);
	int fd;

	fd = net_connect_unix(path);
	if (fd == -1) {
		*error_r = errno == ENOENT || errno == ECONNREFUSED ?
			t_strdup_printf("Roost isn't running (no %s)", path) :
			t_strdup_printf("connect(%s) failed: %m", path);
		return -1;
	}
	if (write_full(fd, request, strlen(request)) < 0) {
		*error_r = t_strdup_printf("write(%s) failed: %m", path);
		i_close_fd(&fd);
		return -1;
	}
	*fd_r = fd;
	return 0;
}

/* Returns 1 and a line, 0 at the end of the connection, -1 error. */
static int who_read_line(struct istream *input, const char **line_r,
			 const char **error_r)
{
	struct pollfd pfd = {
		.fd = i_stream_get_fd(input),
		.events = POLLIN,
	};
	ssize_t ret;

	while ((*line_r = i_stream_next_line(input)) == NULL) {
		ret = i_stream_read(input);
		if (ret == -2) {
			*error_r = "The listener sent a line that is too long";
			return -1;
		}
		if (ret == -1 && input->stream_errno == 0)
			return 0;
		if (ret == -1) {
			*error_r = t_strdup_printf("read(%s) failed: %s",
				i_stream_get_name(input),
				i_stream_get_error(input));
			return -1;
		}
		if (ret == 0 && poll(&pfd, 1, WHO_TIMEOUT_MSECS) == 0) {
			*error_r = "The listener doesn't answer";
			return -1;
		}
	}
	return 1;
}

static void who_print(const char *line, const char *mask)
{
	const char *const *fields = t_strsplit_tabescaped(line);

	if (str_array_length(fields) < WHO_FIELD_COUNT ||
	    !wildcard_match_icase(fields[WHO_FIELD_USER], mask))
		return;
	for (unsigned int i = 0; i < WHO_FIELD_COUNT; i++)
		doveadm_print(fields[i]);
}

/* The answer ends with an empty line. */
static int who_read(struct istream *input, const char *mask,
		    const char **error_r)
{
	const char *line;
	int ret;

	while ((ret = who_read_line(input, &line, error_r)) > 0) {
		if (*line == '\0')
			return 0;
		if (str_begins_with(line, "VERSION\t"))
			continue;
		T_BEGIN {
			who_print(line, mask);
		} T_END;
	}
	if (ret == 0)
		*error_r = "The listener closed the connection too early";
	return -1;
}

static void cmd_roost_who(struct doveadm_cmd_context *cctx)
{
	const char *mask = "*", *path, *error;
	struct istream *input;
	int fd;

	(void)doveadm_cmd_param_str(cctx, "user-mask", &mask);
	path = t_strconcat(doveadm_settings->base_dir, "/"CONTROL_SOCKET, NULL);

	doveadm_print_init(DOVEADM_PRINT_TYPE_TABLE);
	for (unsigned int i = 0; i < WHO_FIELD_COUNT; i++) {
		doveadm_print_header(who_headers[i].key, who_headers[i].title,
				     who_headers[i].flags);
	}

	if (doveadm_roost_control_connect(path, "WHO\n", &fd, &error) < 0) {
		i_error("%s", error);
		doveadm_exit_code = EX_UNAVAILABLE;
		return;
	}
	input = i_stream_create_fd_autoclose(&fd, WHO_MAX_LINE);
	i_stream_set_name(input, path);
	if (who_read(input, mask, &error) < 0) {
		i_error("%s", error);
		doveadm_exit_code = EX_TEMPFAIL;
	}
	i_stream_unref(&input);
}

static struct doveadm_cmd_ver2 doveadm_cmd_roost_who = {
	.name = "roost who",
	.cmd = cmd_roost_who,
	.usage = "[<user mask>]",
DOVEADM_CMD_PARAMS_START
DOVEADM_CMD_PARAM('\0', "user-mask", CMD_PARAM_STR, CMD_PARAM_FLAG_POSITIONAL)
DOVEADM_CMD_PARAMS_END
};

void doveadm_roost_who_register(void)
{
	doveadm_cmd_register_ver2(&doveadm_cmd_roost_who);
}
