/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "mail-storage.h"
#include "class-email-private.h"

/* What can change of a mail besides Flag and Categories, and a device's
   changes of them all. */

#define EAS_KEYWORD_FORWARDED "$Forwarded"

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

void eas_email_write_last_verb(struct eas_email_context *ctx)
{
	enum eas_last_verb verb;

	if ((ctx->flags & MAIL_ANSWERED) != 0)
		verb = EAS_VERB_REPLY;
	else if (str_array_icase_find(ctx->keywords, EAS_KEYWORD_FORWARDED))
		verb = EAS_VERB_FORWARD;
	else
		return;
	wbxml_uint(ctx->writer, EAS_EMAIL2_LAST_VERB_EXECUTED, verb);
	/* The two belong together ([MS-ASEMAIL] 2.2.2.45), and nobody keeps
	   the second: the earliest time that it can have been. */
	wbxml_text(ctx->writer, EAS_EMAIL2_LAST_VERB_EXECUTION_TIME,
		   eas_email_time(ctx->received));
}

/* A change as it was read from ApplicationData. */
struct eas_email_change {
	const struct wbxml_node *flag, *categories;
	enum eas_flag_status flag_status;
	bool has_read, read;
};

/* Returns FALSE if it is malformed. */
static bool
eas_email_change_parse(const struct wbxml_node *data,
		       struct eas_email_change *change_r)
{
	/* the server's alone: [MS-ASEMAIL] 2.2.2.21, 2.2.2.59, 2.2.2.70,
	   2.2.2.83, 2.2.2.84 */
	static const unsigned int read_only[] = {
		EAS_EMAIL2_CONVERSATION_ID, EAS_EMAIL2_CONVERSATION_INDEX,
		EAS_EMAIL2_RECEIVED_AS_BCC, EAS_EMAIL2_SENDER,
		EAS_EMAIL2_UM_CALLER_ID, EAS_EMAIL2_UM_USER_NOTES,
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
		eas_email_flag_parse(change_r->flag, &change_r->flag_status);
}

int eas_email_keyword_set(struct mail *mail, const char *keyword, bool set)
{
	const char *const names[] = { keyword, NULL };
	struct mail_keywords *keywords;

	if (str_array_icase_find(mail_get_keywords(mail), keyword) == set)
		return 0;
	if (mailbox_keywords_create(mail->box, names, &keywords) < 0)
		return -1;
	mail_update_keywords(mail, set ? MODIFY_ADD : MODIFY_REMOVE, keywords);
	mailbox_keywords_unref(&keywords);
	return 0;
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
	if (change.has_read) {
		mail_update_flags(mail, change.read ? MODIFY_ADD :
				  MODIFY_REMOVE, MAIL_SEEN);
	}
	if (change.flag != NULL) {
		ret = eas_email_flag_apply(req, mail, change.flag,
					   change.flag_status);
	}
	if (ret == 0 && change.categories != NULL)
		ret = eas_email_categories_apply(mail, change.categories);
	if (ret < 0) {
		*status_r = EAS_CHANGE_SERVER_ERROR;
		return -1;
	}
	return 1;
}

bool eas_email_change_is_valid(const struct wbxml_node *application_data)
{
	struct eas_email_change change;

	return application_data == NULL ||
		eas_email_change_parse(application_data, &change);
}

bool eas_email_change_is_done(struct mail *mail,
			      const struct wbxml_node *application_data)
{
	struct eas_email_change change;

	if (!eas_email_change_parse(application_data, &change))
		return TRUE;
	if (change.has_read &&
	    ((mail_get_flags(mail) & MAIL_SEEN) != 0) != change.read)
		return FALSE;
	if (change.flag != NULL &&
	    !eas_email_flag_is_done(mail, change.flag_status))
		return FALSE;
	return change.categories == NULL ||
		eas_email_categories_is_done(mail, change.categories);
}
