/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "pim-text.h"
#include "class-email-private.h"

#include <ctype.h>

/* Voice mails ([MS-ASEMAIL] 2.2.2.81 to 84), as telephone systems send them: they say
   so in Content-Class (Exchange's), Message-Context (RFC 3458) or by
   multipart/voice-message (RFC 3801), and name the caller, the duration and the
   order of the recordings in headers of their own. No header has UmUserNotes. */

static const struct {
	enum pim_header_name header;
	const char *value, *message_class;
} voice_classes[] = {
	{ PIM_HEADER_CONTENT_CLASS, "voice",
	  "IPM.Note.Microsoft.Voicemail.UM" },
	{ PIM_HEADER_CONTENT_CLASS, "voice-ca",
	  "IPM.Note.Microsoft.Voicemail.UM.CA" },
	{ PIM_HEADER_CONTENT_CLASS, "voice-uc",
	  "IPM.Note.Microsoft.Voicemail.UM" },
	{ PIM_HEADER_CONTENT_CLASS, "missedcall",
	  "IPM.Note.Microsoft.Missed.Voice" },
	{ PIM_HEADER_MESSAGE_CONTEXT, "voice-message",
	  "IPM.Note.Microsoft.Voicemail" },
	{ PIM_HEADER_CONTENT_TYPE, "multipart/voice-message",
	  "IPM.Note.Microsoft.Voicemail" },
};

/* The value is "word", or "word; parameters"; quotes don't matter. */
static bool voice_value_is(const char *value, const char *word)
{
	size_t len = strlen(word);

	while (*value == ' ' || *value == '"')
		value++;
	return strncasecmp(value, word, len) == 0 &&
		(value[len] == '\0' || strchr("; \t\"", value[len]) != NULL);
}

const char *eas_email_voice_class(const struct pim_message *msg)
{
	for (unsigned int i = 0; i < N_ELEMENTS(voice_classes); i++) {
		const char *value =
			msg->headers.value[voice_classes[i].header];

		if (value != NULL &&
		    voice_value_is(value, voice_classes[i].value))
			return voice_classes[i].message_class;
	}
	return NULL;
}

/* 2.2.2.83: E.164 or a SIP link; a caller who hides his number has none */
void eas_email_write_voice_caller(struct eas_email_context *ctx)
{
	const char *caller = ctx->msg->headers.value[
		PIM_HEADER_X_CALLING_TELEPHONE_NUMBER];
	string_t *number;

	if (caller == NULL || eas_email_voice_class(ctx->msg) == NULL)
		return;
	caller = pim_text_clean_line(caller);
	if (strncasecmp(caller, "sip:", 4) == 0 ||
	    strncasecmp(caller, "sips:", 5) == 0) {
		wbxml_text(ctx->writer, EAS_EMAIL2_UM_CALLER_ID, caller);
		return;
	}
	number = t_str_new(32);
	for (; *caller != '\0'; caller++) {
		if (i_isdigit(*caller) || (*caller == '+' && str_len(number) == 0))
			str_append_c(number, *caller);
		else if (strchr(" -./()", *caller) == NULL)
			return;
	}
	if (str_len(number) > 0) {
		wbxml_text(ctx->writer, EAS_EMAIL2_UM_CALLER_ID,
			   str_c(number));
	}
}

/* Which of the recordings it is: 1 = the newest, the last one in
   X-AttachmentOrder; 0 = it is none. */
static unsigned int
voice_attachment_order(struct eas_email_context *ctx,
		       const struct pim_part *part)
{
	const char *order =
		ctx->msg->headers.value[PIM_HEADER_X_ATTACHMENT_ORDER];
	const char *name = pim_part_file_name(part, ctx->input);
	struct pim_part *const *partp;
	unsigned int count = 0, pos = 0;

	if (strncmp(part->type, "audio/", 6) != 0)
		return 0;
	if (order != NULL) {
		const char *const *names = t_strsplit_spaces(order, ";");

		for (; *names != NULL; names++) {
			count++;
			if (strcasecmp(t_str_trim(*names, " \t\""),
				       name) == 0)
				pos = count;
		}
		if (pos > 0)
			return count - pos + 1;
		/* a name that isn't there counts as older */
	}
	/* (the others in the order of the mail) */
	array_foreach(&ctx->msg->attachments, partp) {
		if (strncmp((*partp)->type, "audio/", 6) != 0)
			continue;
		pos++;
		if (*partp == part)
			return count + pos;
	}
	return 0;
}

void eas_email_write_voice_attachment(struct eas_email_context *ctx,
				      const struct pim_part *part)
{
	const char *duration = ctx->msg->headers.value[
		PIM_HEADER_X_VOICE_MESSAGE_DURATION];
	unsigned int order, secs;

	if (ctx->req->version < EAS_VERSION_14_0 ||
	    eas_email_voice_class(ctx->msg) == NULL)
		return;
	order = voice_attachment_order(ctx, part);
	if (order == 0)
		return;
	/* 2.2.2.81: the newest one's */
	if (order == 1 && duration != NULL &&
	    str_to_uint(t_str_trim(duration, " \t"), &secs) == 0)
		wbxml_uint(ctx->writer, EAS_EMAIL2_UM_ATT_DURATION, secs);
	wbxml_uint(ctx->writer, EAS_EMAIL2_UM_ATT_ORDER, order);
}
