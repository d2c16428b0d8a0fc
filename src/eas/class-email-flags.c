/* Copyright (c) Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "iso8601-date.h"
#include "mail-storage.h"
#include "class-email-private.h"

/* Read, Flag, LastVerbExecuted, and how a device changes them.

   \Seen is Read, \Flagged an active Flag, the keyword below a completed one: IMAP clients see and set the
   same. What IMAP has no place for (type, dates, reminder of a Flag) is kept in the
   user's store under the mail's GUID, so that it follows the mail into other folders. */

#define EAS_KEYWORD_COMPLETED "$FlagCompleted"
#define EAS_KEYWORD_FORWARDED "$Forwarded"

#define EAS_FLAG_TYPE_DEFAULT "Flag for follow up"

/* [MS-ASEMAIL] 2.2.2.74 */
enum eas_flag_status {
	EAS_FLAG_CLEARED = 0,
	EAS_FLAG_COMPLETE = 1,
	EAS_FLAG_ACTIVE = 2,
};

/* [MS-ASEMAIL] 2.2.2.44 */
enum eas_last_verb {
	EAS_VERB_REPLY = 1,
	EAS_VERB_FORWARD = 3,
};

/* Status of an item in Sync's answer: [MS-ASCMD] 2.2.3.177.17 */
enum eas_change_status {
	EAS_CHANGE_SERVER_ERROR = 5,
	EAS_CHANGE_MALFORMED = 6,
};

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

static bool keywords_have(const char *const *keywords, const char *name)
{
	return keywords != NULL && str_array_icase_find(keywords, name);
}

static enum eas_flag_status
eas_flag_status(enum mail_flags flags, const char *const *keywords)
{
	if ((flags & MAIL_FLAGGED) != 0)
		return EAS_FLAG_ACTIVE;
	return keywords_have(keywords, EAS_KEYWORD_COMPLETED) ?
		EAS_FLAG_COMPLETE : EAS_FLAG_CLEARED;
}

void eas_email_write_flag(struct eas_email_context *ctx)
{
	struct wbxml_writer *writer = ctx->writer;
	enum eas_flag_status status =
		eas_flag_status(ctx->flags, ctx->keywords);

	if (status == EAS_FLAG_CLEARED) {
		/* [MS-ASEMAIL] 2.2.2.34 */
		wbxml_empty(writer, EAS_EMAIL_FLAG);
		return;
	}
	wbxml_open(writer, EAS_EMAIL_FLAG);
	wbxml_uint(writer, EAS_EMAIL_STATUS, status);
	wbxml_text(writer, EAS_EMAIL_FLAG_TYPE, EAS_FLAG_TYPE_DEFAULT);
	wbxml_close(writer);
}

void eas_email_write_last_verb(struct eas_email_context *ctx)
{
	enum eas_last_verb verb;

	if ((ctx->flags & MAIL_ANSWERED) != 0)
		verb = EAS_VERB_REPLY;
	else if (keywords_have(ctx->keywords, EAS_KEYWORD_FORWARDED))
		verb = EAS_VERB_FORWARD;
	else
		return;
	wbxml_uint(ctx->writer, EAS_EMAIL2_LAST_VERB_EXECUTED, verb);
	/* The two belong together ([MS-ASEMAIL] 2.2.2.45), and nobody keeps the second: the
	   earliest time that it can have been. */
	wbxml_text(ctx->writer, EAS_EMAIL2_LAST_VERB_EXECUTION_TIME,
		   eas_email_time(ctx->received));
}

/* A change as it was read from ApplicationData. */
struct eas_email_change {
	bool has_read, read;
	const struct wbxml_node *flag, *categories;
	enum eas_flag_status flag_status;
};

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

/* [MS-ASEMAIL] 2.2.2.31, 2.2.2.72, 2.2.2.86, 2.2.2.87: all four or none, in order */
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

static bool
eas_flag_parse(const struct wbxml_node *flag, enum eas_flag_status *status_r)
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

/* Returns FALSE if it is malformed. */
static bool
eas_email_change_parse(const struct wbxml_node *data,
		       struct eas_email_change *change_r)
{
	/* the server's alone: [MS-ASEMAIL] 2.2.2.21, 2.2.2.59, 2.2.2.70 */
	static const unsigned int read_only[] = {
		EAS_EMAIL2_CONVERSATION_ID, EAS_EMAIL2_CONVERSATION_INDEX,
		EAS_EMAIL2_RECEIVED_AS_BCC, EAS_EMAIL2_SENDER,
	};
	int ret;

	i_zero(change_r);
	for (unsigned int i = 0; i < N_ELEMENTS(read_only); i++) {
		if (wbxml_node_child(data, read_only[i]) != NULL)
			return FALSE;
	}
	ret = wbxml_child_bool(data, EAS_EMAIL_READ, &change_r->read);
	if (ret < 0)
		return FALSE;
	change_r->has_read = ret > 0;
	change_r->categories = wbxml_node_child(data, EAS_EMAIL_CATEGORIES);
	change_r->flag = wbxml_node_child(data, EAS_EMAIL_FLAG);
	return change_r->flag == NULL ||
		eas_flag_parse(change_r->flag, &change_r->flag_status);
}

static void
eas_mail_flag_set(struct mail *mail, enum mail_flags flag, bool set)
{
	mail_update_flags(mail, set ? MODIFY_ADD : MODIFY_REMOVE, flag);
}

int eas_email_keyword_set(struct mail *mail, const char *keyword, bool set)
{
	const char *const names[] = { keyword, NULL };
	struct mail_keywords *keywords;

	if (keywords_have(mail_get_keywords(mail), keyword) == set)
		return 0;
	if (mailbox_keywords_create(mail->box, names, &keywords) < 0)
		return -1;
	mail_update_keywords(mail, set ? MODIFY_ADD : MODIFY_REMOVE, keywords);
	mailbox_keywords_unref(&keywords);
	return 0;
}

static int
eas_email_flag_apply(struct mail *mail, const struct eas_email_change *change)
{
	eas_mail_flag_set(mail, MAIL_FLAGGED,
			  change->flag_status == EAS_FLAG_ACTIVE);
	return eas_email_keyword_set(mail, EAS_KEYWORD_COMPLETED,
				     change->flag_status == EAS_FLAG_COMPLETE);
}

int eas_email_apply_change(struct eas_request *req, struct mail *mail,
			   const struct wbxml_node *application_data,
			   unsigned int *status_r)
{
	struct eas_email_change change;
	int ret = 0;

	if (!eas_email_change_parse(application_data, &change)) {
		*status_r = EAS_CHANGE_MALFORMED;
		return -1;
	}
	if (!change.has_read && change.flag == NULL &&
	    change.categories == NULL)
		return 0;
	if (change.has_read)
		eas_mail_flag_set(mail, MAIL_SEEN, change.read);
	if (change.flag != NULL)
		ret = eas_email_flag_apply(mail, &change);
	if (ret == 0 && change.categories != NULL)
		ret = eas_email_categories_apply(mail, change.categories);
	if (ret < 0) {
		*status_r = EAS_CHANGE_SERVER_ERROR;
		return -1;
	}
	return 1;
}
