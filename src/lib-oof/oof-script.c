/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "base64.h"
#include "str.h"
#include "strescape.h"
#include "unichar.h"
#include "pim-html.h"
#include "roost-compat.h"
#include "oof-script.h"

#include <time.h>

#define OOF_MAGIC "# roost-oof 1\n"
/* a sender who writes again gets another reply after this time */
#define OOF_REPLY_DAYS 7
/* RFC 5322 2.1.1: longer ones have to be encoded */
#define OOF_MAX_LINE 900
#define OOF_BOUNDARY "roost-out-of-office"

static const char *const oof_state_names[] = { "off", "on", "timed" };
static const char *const oof_audience_names[OOF_AUDIENCE_COUNT] = {
	"internal", "known", "unknown"
};

/* <writer: the comments> */
static void oof_write_name(string_t *dest, const char *what, const char *name)
{
	str_printfa(dest, "# %s", what);
	if (name != NULL) {
		str_append_c(dest, ' ');
		base64_encode(name, strlen(name), dest);
	}
	str_append_c(dest, '\n');
}

static void oof_write_comments(string_t *dest, const struct oof_script *script)
{
	const struct oof *oof = &script->oof;
	const struct oof_message *message;
	unsigned int i;

	str_append(dest, OOF_MAGIC
"# Out-of-office replies, as they were set on a device. This is written by\n"
"# Roost: what you change here is lost. Your own script is included below.\n");
	str_printfa(dest, "# state %s", oof_state_names[oof->state]);
	if (oof->state == OOF_STATE_TIMED) {
		str_printfa(dest, " %"PRIdTIME_T" %"PRIdTIME_T,
			    oof->start, oof->end);
	}
	str_append_c(dest, '\n');
	oof_write_name(dest, "own", script->own);
	oof_write_name(dest, "include", script->include);
	for (i = 0; i < OOF_AUDIENCE_COUNT; i++) {
		message = &oof->messages[i];
		str_printfa(dest, "# %s %s %s", oof_audience_names[i],
			    message->enabled ? "on" : "off",
			    message->html ? "html" : "text");
		if (*message->text != '\0') {
			str_append_c(dest, ' ');
			base64_encode(message->text, strlen(message->text),
				      dest);
		}
		str_append_c(dest, '\n');
	}
}
/* </writer: the comments> */

/* <writer: the commands> */
void oof_sieve_append_string(string_t *dest, const char *text)
{
	str_append_c(dest, '"');
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			str_append_c(dest, '\\');
		if (*text != '\r')
			str_append_c(dest, *text);
	}
	str_append_c(dest, '"');
}

static void oof_append_list(string_t *dest, const char *const *strings)
{
	str_append_c(dest, '[');
	for (unsigned int i = 0; strings[i] != NULL; i++) {
		if (i > 0)
			str_append(dest, ", ");
		oof_sieve_append_string(dest, strings[i]);
	}
	str_append_c(dest, ']');
}

static const char *const *oof_domains(const char *const *addresses)
{
	ARRAY_TYPE(const_string) domains;
	const char *domain;

	t_array_init(&domains, 4);
	for (; *addresses != NULL; addresses++) {
		domain = strrchr(*addresses, '@');
		if (domain != NULL && domain[1] != '\0') {
			domain++;
			array_push_back(&domains, &domain);
		}
	}
	array_append_zero(&domains);
	return array_front(&domains);
}

static bool oof_has_long_line(const char *text)
{
	size_t len;

	while ((len = strcspn(text, "\n")) <= OOF_MAX_LINE) {
		if (text[len] == '\0')
			return FALSE;
		text += len + 1;
	}
	return TRUE;
}

static const char *oof_html_to_text(const char *html)
{
	struct pim_html2text *conv = pim_html2text_init();
	buffer_t *dest = t_buffer_create(1024);

	pim_html2text_more(conv, (const unsigned char *)html, strlen(html),
			   dest);
	pim_html2text_finish(conv, dest);
	pim_html2text_deinit(&conv);
	return str_c(dest);
}

static void
oof_append_mime_part(string_t *dest, const char *type, const char *text)
{
	const buffer_t *encoded;

	str_printfa(dest, "Content-Type: text/%s; charset=utf-8\n"
		    "Content-Transfer-Encoding: base64\n\n", type);
	encoded = t_base64_encode(0, 76, text, strlen(text));
	str_append_data(dest, encoded->data, encoded->used);
	str_append_c(dest, '\n');
}

/* The argument of :mime. */
static const char *oof_mime(const struct oof_message *message)
{
	string_t *dest = t_str_new(1024);

	if (!message->html) {
		oof_append_mime_part(dest, "plain", message->text);
		return str_c(dest);
	}
	str_append(dest, "Content-Type: multipart/alternative;\n"
		   " boundary=\""OOF_BOUNDARY"\"\n\n--"OOF_BOUNDARY"\n");
	oof_append_mime_part(dest, "plain", oof_html_to_text(message->text));
	str_append(dest, "\n--"OOF_BOUNDARY"\n");
	oof_append_mime_part(dest, "html", message->text);
	str_append(dest, "\n--"OOF_BOUNDARY"--\n");
	return str_c(dest);
}

static bool oof_message_is_sent(const struct oof_message *message)
{
	return message->enabled && *message->text != '\0';
}

static void
oof_write_vacation(string_t *dest, const struct oof_message *message,
		   const struct oof_user *user)
{
	if (!oof_message_is_sent(message))
		return;
	str_printfa(dest, "\t\tvacation :days %u :from ", OOF_REPLY_DAYS);
	oof_sieve_append_string(dest, user->addresses[0]);
	str_append(dest, " :addresses ");
	oof_append_list(dest, user->addresses);
	if (message->html || oof_has_long_line(message->text)) {
		str_append(dest, " :mime ");
		oof_sieve_append_string(dest, oof_mime(message));
	} else {
		str_append_c(dest, ' ');
		oof_sieve_append_string(dest, message->text);
	}
	str_append(dest, ";\n");
}

/* currentdate gives "2026-12-01T08:00:00Z" or "...+00:00"; without what says the
   zone, text compares as time does. */
static void
oof_write_bound(string_t *dest, const char *match, time_t t)
{
	struct tm tm;
	char buf[32];

	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(buf, sizeof(buf), "%Y-%m-%dT%H:%M:%S", &tm) == 0)
		i_unreached();
	str_printfa(dest, ",\n\tcurrentdate :zone \"+0000\" :value \"%s\" "
		    "\"iso8601\" \"%s\"", match, buf);
}

static void
oof_write_replies(string_t *dest, const struct oof *oof,
		  const struct oof_user *user)
{
	str_append(dest, "if allof (not header :contains \"X-Spam-Flag\" "
		   "\"YES\"");
	if (oof->state == OOF_STATE_TIMED) {
		oof_write_bound(dest, "ge", oof->start);
		oof_write_bound(dest, "lt", oof->end);
	}
	str_append(dest, ") {\n\tif envelope :domain :is \"from\" ");
	oof_append_list(dest, oof_domains(user->addresses));
	str_append(dest, " {\n");
	oof_write_vacation(dest, &oof->messages[OOF_INTERNAL], user);
	if (*user->known != NULL) {
		str_append(dest, "\t} elsif envelope :all :is \"from\" ");
		oof_append_list(dest, user->known);
		str_append(dest, " {\n");
		oof_write_vacation(dest, &oof->messages[OOF_EXTERNAL_KNOWN],
				   user);
	}
	str_append(dest, "\t} else {\n");
	oof_write_vacation(dest, &oof->messages[OOF_EXTERNAL_UNKNOWN], user);
	str_append(dest, "\t}\n}\n");
}

void oof_script_write(string_t *dest, const struct oof_script *script,
		      const struct oof_user *user)
{
	oof_write_comments(dest, script);
	if (script->oof.state != OOF_STATE_OFF) {
		str_append(dest, "require [\"date\", \"envelope\", "
			   "\"include\", \"relational\", \"vacation\"];\n");
		oof_write_replies(dest, &script->oof, user);
		if (script->include != NULL) {
			str_append(dest, ROOST_SIEVE_INCLUDE);
			oof_sieve_append_string(dest, script->include);
			str_append(dest, ";\n");
		}
	}
}
/* </writer: the commands> */

/* <reader> */
static const char *oof_read_base64(pool_t pool, const char *text)
{
	const buffer_t *data = t_base64_decode_str(text);
	const char *result;

	if (data->used == 0 || memchr(data->data, '\0', data->used) != NULL)
		return NULL;
	result = p_strndup(pool, data->data, data->used);
	return uni_utf8_str_is_valid(result) ? result : NULL;
}

static bool
oof_read_state(const char *const *args, struct oof *oof)
{
	unsigned int i;

	for (i = 0; i < N_ELEMENTS(oof_state_names); i++) {
		if (strcmp(args[0], oof_state_names[i]) != 0)
			continue;
		oof->state = i;
		if (i != OOF_STATE_TIMED)
			return args[1] == NULL;
		return str_array_length(args) == 3 &&
			str_to_time(args[1], &oof->start) == 0 &&
			str_to_time(args[2], &oof->end) == 0;
	}
	return FALSE;
}

static bool
oof_read_message(pool_t pool, const char *const *args,
		 struct oof_message *message)
{
	if (args[0] == NULL || args[1] == NULL)
		return FALSE;
	message->enabled = strcmp(args[0], "on") == 0;
	message->html = strcmp(args[1], "html") == 0;
	if (args[2] != NULL) {
		message->text = oof_read_base64(pool, args[2]);
		return message->text != NULL && args[3] == NULL;
	}
	return TRUE;
}

static bool
oof_read_name(pool_t pool, const char *const *args, const char **name_r)
{
	if (args[0] == NULL)
		return TRUE;
	*name_r = oof_read_base64(pool, args[0]);
	return *name_r != NULL && **name_r != '\0' && args[1] == NULL;
}

static bool
oof_read_line(pool_t pool, const char *line, struct oof_script *script,
	      bool *state_seen)
{
	const char *const *args = t_strsplit(line, " ");
	const char *key = args[0];
	unsigned int i;

	if (key == NULL)
		return TRUE;
	args++;
	if (strcmp(key, "state") == 0) {
		*state_seen = TRUE;
		return args[0] != NULL && oof_read_state(args, &script->oof);
	}
	if (strcmp(key, "own") == 0)
		return oof_read_name(pool, args, &script->own);
	if (strcmp(key, "include") == 0)
		return oof_read_name(pool, args, &script->include);
	for (i = 0; i < OOF_AUDIENCE_COUNT; i++) {
		if (strcmp(key, oof_audience_names[i]) == 0) {
			return oof_read_message(pool, args,
						&script->oof.messages[i]);
		}
	}
	/* our words to the reader */
	return TRUE;
}

bool oof_script_read(pool_t pool, const char *text,
		     struct oof_script *script_r)
{
	const char *end;
	bool state_seen = FALSE, ok = TRUE;
	unsigned int i;

	i_zero(script_r);
	for (i = 0; i < OOF_AUDIENCE_COUNT; i++)
		script_r->oof.messages[i].text = "";
	if (strncmp(text, OOF_MAGIC, strlen(OOF_MAGIC)) != 0)
		return FALSE;
	text += strlen(OOF_MAGIC);
	for (; ok && text[0] == '#' && text[1] == ' '; text = end + 1) {
		end = text + strcspn(text, "\n");
		T_BEGIN {
			ok = oof_read_line(pool, t_strdup_until(text + 2, end),
					   script_r, &state_seen);
		} T_END;
		if (*end == '\0')
			break;
	}
	return ok && state_seen;
}
/* </reader> */
