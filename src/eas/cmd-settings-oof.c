/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "iso8601-date.h"
#include "str.h"
#include "unichar.h"
#include "pim-html.h"
#include "pim-text.h"
#include "roost-addresses.h"
#include "eas-address-book.h"
#include "oof-scripts.h"
#include "cmd-settings.h"

#include <time.h>

/* Settings, Oof ([MS-ASCMD] 2.2.3.116): out-of-office replies. What is said in a
   request replaces what is there; what is not said stays. How it is kept, and
   why a request may be repeated: oof.h. */

/* The external senders that the script names: those of the moment when it is written. */
#define OOF_MAX_KNOWN 1000

static const unsigned int oof_audience_tags[OOF_AUDIENCE_COUNT] = {
	[OOF_INTERNAL] = EAS_SETTINGS_APPLIES_TO_INTERNAL,
	[OOF_EXTERNAL_KNOWN] = EAS_SETTINGS_APPLIES_TO_EXTERNAL_KNOWN,
	[OOF_EXTERNAL_UNKNOWN] = EAS_SETTINGS_APPLIES_TO_EXTERNAL_UNKNOWN,
};

/* <reading the request> */
static enum eas_settings_status
oof_parse_body_type(const struct wbxml_node *node, bool *html_r)
{
	const char *type = wbxml_child_text(node, EAS_SETTINGS_BODY_TYPE);

	if (type == NULL || *type == '\0')
		return EAS_SETTINGS_STATUS_PROTOCOL_ERROR;
	*html_r = strcasecmp(type, "HTML") == 0;
	return *html_r || strcasecmp(type, "Text") == 0 ?
		EAS_SETTINGS_STATUS_SUCCESS :
		EAS_SETTINGS_STATUS_INVALID_ARGUMENTS;
}

static enum eas_settings_status
oof_parse_audience(const struct wbxml_node *node, enum oof_audience *audience_r)
{
	unsigned int i, count = 0;

	*audience_r = OOF_INTERNAL;
	for (i = 0; i < OOF_AUDIENCE_COUNT; i++) {
		if (wbxml_node_child(node, oof_audience_tags[i]) != NULL) {
			*audience_r = i;
			count++;
		}
	}
	if (count == 0)
		return EAS_SETTINGS_STATUS_PROTOCOL_ERROR;
	return count == 1 ? EAS_SETTINGS_STATUS_SUCCESS :
		EAS_SETTINGS_STATUS_CONFLICTING_ARGUMENTS;
}

static enum eas_settings_status
oof_parse_reply(struct eas_request *req, const struct wbxml_node *node,
		struct oof_message *message)
{
	const struct wbxml_node *reply =
		wbxml_node_child(node, EAS_SETTINGS_REPLY_MESSAGE);
	enum eas_settings_status status;
	const char *text;
	buffer_t *buf;

	if (reply == NULL)
		return EAS_SETTINGS_STATUS_SUCCESS;
	status = oof_parse_body_type(node, &message->html);
	/* an empty one has nothing that could be of a type */
	if (status != EAS_SETTINGS_STATUS_SUCCESS && reply->size > 0)
		return status;
	text = wbxml_node_text(reply);
	if (text == NULL || strlen(text) > OOF_MESSAGE_MAX_SIZE ||
	    !uni_utf8_str_is_valid(text))
		return EAS_SETTINGS_STATUS_INVALID_ARGUMENTS;
	buf = buffer_create_dynamic(req->pool, strlen(text) + 1);
	buffer_append(buf, text, strlen(text));
	pim_text_clean(buf, 0);
	message->text = str_c(buf);
	return EAS_SETTINGS_STATUS_SUCCESS;
}

static enum eas_settings_status
oof_parse_message(struct eas_request *req, const struct wbxml_node *node,
		  struct oof *oof, unsigned int *seen)
{
	enum eas_settings_status status;
	enum oof_audience audience;
	bool enabled;
	int ret;

	status = oof_parse_audience(node, &audience);
	if (status != EAS_SETTINGS_STATUS_SUCCESS)
		return status;
	if ((*seen & (1U << audience)) != 0)
		return EAS_SETTINGS_STATUS_CONFLICTING_ARGUMENTS;
	*seen |= 1U << audience;
	ret = wbxml_child_bool(node, EAS_SETTINGS_ENABLED, &enabled);
	if (ret < 0)
		return EAS_SETTINGS_STATUS_INVALID_ARGUMENTS;
	if (ret > 0)
		oof->messages[audience].enabled = enabled;
	return oof_parse_reply(req, node, &oof->messages[audience]);
}

static bool oof_parse_time(const char *text, time_t *time_r)
{
	int offset;

	return iso8601_date_parse((const unsigned char *)text, strlen(text),
				  time_r, &offset) &&
		*time_r >= 0 && (int64_t)*time_r < INT64_C(253402300800);
}

static enum eas_settings_status
oof_parse_times(const struct wbxml_node *set, struct oof *oof,
		bool had_times)
{
	const char *start = wbxml_child_text(set, EAS_SETTINGS_START_TIME);
	const char *end = wbxml_child_text(set, EAS_SETTINGS_END_TIME);
	time_t start_time, end_time;

	if ((start == NULL) != (end == NULL))
		return EAS_SETTINGS_STATUS_PROTOCOL_ERROR;
	if (start == NULL) {
		return oof->state != OOF_STATE_TIMED || had_times ?
			EAS_SETTINGS_STATUS_SUCCESS :
			EAS_SETTINGS_STATUS_INVALID_ARGUMENTS;
	}
	/* 2.2.3.118: they are not stored otherwise, which is no error */
	if (oof->state != OOF_STATE_TIMED)
		return EAS_SETTINGS_STATUS_SUCCESS;
	if (!oof_parse_time(start, &start_time) ||
	    !oof_parse_time(end, &end_time))
		return EAS_SETTINGS_STATUS_INVALID_ARGUMENTS;
	if (end_time <= start_time)
		return EAS_SETTINGS_STATUS_CONFLICTING_ARGUMENTS;
	oof->start = start_time;
	oof->end = end_time;
	return EAS_SETTINGS_STATUS_SUCCESS;
}

/* Changes oof as the request says. */
static enum eas_settings_status
oof_parse_set(struct eas_request *req, const struct wbxml_node *set,
	      struct oof *oof)
{
	const struct wbxml_node *node;
	enum eas_settings_status status;
	bool had_times = oof->state == OOF_STATE_TIMED;
	unsigned int state, seen = 0;
	int ret;

	ret = wbxml_child_uint(set, EAS_SETTINGS_OOF_STATE, &state);
	if (ret < 0 || (ret > 0 && state > OOF_STATE_TIMED))
		return EAS_SETTINGS_STATUS_INVALID_ARGUMENTS;
	if (ret > 0)
		oof->state = state;
	status = oof_parse_times(set, oof, had_times);
	node = wbxml_node_child(set, EAS_SETTINGS_OOF_MESSAGE);
	while (node != NULL && status == EAS_SETTINGS_STATUS_SUCCESS) {
		status = oof_parse_message(req, node, oof, &seen);
		node = wbxml_node_next_same(node);
	}
	return status;
}
/* </reading the request> */

static int
oof_set_finish(struct eas_request *req, struct oof_scripts *scripts,
	       const struct oof *oof, enum eas_settings_status *status_r,
	       const char **error_r)
{
	const struct oof_user user = {
		.addresses = roost_user_addresses(req->req->user),
		.known = eas_address_book_known(req, OOF_MAX_KNOWN),
	};
	enum oof_error error_code;

	if (oof_set(scripts, oof, &user, &error_code, error_r) == 0) {
		*status_r = EAS_SETTINGS_STATUS_SUCCESS;
		return 0;
	}
	*status_r = error_code == OOF_ERROR_DENIED ?
		EAS_SETTINGS_STATUS_ACCESS_DENIED :
		EAS_SETTINGS_STATUS_UNAVAILABLE;
	return -1;
}

/* Returns 0 and the Status, or -1 and a sentence as well. */
static int
oof_run_scripts(struct eas_request *req, const struct wbxml_node *set,
		struct oof_scripts *scripts, struct oof *oof_r,
		enum eas_settings_status *status_r, const char **error_r)
{
	enum oof_error error_code;

	*status_r = EAS_SETTINGS_STATUS_SUCCESS;
	if (oof_get(scripts, req->pool, oof_r, &error_code, error_r) < 0) {
		if (error_code != OOF_ERROR_DENIED) {
			*status_r = EAS_SETTINGS_STATUS_UNAVAILABLE;
			return -1;
		}
		/* a script of that name that is not ours: off */
		if (set == NULL)
			return 0;
		*status_r = EAS_SETTINGS_STATUS_ACCESS_DENIED;
		return -1;
	}
	if (set == NULL)
		return 0;
	*status_r = oof_parse_set(req, set, oof_r);
	if (*status_r != EAS_SETTINGS_STATUS_SUCCESS)
		return 0;
	return oof_set_finish(req, scripts, oof_r, status_r, error_r);
}

/* set is NULL for a Get. *oof_r is what is there now, or afterwards. */
static enum eas_settings_status
oof_run(struct eas_request *req, const struct wbxml_node *set,
	struct oof *oof_r)
{
	struct oof_scripts *scripts;
	enum eas_settings_status status = EAS_SETTINGS_STATUS_UNAVAILABLE;
	const char *error;
	int ret;

	ret = oof_scripts_open(req->req->user->mail_user, set != NULL, &scripts,
			       &error);
	if (ret == 0) {
		/* 2.2.3.116: "no permission" */
		return set != NULL ? EAS_SETTINGS_STATUS_ACCESS_DENIED :
			EAS_SETTINGS_STATUS_SUCCESS;
	}
	if (ret > 0) {
		ret = oof_run_scripts(req, set, scripts, oof_r, &status,
				      &error);
		oof_scripts_close(&scripts);
	}
	if (ret < 0)
		e_error(req->event, "Out-of-office replies: %s", error);
	return status;
}

/* <writing the answer> */
static void
oof_write_time(struct eas_request *req, unsigned int tag, time_t t)
{
	struct tm tm;
	char buf[64];

	if (gmtime_r(&t, &tm) == NULL)
		return;
	if (strftime(buf, sizeof(buf), "%Y-%m-%dT%H:%M:%S.000Z", &tm) > 0)
		wbxml_text(eas_request_writer(req), tag, buf);
}

/* The message in the format that the device asked for. */
static const char *
oof_convert(const struct oof_message *message, bool html)
{
	const unsigned char *data = (const unsigned char *)message->text;
	size_t size = strlen(message->text);
	buffer_t *dest;

	if (message->html == html || size == 0)
		return message->text;
	dest = t_buffer_create(size * 2 + 256);
	if (html) {
		struct pim_text2html *conv = pim_text2html_init();

		str_append(dest, pim_text2html_head);
		pim_text2html_more(conv, data, size, dest);
		str_append(dest, pim_text2html_tail);
		pim_text2html_deinit(&conv);
	} else {
		struct pim_html2text *conv = pim_html2text_init();

		pim_html2text_more(conv, data, size, dest);
		pim_html2text_finish(conv, dest);
		pim_html2text_deinit(&conv);
	}
	return str_c(dest);
}

static void
oof_write_get(struct eas_request *req, const struct oof *oof, bool html)
{
	struct wbxml_writer *writer = eas_request_writer(req);
	unsigned int i;

	wbxml_open(writer, EAS_SETTINGS_GET);
	wbxml_uint(writer, EAS_SETTINGS_OOF_STATE, oof->state);
	if (oof->state == OOF_STATE_TIMED) {
		oof_write_time(req, EAS_SETTINGS_START_TIME, oof->start);
		oof_write_time(req, EAS_SETTINGS_END_TIME, oof->end);
	}
	for (i = 0; i < OOF_AUDIENCE_COUNT; i++) T_BEGIN {
		const struct oof_message *message = &oof->messages[i];

		wbxml_open(writer, EAS_SETTINGS_OOF_MESSAGE);
		wbxml_empty(writer, oof_audience_tags[i]);
		wbxml_bool(writer, EAS_SETTINGS_ENABLED, message->enabled);
		wbxml_text(writer, EAS_SETTINGS_REPLY_MESSAGE,
			   oof_convert(message, html));
		wbxml_text(writer, EAS_SETTINGS_BODY_TYPE,
			   html ? "HTML" : "Text");
		wbxml_close(writer);
	} T_END;
	wbxml_close(writer);
}
/* </writing the answer> */

int cmd_settings_oof(struct eas_request *req, const struct wbxml_node *node)
{
	const struct wbxml_node *get = wbxml_node_child(node, EAS_SETTINGS_GET);
	const struct wbxml_node *set = wbxml_node_child(node, EAS_SETTINGS_SET);
	struct wbxml_writer *writer = eas_request_writer(req);
	enum eas_settings_status status = EAS_SETTINGS_STATUS_SUCCESS;
	struct oof oof;
	bool html = FALSE;

	i_zero(&oof);
	for (unsigned int i = 0; i < OOF_AUDIENCE_COUNT; i++)
		oof.messages[i].text = "";
	if (get == NULL && set == NULL)
		status = EAS_SETTINGS_STATUS_PROTOCOL_ERROR;
	if (get != NULL)
		status = oof_parse_body_type(get, &html);
	if (status == EAS_SETTINGS_STATUS_SUCCESS)
		status = oof_run(req, set, &oof);

	wbxml_open(writer, EAS_SETTINGS_OOF);
	wbxml_uint(writer, EAS_SETTINGS_STATUS, status);
	if (get != NULL && status == EAS_SETTINGS_STATUS_SUCCESS)
		oof_write_get(req, &oof, html);
	wbxml_close(writer);
	return 0;
}
