#include "lib.h"
#include "array.h"
#include "str.h"
#include "strnum.h"
#include "hex-binary.h"
#include "istream.h"
#include "http-server.h"
#include "roost-compat.h"
#include "listener-answer.h"

#define ANSWER_FILE_BUFFER_SIZE (32*1024)
/* A Ping may watch hundreds of folders; more than this is our worker's bug. */
#define ANSWER_MAX_WATCHES 4096

enum answer_key_type {
	ANSWER_KEY_STR,
	ANSWER_KEY_UINT,
};

/* keys with one value; those for the parking only are not kept for the
   time-out's answer */
static const struct answer_key {
	const char *name;
	enum answer_key_type type;
	size_t offset;
	bool parking;
} answer_keys[] = {
#define KEY(name, type, field, parking) \
	{ name, type, offsetof(struct listener_answer, field), parking }
	KEY("status", ANSWER_KEY_UINT, status, FALSE),
	KEY("reason", ANSWER_KEY_STR, reason, FALSE),
	KEY("users", ANSWER_KEY_STR, users, TRUE),
	KEY("ticket", ANSWER_KEY_STR, ticket, TRUE),
	KEY("ticket_secs", ANSWER_KEY_UINT, ticket_secs, TRUE),
	KEY("user", ANSWER_KEY_STR, user, TRUE),
	KEY("park_ticket", ANSWER_KEY_STR, park_ticket, TRUE),
	KEY("device", ANSWER_KEY_STR, device, FALSE),
	KEY("command", ANSWER_KEY_STR, command, FALSE),
	KEY("version", ANSWER_KEY_STR, version, FALSE),
};

static const struct answer_key *
answer_key_find(const char *key, const char **value_r)
{
	const char *value = strchr(key, '=');
	size_t len;
	unsigned int i;

	if (value == NULL)
		return NULL;
	len = value - key;
	for (i = 0; i < N_ELEMENTS(answer_keys); i++) {
		if (strncmp(answer_keys[i].name, key, len) == 0 &&
		    answer_keys[i].name[len] == '\0') {
			*value_r = value + 1;
			return &answer_keys[i];
		}
	}
	return NULL;
}

bool listener_answer_key_is_http(const char *key)
{
	const struct answer_key *k;
	const char *value;

	if (str_begins_with(key, "watch="))
		return FALSE;
	k = answer_key_find(key, &value);
	return k == NULL || !k->parking;
}

static int answer_add_watch(struct listener_answer *answer, const char *value)
{
	guid_128_t *guid;

	if (array_count(&answer->watch) >= ANSWER_MAX_WATCHES)
		return -1;
	guid = array_append_space(&answer->watch);
	return guid_128_from_string(value, *guid);
}

static int answer_set_key(struct listener_answer *answer, const char *key)
{
	const struct answer_key *k;
	const char *value;
	void *field;

	if (strcmp(key, "close=1") == 0) {
		answer->close = TRUE;
		return 0;
	}
	if (roost_str_begins(key, "watch=", &value))
		return answer_add_watch(answer, value);
	k = answer_key_find(key, &value);
	if (k == NULL) {
		/* a header, or a key of a newer worker */
		return 0;
	}
	field = PTR_OFFSET(answer, k->offset);
	if (k->type == ANSWER_KEY_UINT)
		return str_to_uint(value, field);
	*(const char **)field = value;
	return 0;
}

int listener_answer_parse(unsigned int status, const char *const *keys,
			  struct listener_answer *answer_r,
			  const char **error_r)
{
	i_zero(answer_r);
	answer_r->park = status == 0;
	answer_r->status = answer_r->park ? 200 : status;
	answer_r->body_fd = -1;
	answer_r->keys = keys;
	t_array_init(&answer_r->watch, 8);
	for (; *keys != NULL; keys++) {
		if (answer_set_key(answer_r, *keys) < 0) {
			*error_r = t_strdup_printf("Invalid value in '%s'",
						   t_strcut(*keys, '='));
			return -1;
		}
	}
	if (answer_r->status < 200 || answer_r->status > 599) {
		*error_r = "Invalid HTTP status";
		return -1;
	}
	if (answer_r->park &&
	    (answer_r->user == NULL || answer_r->park_ticket == NULL)) {
		*error_r = "PARK without user or park_ticket";
		return -1;
	}
	return 0;
}

/* A field's value must not be able to end its line. */
static bool answer_text_is_safe(const char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < ' ' || *text == '\177')
			return FALSE;
	}
	return TRUE;
}

static void
answer_add_headers(struct http_server_response *resp,
		   const char *const *keys)
{
	const char *name, *value;

	for (; *keys != NULL; keys++) {
		if (!roost_str_begins(*keys, "h:", &name))
			continue;
		value = strchr(name, '=');
		if (value == NULL || value == name ||
		    !answer_text_is_safe(name))
			continue;
		name = t_strdup_until(name, value++);
		http_server_response_add_header(resp, name, value);
	}
}

static void
answer_set_payload(struct http_server_response *resp,
		   struct listener_answer *answer)
{
	struct istream *file, *input;

	if (answer->status == 204 || answer->status == 304) {
		/* these have no body, and lib-http asserts it */
		i_close_fd(&answer->body_fd);
		return;
	}
	if (answer->body_fd == -1) {
		if (answer->body_size > 0) {
			http_server_response_set_payload_data(resp,
				answer->body, answer->body_size);
		}
		return;
	}
	file = i_stream_create_fd_autoclose(&answer->body_fd,
					    ANSWER_FILE_BUFFER_SIZE);
	input = i_stream_create_limit(file, answer->body_size);
	i_stream_set_name(input, "answer's body");
	http_server_response_set_payload(resp, input);
	i_stream_unref(&input);
	i_stream_unref(&file);
}

void listener_answer_send(struct http_server_request *hreq,
			  struct listener_answer *answer)
{
	struct http_server_response *resp;
	const char *reason = answer->reason;

	if (reason == NULL || *reason == '\0' || !answer_text_is_safe(reason))
		reason = answer->status < 300 ? "OK" : "Error";
	resp = http_server_response_create(hreq, answer->status, reason);
	answer_add_headers(resp, answer->keys);
	answer_set_payload(resp, answer);
	if (answer->close)
		http_server_response_submit_close(resp);
	else
		http_server_response_submit(resp);
}
