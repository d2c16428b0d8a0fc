#include "lib.h"
#include "array.h"
#include "str.h"
#include "ostream.h"
#include "iostream-temp.h"
#include "roost-compat.h"
#include "roost-settings.h"
#include "roost-request.h"

/* An answer up to this size stays in memory. It is also what goes to the
   listener without a file. */
#define ROOST_ANSWER_MAX_MEMORY (128*1024)

const char *roost_request_header(const struct roost_request *req,
				 const char *name)
{
	const struct roost_header *header;

	array_foreach(&req->headers, header) {
		if (strcasecmp(header->name, name) == 0)
			return header->value;
	}
	return NULL;
}

int roost_request_as_user(struct roost_request *req, const char *username,
			  roost_as_user_callback_t *callback, void *context,
			  const char **error_r)
{
	if (req->as_user == NULL) {
		*error_r = "No other user can be opened here";
		return -1;
	}
	return req->as_user(req, username, callback, context, error_r);
}

void roost_answer_add_header(struct roost_request *req, const char *name,
			     const char *value)
{
	struct roost_header *header;
	char *p, *copy = p_strdup(req->pool, value);

	/* a line break here would be a header of somebody else's making */
	for (p = copy; *p != '\0'; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = ' ';
	}
	header = array_append_space(&req->answer.headers);
	header->name = name;
	header->value = copy;
}

struct ostream *roost_answer_output(struct roost_request *req)
{
	if (req->answer.output == NULL) {
		const char *prefix = t_strconcat(
			req->user->set->roost_spool_dir, "/roost-answer.",
			NULL);
		req->answer.output = iostream_temp_create_sized(
			prefix, 0, "(roost answer)", ROOST_ANSWER_MAX_MEMORY);
	}
	return req->answer.output;
}

void roost_answer_reset(struct roost_request *req)
{
	struct roost_answer *answer = &req->answer;
	const struct roost_header *headers;
	unsigned int i = 0;

	if (answer->output != NULL) {
		o_stream_abort(answer->output);
		o_stream_destroy(&answer->output);
	}
	while (i < array_count(&answer->headers)) {
		headers = array_idx(&answer->headers, i);
		if (strncasecmp(headers->name, "Content-", 8) == 0)
			array_delete(&answer->headers, i, 1);
		else
			i++;
	}
	answer->status = 200;
	answer->reason = NULL;
}

void roost_answer_fail(struct roost_request *req, unsigned int status,
		       const char *reason)
{
	struct ostream *output;

	roost_answer_reset(req);
	req->answer.status = status;
	req->answer.reason = reason;
	req->answer.park = NULL;
	roost_answer_add_header(req, "Content-Type",
				"text/plain; charset=utf-8");
	output = roost_answer_output(req);
	o_stream_nsend_str(output, reason);
	o_stream_nsend_str(output, "\n");
}

void roost_answer_park(struct roost_request *req, unsigned int msecs,
		       const guid_128_t *watch, unsigned int watch_count)
{
	struct roost_park *park;

	park = p_new(req->pool, struct roost_park, 1);
	park->msecs = msecs;
	p_array_init(&park->watch, req->pool, I_MAX(watch_count, 1));
	array_append(&park->watch, watch, watch_count);
	req->answer.park = park;
}
