/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "istream.h"
#include "message-header-parser.h"
#include "mail-storage.h"
#include "class-email-private.h"

/* MessageClass ([MS-ASEMAIL] 2.2.2.49). IPM.Schedule.Meeting and the element
   MeetingRequest go together: a device that sees the one expects the other. */

#define EAS_REPORT_MAX (64*1024)

/* The field of a report that says what became of the mail, and what it
   means. Compared as a prefix: "automatic-action/MDN-sent-automatically;
   displayed". */
static const struct eas_report {
	enum pim_message_kind kind;
	const char *field, *value, *message_class;
} eas_reports[] = {
	/* RFC 3464 2.3.3 */
	{ PIM_MESSAGE_REPORT_DELIVERY, "Action", "failed",
	  "REPORT.IPM.Note.NDR" },
	{ PIM_MESSAGE_REPORT_DELIVERY, "Action", "delayed",
	  "REPORT.IPM.Note.DELAYED" },
	{ PIM_MESSAGE_REPORT_DELIVERY, "Action", "delivered",
	  "REPORT.IPM.Note.DR" },
	{ PIM_MESSAGE_REPORT_DELIVERY, "Action", "relayed",
	  "REPORT.IPM.Note.DR" },
	{ PIM_MESSAGE_REPORT_DELIVERY, "Action", "expanded",
	  "REPORT.IPM.Note.DR" },
	/* RFC 8098 3.2.6 */
	{ PIM_MESSAGE_REPORT_DISPOSITION, "Disposition", "displayed",
	  "REPORT.IPM.Note.IPNRN" },
	{ PIM_MESSAGE_REPORT_DISPOSITION, "Disposition", "deleted",
	  "REPORT.IPM.Note.IPNNRN" },
};

static const struct eas_report *
eas_report_find(enum pim_message_kind kind,
		const struct message_header_line *hdr)
{
	const struct eas_report *report;
	const char *value, *p;

	value = t_strndup(hdr->value, hdr->value_len);
	if ((p = strrchr(value, ';')) != NULL)
		value = p + 1;
	while (*value == ' ' || *value == '\t')
		value++;
	for (unsigned int i = 0; i < N_ELEMENTS(eas_reports); i++) {
		report = &eas_reports[i];
		if (report->kind == kind &&
		    strcasecmp(report->field, hdr->name) == 0 &&
		    strncasecmp(report->value, value,
				strlen(report->value)) == 0)
			return report;
	}
	return NULL;
}

/* A report's body is blocks of fields, one for each recipient: a failure
   among them decides. */
static const char *
eas_report_read(struct istream *input, enum pim_message_kind kind)
{
	const struct eas_report *report, *found = NULL;
	struct message_header_parser_ctx *parser;
	struct message_header_line *hdr;
	uoff_t start;

	do {
		start = input->v_offset;
		parser = message_parse_header_init(input, NULL,
			MESSAGE_HEADER_PARSER_FLAG_SKIP_INITIAL_LWSP);
		while (message_parse_header_next(parser, &hdr) > 0) {
			if (hdr->eoh)
				break;
			report = eas_report_find(kind, hdr);
			if (report != NULL &&
			    (found == NULL || report < found))
				found = report;
		}
		message_parse_header_deinit(&parser);
	} while (input->v_offset > start && !i_stream_read_eof(input));
	return found == NULL ? NULL : found->message_class;
}

static const char *eas_report_class(struct eas_email_context *ctx)
{
	const struct pim_part *part = ctx->msg->report;
	struct istream *input;
	const char *message_class;

	if (part == NULL)
		return NULL;
	i_stream_seek(ctx->input, part->body_pos);
	input = i_stream_create_limit(ctx->input,
				      I_MIN(part->body_size, EAS_REPORT_MAX));
	message_class = eas_report_read(input, ctx->msg->kind);
	i_stream_unref(&input);
	return message_class;
}

const char *eas_email_message_class(struct eas_email_context *ctx)
{
	const char *message_class = NULL;

	if (ctx->meeting != NULL)
		return eas_email_meeting_class(ctx->meeting);
	switch (ctx->msg->kind) {
	case PIM_MESSAGE_SMIME:
		return "IPM.Note.SMIME";
	case PIM_MESSAGE_SMIME_SIGNED:
		return "IPM.Note.SMIME.MultipartSigned";
	case PIM_MESSAGE_REPORT_DELIVERY:
	case PIM_MESSAGE_REPORT_DISPOSITION:
		message_class = eas_report_class(ctx);
		break;
	case PIM_MESSAGE_PLAIN:
	case PIM_MESSAGE_PGP:
		message_class = eas_email_voice_class(ctx->msg);
		break;
	}
	return message_class != NULL ? message_class : "IPM.Note";
}
