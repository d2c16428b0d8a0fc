/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "buffer.h"
#include "hex-binary.h"
#include "istream.h"
#include "sha2.h"
#include "str.h"
#include "str-sanitize.h"
#include "strnum.h"
#include "store-state.h"
#include "roost-compat-storage.h"
#include "pim-outgoing.h"
#include "eas-submit-private.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#define EAS_SUBMIT_OP_KIND "send"
/* of the hash, in bytes */
#define IDENTITY_SIZE 16

static const char *const identity_headers[] = {
	"Message-ID", "Subject", "To", "Cc", "Bcc", NULL
};

static int
identify_by_bytes(struct sha256_ctx *hash, struct istream *input)
{
	const unsigned char *data;
	size_t size;

	i_stream_seek(input, 0);
	while (i_stream_read_more(input, &data, &size) > 0) {
		sha256_loop(hash, data, size);
		i_stream_skip(input, size);
	}
	return input->stream_errno == 0 ? 0 : -1;
}

int eas_submit_identify(pool_t pool, const struct pim_outgoing *out,
			struct istream *input, const char **identity_r,
			bool *by_bytes_r)
{
	unsigned char digest[SHA256_RESULTLEN];
	struct sha256_ctx hash;
	const char *value;
	unsigned int i;

	sha256_init(&hash);
	value = pim_outgoing_value(out, "Message-ID");
	*by_bytes_r = value == NULL || *value == '\0';
	if (*by_bytes_r) {
		if (identify_by_bytes(&hash, input) < 0)
			return -1;
	}
	for (i = 0; !*by_bytes_r && identity_headers[i] != NULL; i++) T_BEGIN {
		value = pim_outgoing_joined(out, identity_headers[i]);
		if (value != NULL)
			sha256_loop(&hash, value, strlen(value));
		sha256_loop(&hash, "\n", 1);
	} T_END;
	sha256_result(&hash, digest);
	*identity_r = p_strdup(pool,
			       binary_to_hex(digest, IDENTITY_SIZE));
	return 0;
}

/* by enum eas_submit_state */
static const char submit_states[] = "bsd";

const char *eas_submit_record_encode(const struct eas_submit_record *record)
{
	return t_strdup_printf("%c %s %u %u %s", submit_states[record->state],
			       dec2str(record->time),
			       record->uidvalidity, record->uidnext,
			       record->identity);
}

int eas_submit_record_decode(pool_t pool, const char *str,
			     struct eas_submit_record *record_r)
{
	const char *const *fields = t_strsplit(str, " "), *state;

	i_zero(record_r);
	if (str_array_length(fields) != 5 || strlen(fields[0]) != 1)
		return -1;
	state = strchr(submit_states, *fields[0]);
	if (state == NULL)
		return -1;
	record_r->state = state - submit_states;
	if (str_to_time(fields[1], &record_r->time) < 0 ||
	    str_to_uint32(fields[2], &record_r->uidvalidity) < 0 ||
	    str_to_uint32(fields[3], &record_r->uidnext) < 0)
		return -1;
	record_r->identity = p_strdup(pool, fields[4]);
	return 0;
}

/* Two requests for one mail at once: the client gave up waiting, the worker did
   not. A lock that dies with its process tells them apart from a repeat after a
   kill -9. It is a byte of one file, its place is the mail's hash: nothing is
   left behind, and different mails do not wait for each other. */
static int submit_lock(struct eas_submit_once *once)
{
	struct eas_request *req = once->req;
	const char *path, *error, *key;
	unsigned char digest[SHA256_RESULTLEN];
	struct flock lock;
	uint32_t place;

	if (roost_user_db_path(req->req->user->mail_user, req->req->user->set,
			       &path, &error) < 0) {
		e_error(req->event, "%s", error);
		return -1;
	}
	path = t_strconcat(path, ".send", NULL);
	once->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (once->lock_fd == -1) {
		e_error(req->event, "open(%s) failed: %m", path);
		return -1;
	}
	key = t_strdup_printf("%u %s", req->device->num,
			      once->client_key != NULL ? once->client_key :
			      once->identity_key);
	sha256_get_digest(key, strlen(key), digest);
	memcpy(&place, digest, sizeof(place));
	i_zero(&lock);
	lock.l_type = F_WRLCK;
	lock.l_whence = SEEK_SET;
	lock.l_start = place >> 1;
	lock.l_len = 1;
	if (fcntl(once->lock_fd, F_SETLK, &lock) == 0)
		return 1;
	if (errno == EAGAIN || errno == EACCES)
		return 0;
	e_error(req->event, "fcntl(%s) failed: %m", path);
	return -1;
}

/* Returns 1, 0 = none that still counts, -1. */
static int
submit_record_get(struct eas_submit_once *once, const char *key,
		  struct eas_submit_record *record_r)
{
	struct eas_request *req = once->req;
	buffer_t *value;
	int ret;

	ret = store_op_get(req->store, req->pool, req->device->num,
			   EAS_SUBMIT_OP_KIND, key, &value);
	if (ret > 0 && eas_submit_record_decode(
			req->pool, t_strndup(value->data, value->used),
			record_r) < 0) {
		e_error(req->event, "The record of mail %s is damaged",
			str_sanitize(key, 64));
		ret = 0;
	}
	if (ret > 0 && (record_r->state == EAS_SUBMIT_STATE_NEW ||
			record_r->time + (time_t)once->max_age < time(NULL))) {
		i_zero(record_r);
		ret = 0;
	}
	return ret;
}

static int submit_once_read(struct eas_submit_once *once)
{
	struct eas_submit_record record;
	int ret;

	if (once->client_key != NULL) {
		ret = submit_record_get(once, once->client_key,
					&once->record);
		if (ret != 0)
			return ret;
	}
	ret = submit_record_get(once, once->identity_key, &record);
	/* A client that has names for its mails means another one if the name
	   is another one; but if we told it of a failure after the mail was
	   sent, it may try again under a new name. */
	if (ret > 0 && (once->client_key == NULL ||
			record.state == EAS_SUBMIT_STATE_SENT))
		once->record = record;
	return ret < 0 ? -1 : 0;
}

int eas_submit_once_begin(struct eas_submit_once *once)
{
	int ret;

	i_zero(&once->record);
	once->lock_fd = -1;
	T_BEGIN {
		ret = submit_lock(once);
	} T_END;
	if (ret > 0 && submit_once_read(once) < 0)
		ret = -1;
	if (ret <= 0)
		eas_submit_once_end(once);
	return ret;
}

static int
submit_record_put(struct eas_submit_once *once, const char *key)
{
	struct eas_request *req = once->req;
	int ret;

	T_BEGIN {
		const char *value = eas_submit_record_encode(&once->record);

		ret = store_op_put(req->store, req->device->num,
				   EAS_SUBMIT_OP_KIND, key, value,
				   strlen(value));
	} T_END;
	return ret;
}

int eas_submit_once_put(struct eas_submit_once *once, bool by_identity)
{
	once->record.time = time(NULL);
	once->record.identity = once->identity;
	if (once->client_key != NULL &&
	    submit_record_put(once, once->client_key) < 0)
		return -1;
	if (once->client_key == NULL || by_identity)
		return submit_record_put(once, once->identity_key);
	return 0;
}

void eas_submit_once_end(struct eas_submit_once *once)
{
	/* which lets the lock go */
	i_close_fd(&once->lock_fd);
}
