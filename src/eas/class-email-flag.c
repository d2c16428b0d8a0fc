/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "buffer.h"
#include "str.h"
#include "strescape.h"
#include "iso8601-date.h"
#include "mail-storage.h"
#include "pim-text.h"
#include "store-mail.h"
#include "class-email-private.h"

/* The Flag element ([MS-ASEMAIL] 2.2.2.34).

   \Flagged is an active flag, a keyword a completed one: IMAP clients see
   and set the same. What IMAP has no place for (type, dates, reminder) is
   kept in the user's store under the mail's GUID, so that it follows the
   mail into other folders. A mail that was flagged by IMAP has none. */

#define EAS_KEYWORD_COMPLETED "$FlagCompleted"
#define EAS_KEYWORD_TOUCHED "$FlagTouched"
#define EAS_FLAG_TYPE_DEFAULT "Flag for follow up"
#define EAS_FLAG_PARAM "eas-flag"
#define EAS_FLAG_TEXT_MAX 1024

enum eas_flag_field_type {
	EAS_FLAG_FIELD_TEXT,
	EAS_FLAG_FIELD_BOOL,
	EAS_FLAG_FIELD_TIME,
};

/* Everything in Flag but Status, in the schema's order. */
static const struct eas_flag_field {
	unsigned int tag;
	enum eas_flag_field_type type;
} eas_flag_fields[] = {
	{ EAS_TASKS_SUBJECT, EAS_FLAG_FIELD_TEXT },
	{ EAS_EMAIL_FLAG_TYPE, EAS_FLAG_FIELD_TEXT },
	{ EAS_TASKS_DATE_COMPLETED, EAS_FLAG_FIELD_TIME },
	{ EAS_EMAIL_COMPLETE_TIME, EAS_FLAG_FIELD_TIME },
	{ EAS_TASKS_START_DATE, EAS_FLAG_FIELD_TIME },
	{ EAS_TASKS_DUE_DATE, EAS_FLAG_FIELD_TIME },
	{ EAS_TASKS_UTC_START_DATE, EAS_FLAG_FIELD_TIME },
	{ EAS_TASKS_UTC_DUE_DATE, EAS_FLAG_FIELD_TIME },
	{ EAS_TASKS_REMINDER_SET, EAS_FLAG_FIELD_BOOL },
	{ EAS_TASKS_REMINDER_TIME, EAS_FLAG_FIELD_TIME },
	{ EAS_TASKS_ORDINAL_DATE, EAS_FLAG_FIELD_TIME },
	{ EAS_TASKS_SUB_ORDINAL_DATE, EAS_FLAG_FIELD_TEXT },
};

/* Values of the fields in that order, NULL = none. */
struct eas_flag_values {
	const char *value[N_ELEMENTS(eas_flag_fields)];
};

static enum eas_flag_status
eas_flag_status(enum mail_flags flags, const char *const *keywords)
{
	if ((flags & MAIL_FLAGGED) != 0)
		return EAS_FLAG_ACTIVE;
	return str_array_icase_find(keywords, EAS_KEYWORD_COMPLETED) ?
		EAS_FLAG_COMPLETE : EAS_FLAG_CLEARED;
}

/* "Name=value" separated by tabs */
static void
eas_flag_values_encode(const struct eas_flag_values *values, string_t *dest)
{
	for (unsigned int i = 0; i < N_ELEMENTS(eas_flag_fields); i++) {
		if (values->value[i] == NULL)
			continue;
		if (str_len(dest) > 0)
			str_append_c(dest, '\t');
		str_printfa(dest, "%s=", wbxml_tag_name(&eas_code_space,
			eas_flag_fields[i].tag));
		str_append_tabescaped(dest, values->value[i]);
	}
}

static void
eas_flag_values_decode(struct eas_flag_values *values_r, const char *str)
{
	const char *const *items = t_strsplit_tabescaped(str), *name, *p;

	i_zero(values_r);
	for (; *items != NULL; items++) {
		p = strchr(*items, '=');
		if (p == NULL)
			continue;
		name = t_strdup_until(*items, p);
		for (unsigned int i = 0; i < N_ELEMENTS(eas_flag_fields); i++) {
			if (strcmp(wbxml_tag_name(&eas_code_space,
					eas_flag_fields[i].tag), name) == 0)
				values_r->value[i] = p + 1;
		}
	}
}

/* Returns the stored text, "" if there is none. */
static const char *
eas_flag_load(struct eas_request *req, const char *guid)
{
	buffer_t *value;

	if (*guid == '\0' ||
	    store_mail_param_get(req->store, pool_datastack_create(), guid,
				 EAS_FLAG_PARAM, &value) <= 0)
		return "";
	return t_strndup(value->data, value->used);
}

static const char *eas_flag_guid(struct mail *mail)
{
	const char *guid;

	return mail_get_special(mail, MAIL_FETCH_GUID, &guid) < 0 ? "" : guid;
}

void eas_email_write_flag(struct eas_email_context *ctx)
{
	struct wbxml_writer *writer = ctx->writer;
	enum eas_flag_status status =
		eas_flag_status(ctx->flags, ctx->keywords);
	struct eas_flag_values values;
	const char *value;

	if (status == EAS_FLAG_CLEARED) {
		wbxml_empty(writer, EAS_EMAIL_FLAG);
		return;
	}
	eas_flag_values_decode(&values,
		eas_flag_load(ctx->req, eas_flag_guid(ctx->mail)));
	wbxml_open(writer, EAS_EMAIL_FLAG);
	wbxml_uint(writer, EAS_EMAIL_STATUS, status);
	for (unsigned int i = 0; i < N_ELEMENTS(eas_flag_fields); i++) {
		value = values.value[i];
		if (value == NULL &&
		    eas_flag_fields[i].tag == EAS_EMAIL_FLAG_TYPE)
			value = EAS_FLAG_TYPE_DEFAULT;
		wbxml_text(writer, eas_flag_fields[i].tag, value);
	}
	wbxml_close(writer);
}

static int eas_flag_time(const struct wbxml_node *flag, unsigned int tag,
			 time_t *time_r)
{
	const char *value = wbxml_child_text(flag, tag);
	int tz;

	if (value == NULL || *value == '\0')
		return 0;
	return iso8601_date_parse((const unsigned char *)value, strlen(value),
				  time_r, &tz) ? 1 : -1;
}

/* [MS-ASEMAIL] 2.2.2.31, 2.2.2.72, 2.2.2.86, 2.2.2.87: all four or none, in
   order */
static bool eas_flag_dates_valid(const struct wbxml_node *flag)
{
	time_t start, due, utc_start, utc_due;
	int found;

	found = eas_flag_time(flag, EAS_TASKS_START_DATE, &start) +
		eas_flag_time(flag, EAS_TASKS_DUE_DATE, &due) +
		eas_flag_time(flag, EAS_TASKS_UTC_START_DATE, &utc_start) +
		eas_flag_time(flag, EAS_TASKS_UTC_DUE_DATE, &utc_due);
	return found == 0 ||
		(found == 4 && start <= due && utc_start <= utc_due);
}

static bool eas_flag_valid(const struct wbxml_node *flag)
{
	const struct eas_flag_field *field;
	bool set = FALSE;
	time_t t;

	for (unsigned int i = 0; i < N_ELEMENTS(eas_flag_fields); i++) {
		field = &eas_flag_fields[i];
		if (field->type == EAS_FLAG_FIELD_TIME &&
		    eas_flag_time(flag, field->tag, &t) < 0)
			return FALSE;
	}
	if (!eas_flag_dates_valid(flag))
		return FALSE;
	/* [MS-ASEMAIL] 2.2.2.65 */
	if (wbxml_child_bool(flag, EAS_TASKS_REMINDER_SET, &set) < 0)
		return FALSE;
	return !set ||
		eas_flag_time(flag, EAS_TASKS_REMINDER_TIME, &t) > 0;
}

bool eas_email_flag_parse(const struct wbxml_node *flag,
			  enum eas_flag_status *status_r)
{
	unsigned int status;
	int ret;

	*status_r = EAS_FLAG_CLEARED;
	if (flag->children == NULL)
		return TRUE;
	ret = wbxml_child_uint(flag, EAS_EMAIL_STATUS, &status);
	if (ret < 0 || (ret > 0 && status > EAS_FLAG_ACTIVE))
		return FALSE;
	*status_r = ret == 0 ? EAS_FLAG_ACTIVE : status;
	return *status_r == EAS_FLAG_CLEARED || eas_flag_valid(flag);
}

static void
eas_flag_values_read(const struct wbxml_node *flag,
		     struct eas_flag_values *values_r)
{
	const char *value;

	i_zero(values_r);
	for (unsigned int i = 0; i < N_ELEMENTS(eas_flag_fields); i++) {
		value = wbxml_child_text(flag, eas_flag_fields[i].tag);
		if (value == NULL || *value == '\0')
			continue;
		values_r->value[i] = t_strndup(value,
			pim_text_cut(value, strlen(value),
				     EAS_FLAG_TEXT_MAX));
	}
}

/* Keeps what IMAP can't; TRUE in changed_r if it was something else before. */
static int
eas_flag_save(struct eas_request *req, struct mail *mail,
	      const struct wbxml_node *flag, enum eas_flag_status status,
	      bool *changed_r)
{
	const char *guid = eas_flag_guid(mail);
	struct eas_flag_values values;
	string_t *str = t_str_new(256);

	*changed_r = FALSE;
	if (*guid == '\0')
		return 0;
	if (status != EAS_FLAG_CLEARED) {
		eas_flag_values_read(flag, &values);
		eas_flag_values_encode(&values, str);
	}
	if (strcmp(eas_flag_load(req, guid), str_c(str)) == 0)
		return 0;
	*changed_r = TRUE;
	return store_mail_param_set(req->store, guid, EAS_FLAG_PARAM,
				    str_len(str) == 0 ? NULL : str_c(str),
				    str_len(str));
}

int eas_email_flag_copy(struct eas_request *req, const char *old_guid,
			const char *new_guid)
{
	const char *text = eas_flag_load(req, old_guid);

	if (*text == '\0' || strcmp(old_guid, new_guid) == 0)
		return 0;
	return store_mail_param_set(req->store, new_guid, EAS_FLAG_PARAM,
				    text, strlen(text));
}

/* The other devices look at the mail's modseq, which only changes of flags and
   keywords raise: a keyword of no other meaning comes or goes. (To set the modseq
   itself is an error in a mailbox whose log has none yet.) */
static int eas_flag_touch(struct mail *mail)
{
	bool touched = str_array_icase_find(mail_get_keywords(mail),
					    EAS_KEYWORD_TOUCHED);

	return eas_email_keyword_set(mail, EAS_KEYWORD_TOUCHED, !touched);
}

bool eas_email_flag_is_done(struct mail *mail, enum eas_flag_status status)
{
	return eas_flag_status(mail_get_flags(mail),
			       mail_get_keywords(mail)) == status;
}

int eas_email_flag_apply(struct eas_request *req, struct mail *mail,
			 const struct wbxml_node *flag,
			 enum eas_flag_status status)
{
	bool changed;

	if (eas_flag_save(req, mail, flag, status, &changed) < 0)
		return -1;
	if (status == EAS_FLAG_CLEARED) {
		if (eas_email_keyword_set(mail, EAS_KEYWORD_TOUCHED, FALSE) < 0)
			return -1;
	} else if (changed && eas_email_flag_is_done(mail, status) &&
		   eas_flag_touch(mail) < 0)
		return -1;
	mail_update_flags(mail, status == EAS_FLAG_ACTIVE ? MODIFY_ADD :
			  MODIFY_REMOVE, MAIL_FLAGGED);
	return eas_email_keyword_set(mail, EAS_KEYWORD_COMPLETED,
				     status == EAS_FLAG_COMPLETE);
}
