#ifndef CLASS_EMAIL_H
#define CLASS_EMAIL_H

#include "mail-storage.h"
#include "eas-options.h"

/* Mails as ActiveSync's class Email ([MS-ASEMAIL], [MS-ASAIRS], [MS-ASMS]). */

struct eas_folder;

enum eas_mail_write_flags {
	/* a new item for the device: everything */
	EAS_MAIL_WRITE_ALL = 0,
	/* a changed item: only what can change (Read, Flag, Categories,
	   LastVerbExecuted) */
	EAS_MAIL_WRITE_CHANGE = 0x01,
	/* ItemOperations and Search: elements are in Properties, not
	   ApplicationData */
	EAS_MAIL_WRITE_PROPERTIES = 0x02,
};

/* Headers and cached fields lib-storage should have at hand for
   eas_email_write(): for mail_alloc() and mailbox_search_init(). headers_r
   is owned by the caller (unref with mailbox_header_lookup_unref), NULL if
   no single headers are worth looking up. */
enum mail_fetch_field
eas_email_fetch_fields(struct mailbox *box,
		       const struct eas_item_options *options,
		       enum eas_mail_write_flags flags,
		       struct mailbox_header_lookup_ctx **headers_r);

/* Writes the elements of a mail (the children of ApplicationData or
   Properties, in the order of the schemas) to writer, which should be a
   fragment: on failure what was written has to be dropped: nothing is
   written before everything that can fail was tried, so that a mail which
   returns 0 or -1 has left nothing. The caller's data stack frame should not
   outlive one mail. Returns 1; 0 if the mail is gone (expunged); -1 if it
   can't be shown (poison: error_r says why, the caller skips and logs it). */
int eas_email_write(struct eas_request *req, struct eas_folder *folder,
		    struct mail *mail, const struct eas_item_options *options,
		    enum eas_mail_write_flags flags,
		    struct wbxml_writer *writer, const char **error_r);

/* Writes the ApplicationData of a draft that the device has made, with what it can't
   know: its conversation, and the FileReferences of the attachments that it added.
   Returns as eas_email_write(). */
int eas_email_write_added(struct eas_request *req, struct eas_folder *folder,
			  struct mail *mail,
			  const struct eas_item_options *options,
			  struct wbxml_writer *writer, const char **error_r);

/* Find's elements of a mail ([MS-ASCMD] 2.2.3.139.1), which are fewer. Returns as
   eas_email_write(). */
enum mail_fetch_field eas_email_find_fetch_fields(void);
int eas_email_write_find(struct eas_request *req, struct eas_folder *folder,
			 struct mail *mail, struct wbxml_writer *writer,
			 const char **error_r);

/* A multipart answer ([MS-ASCMD] 2.2.1.10.1) takes the bodies' data apart
   from the document. */
struct eas_email_parts {
	/* Takes size bytes of input as the answer's next part; returns its
	   index for the Part element. */
	unsigned int (*add)(void *context, struct istream *input, uoff_t size);
	void *context;
};
/* As eas_email_write(); if parts is not NULL, Body's data goes there. */
int eas_email_write_parts(struct eas_request *req, struct eas_folder *folder,
			  struct mail *mail,
			  const struct eas_item_options *options,
			  enum eas_mail_write_flags flags,
			  const struct eas_email_parts *parts,
			  struct wbxml_writer *writer, const char **error_r);

/* The conversation a mail belongs to ([MS-ASCON] 2.2.2.3.3): the same for
   every mail of a thread, in all folders, made from the thread's root.
   Returns 1, or 0 (gone), -1 as eas_email_write(). */
#define EAS_CONVERSATION_ID_SIZE 16
int eas_conversation_id(struct mail *mail,
			uint8_t id_r[EAS_CONVERSATION_ID_SIZE],
			const char **error_r);
/* The headers that it is made of, for mailbox_search_init(): they are cached, so
   that no mail is read. The caller unrefs it. */
struct mailbox_header_lookup_ctx *eas_conversation_headers(struct mailbox *box);
/* Reads a device's ConversationId: opaque bytes, base64 from a device that has
   got text, or a GUID in hexadecimal. Returns 0, or -1 if it is none. */
int eas_conversation_id_parse(const struct wbxml_node *node,
			      uint8_t id_r[EAS_CONVERSATION_ID_SIZE]);

/* Applies a device's <ApplicationData> to an existing mail in an open
   transaction: Read, Flag, Categories (12.1/14.0 on). Other elements are
   ignored, as Exchange does, unless malformed. Returns 1; 0 nothing to
   change; -1 with a Sync item Status (6 malformed...). */
int eas_email_apply_change(struct eas_request *req, struct mail *mail,
			   const struct wbxml_node *application_data,
			   unsigned int *status_r);

/* FALSE: eas_email_apply_change() would refuse it as malformed. NULL is valid. */
bool eas_email_change_is_valid(const struct wbxml_node *application_data);

/* Is the mail as such a change wants it? Whoever has no right to change it
   (ACL) gets no error from Dovecot: the change is just left undone. What is
   malformed wants nothing. */
bool eas_email_change_is_done(struct mail *mail,
			      const struct wbxml_node *application_data);

/* The attachment that a FileReference ("<folder id>:<uid>:<part>") names.
   Splits it; -1 = malformed. part_r is on the data stack (IMAP part number,
   "2.1"). */
int eas_file_reference_parse(const char *ref, const char **folder_id_r,
			     uint32_t *uid_r, const char **part_r);
/* Opens the decoded content of a part of the mail. size_r is exact (the part
   is decoded once to count it). Returns 1, 0 no such part, -1 error. The
   caller unrefs input_r. */
int eas_email_open_attachment(struct mail *mail, const char *part,
			      struct istream **input_r, uoff_t *size_r,
			      const char **content_type_r,
			      const char **filename_r);

#endif
