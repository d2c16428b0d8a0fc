#ifndef CLASS_EMAIL_PRIVATE_H
#define CLASS_EMAIL_PRIVATE_H

#include "class-email.h"
#include "pim-message.h"
#include "pim-scheduling.h"

struct eas_email_context {
	struct eas_request *req;
	struct eas_folder *folder;
	struct mail *mail;
	const struct eas_item_options *options;
	const struct eas_email_parts *parts_sink;
	struct wbxml_writer *writer;
	pool_t pool;

	/* of the mail, owned by it */
	struct istream *input;
	struct message_part *parts;
	struct pim_message *msg;
	/* of a winmail.dat that could be read */
	struct pim_tnef *tnef;
	/* what a meeting message says, NULL = the mail is none */
	struct pim_itip *meeting;
	enum pim_message_type meeting_type;
	time_t received;
	enum mail_flags flags;
	const char *const *keywords;
};

/* One of Body, BodyPart, MIMEData: found out before anything is written. */
struct eas_email_body {
	enum eas_body_type type;
	/* NULL = no data is sent */
	struct istream *data;
	uoff_t size;			/* of data */
	uoff_t estimated_size;		/* of the whole */
	const char *preview;		/* NULL = none */
	bool truncated:1;
	/* data is not text that XML could hold */
	bool opaque:1;
};

struct eas_email_bodies {
	struct eas_email_body body, body_part;
	bool has_body:1;
	bool has_body_part:1;
};

/* Why the mail can't be read: 0 it is gone, -1 with the reason. */
int eas_email_failed(struct mail *mail, const char **error_r);
int eas_email_input_failed(struct mail *mail, struct istream *input,
			   const char **error_r);
/* A stream to put a body or an attachment into: memory, and a file beyond
   that. */
struct ostream *eas_email_spool(struct eas_request *req);

/* Opens the mail for everything below. Returns 1, or as eas_email_failed(). */
int eas_email_open(struct eas_email_context *ctx, const char **error_r);

/* To ... Importance, and at the end what Email2 has of the kind */
void eas_email_write_headers(struct eas_email_context *ctx);
void eas_email_write_headers2(struct eas_email_context *ctx);
void eas_email_write_from(struct eas_email_context *ctx);
/* What Find's Properties have of the header ([MS-ASCMD] 2.2.3.139.1) */
void eas_email_write_find_headers(struct eas_email_context *ctx);

void eas_email_write_attachments(struct eas_email_context *ctx);
/* Those that this request has added, with their ClientIds only. */
void eas_email_write_added_attachments(struct eas_email_context *ctx);

/* Returns 1, or as eas_email_failed(). */
int eas_email_bodies_prepare(struct eas_email_context *ctx,
			     struct eas_email_bodies *bodies_r,
			     const char **error_r);
void eas_email_bodies_write(struct eas_email_context *ctx,
			    struct eas_email_bodies *bodies);
void eas_email_bodies_deinit(struct eas_email_bodies *bodies);
#define EAS_EMAIL_PREVIEW_MAX 255
/* The first characters of the text, on the data stack; NULL if there are
   none. */
const char *
eas_email_preview(struct eas_email_context *ctx, unsigned int chars);

/* Finds out whether the mail is a meeting message: ctx->meeting, and its
   calendar is no attachment then. A calendar that can't be read is logged and
   leaves the mail an ordinary one. Returns 1, or as eas_email_failed(). */
int eas_email_meeting_read(struct eas_email_context *ctx,
			   const char **error_r);
/* MessageClass of a meeting message. */
const char *eas_email_meeting_class(const struct pim_itip *meeting);
/* MeetingRequest, if the mail is a meeting message */
void eas_email_write_meeting(struct eas_email_context *ctx);

/* MessageClass of a voice mail, or NULL. */
const char *eas_email_voice_class(const struct pim_message *msg);
/* UmCallerID, and what Attachment has of a recording */
void eas_email_write_voice_caller(struct eas_email_context *ctx);
void eas_email_write_voice_attachment(struct eas_email_context *ctx,
				      const struct pim_part *part);

/* MessageClass. Reads a report's fields. */
const char *eas_email_message_class(struct eas_email_context *ctx);

void eas_email_write_flag(struct eas_email_context *ctx);
void eas_email_write_categories(struct eas_email_context *ctx);
void eas_email_write_last_verb(struct eas_email_context *ctx);

/* [MS-ASEMAIL] 2.2.2.74 */
enum eas_flag_status {
	EAS_FLAG_CLEARED = 0,
	EAS_FLAG_COMPLETE = 1,
	EAS_FLAG_ACTIVE = 2,
};
/* Looks at a device's Flag. FALSE if it is malformed. */
bool eas_email_flag_parse(const struct wbxml_node *flag,
			  enum eas_flag_status *status_r);
/* Makes the mail's flag that of the element. Returns 0 or -1 (logged). */
int eas_email_flag_apply(struct eas_request *req, struct mail *mail,
			 const struct wbxml_node *flag,
			 enum eas_flag_status status);
/* Another mail takes the place of a draft, with its flag. Returns 0 or -1. */
int eas_email_flag_copy(struct eas_request *req, const char *old_guid,
			const char *new_guid);
/* Has the mail this status? */
bool eas_email_flag_is_done(struct mail *mail, enum eas_flag_status status);

/* Sets or clears one keyword. Returns 0 or -1. */
int eas_email_keyword_set(struct mail *mail, const char *keyword, bool set);
/* Makes the mail's categories those of the element. Returns 0 or -1. */
int eas_email_categories_apply(struct mail *mail,
			       const struct wbxml_node *categories);
/* Has the mail just those? */
bool eas_email_categories_is_done(struct mail *mail,
				  const struct wbxml_node *categories);
/* The two directions of the mapping; NULL: the category is no valid text. */
const char *eas_category_to_keyword(const char *category);
const char *eas_category_from_keyword(const char *keyword);

void eas_email_write_conversation(struct eas_email_context *ctx);

/* "2026-11-23T16:48:00.000Z" */
const char *eas_email_time(time_t t);

#endif
