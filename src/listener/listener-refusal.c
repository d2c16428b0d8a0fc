#include "lib.h"
#include "str.h"
#include "http-server.h"
#include "listener-auth.h"
#include "listener-refusal.h"

/* What clients are told to wait after a 503. */
#define REFUSAL_RETRY_AFTER_SECS 10

static const struct refusal_kind {
	unsigned int status;
	const char *reason;
	bool retry_after, close;
} refusal_kinds[] = {
	{ 400, "Bad Request", FALSE, TRUE },
	{ 401, "Unauthorized", FALSE, FALSE },
	{ 403, "Forbidden", FALSE, FALSE },
	{ 404, "Not Found", FALSE, FALSE },
	{ 408, "Request Timeout", FALSE, TRUE },
	{ 413, "Payload Too Large", FALSE, TRUE },
	{ 503, "Service Unavailable", TRUE, FALSE },
};

static const struct refusal_kind *refusal_kind_find(unsigned int status)
{
	unsigned int i;

	for (i = 0; i < N_ELEMENTS(refusal_kinds); i++) {
		if (refusal_kinds[i].status == status)
			return &refusal_kinds[i];
	}
	i_unreached();
}

const char *listener_refusal_reason(unsigned int status)
{
	return refusal_kind_find(status)->reason;
}

/* One field per scheme: clients that know only Basic may not look further in
   a list. Lib-http's own function would leave the quotes out, which RFC 7235
   wants. */
static void refusal_add_challenges(struct http_server_request *hreq)
{
	const char *authorization = http_request_header_get(
		http_server_request_get(hreq), "Authorization");
	const char *bearer = "Bearer realm=\"Roost\"";

	http_server_request_add_response_header(hreq, "WWW-Authenticate",
						"Basic realm=\"Roost\"");
	if (!listener_auth_offers_bearer())
		return;
	/* RFC 6750 section 3.1; without a token there is no error */
	if (authorization != NULL &&
	    strncasecmp(authorization, "Bearer ", 7) == 0) {
		bearer = "Bearer realm=\"Roost\", "
			"error=\"invalid_token\"";
	}
	http_server_request_add_response_header(hreq, "WWW-Authenticate",
						bearer);
}

void listener_refusal_send(struct http_server_request *hreq,
			   const struct listener_refusal *refusal)
{
	const struct refusal_kind *kind = refusal_kind_find(refusal->status);

	if (kind->retry_after) {
		http_server_request_add_response_header(hreq, "Retry-After",
			t_strdup_printf("%u", refusal->retry_secs > 0 ?
					refusal->retry_secs :
					REFUSAL_RETRY_AFTER_SECS));
	}
	if (refusal->throttle != NULL) {
		http_server_request_add_response_header(hreq,
			"X-MS-ASThrottle", refusal->throttle);
	}
	if (kind->close || refusal->close)
		http_server_request_connection_close(hreq, TRUE);
	if (refusal->status == 401)
		refusal_add_challenges(hreq);
	if (refusal->text == NULL) {
		http_server_request_fail(hreq, refusal->status, kind->reason);
	} else {
		http_server_request_fail_text(hreq, refusal->status,
			kind->reason, "%s", refusal->text);
	}
}
