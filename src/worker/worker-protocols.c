#include "lib.h"
#include "roost-compat.h"
#include "roost-request.h"
#include "eas.h"
#include "worker-protocols.h"

const struct roost_protocol *const worker_protocols[] = {
	&eas_protocol,
	&autodiscover_protocol,
	NULL
};

static bool worker_path_matches(const char *pattern, const char *path)
{
	size_t len = strlen(pattern);

	/* one that ends with a slash stands for all below */
	if (pattern[len - 1] == '/')
		return strncasecmp(path, pattern, len) == 0;
	return strcasecmp(path, pattern) == 0;
}

const struct roost_protocol *worker_protocols_find(const char *path)
{
	const struct roost_protocol *const *protocol;
	const char *const *pattern;

	for (protocol = worker_protocols; *protocol != NULL; protocol++) {
		for (pattern = (*protocol)->paths; *pattern != NULL; pattern++) {
			if (worker_path_matches(*pattern, path))
				return *protocol;
		}
	}
	return NULL;
}
