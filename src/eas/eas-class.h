#ifndef EAS_CLASS_H
#define EAS_CLASS_H

#include "eas-options.h"
#include "store-item.h"

/* The item classes of the store's folders: Calendar, Contacts, Tasks, Notes. A class is what knows the
   elements: it shows a canonical text as elements, and patches a text by elements. Everything else
   (ids, states, conflicts, transactions, repeated requests, notices, extracted values) is
   common to them and stands in eas-store.c and the commands. A kind of folder is shown to devices as
   soon as its class is in the table in eas-class.c. Mails are not among them (class-email.h). */

struct eas_email_parts;

/* Supported ([MS-ASCMD] 2.2.3.178), as the device sent it with key 0. */
struct eas_supported {
	bool given;
	const uint16_t *tags;
	unsigned int count;
};

struct eas_class_write {
	struct eas_request *req;
	const struct eas_item_options *options;
	/* where bodies' data goes in a multipart answer; NULL = inline */
	const struct eas_email_parts *parts;
	/* the id of the item's folder, for FileReferences */
	const char *folder_id;
};

struct eas_class_apply {
	struct eas_request *req;
	/* the item as it is, NULL = the device adds one */
	const struct store_item *old;
	/* ApplicationData: the words of a stranger */
	const struct wbxml_node *data;
	/* Only this occurrence of old is meant (data NULL: it is to be deleted); NULL =
	   all of it */
	const char *instance_id;
	const struct eas_supported *supported;
	/* how the device was shown the item */
	const struct eas_item_options *options;
	/* the time of the change */
	time_t now;
	/* For an Add: a UID for the new text, if data has none. The same each time that
	   the request is repeated. */
	const char *new_uid;

	/* out: the new text */
	string_t *text;
	/* out, for 1: the item shows more than the device knows after its change, or
	   something else, and has to be sent to it */
	bool tell;
	/* out, in the data stack: the text of another item that comes into being by this change,
	   unless there is one with its UID; NULL = none */
	string_t *more;
	/* out, for -1: a sentence for the log */
	const char *error;
};

struct eas_class {
	const char *name;		/* "Notes" */
	enum store_kind kind;
	unsigned int min_version;
	/* Bit n: the FilterType n ([MS-ASCMD] 2.2.3.77.2) is known. Others of
	   0..8 are Status 4. */
	unsigned int filter_types;
	/* FilterType is ignored (contacts, notes) */
	bool filter_ignored;
	/* Supported is refused with Status 4 (notes) */
	bool no_supported;
	/* Writes the children of ApplicationData or Properties, in the order of the
	   schemas. The writer is a fragment: what was written is dropped if it fails.
	   Returns 0, or -1 if the item can't be shown (the caller skips and logs it). */
	int (*write)(const struct eas_class_write *write,
		     const struct store_item *item,
		     struct wbxml_writer *writer, const char **error_r);
	/* Makes apply->text of old and data. What no element of data speaks of stays as it
	   is to the byte. Returns 1, or -1 if data is wrong (Status 6). It must depend on
	   nothing but apply: it may be called twice for one change. */
	int (*apply)(struct eas_class_apply *apply);
	/* Items have occurrences that are changed and deleted by InstanceId. */
	bool has_instances;
	/* From 16.0 on; NULL = the class has no attachments. Adds and removes those that apply->data says
	   of the stored item old: their blobs, and apply->text with their names. Returns 1, 0 if
	   nothing has changed, -1 if data is wrong, or put_r says why not. */
	int (*attach)(struct eas_class_apply *apply, enum store_put *put_r);
	/* What a device that has sent data has to know of the item: the children of an ApplicationData in
	   Responses. NULL = nothing. */
	void (*write_added)(const struct eas_class_write *write,
			    const struct store_item *item,
			    const struct wbxml_node *data,
			    struct wbxml_writer *writer);
};

extern const struct eas_class *const eas_classes[];

/* NULL: there is none, or not in this version. */
const struct eas_class *
eas_class_find(enum store_kind kind, unsigned int version);
const struct eas_class *eas_class_find_name(const char *name);
/* The Class of a folder of any kind, mailboxes included. */
const char *eas_class_name(enum store_kind kind);

/* Does the class of a folder (mailboxes included) know this FilterType? What is ignored
   becomes 0. */
bool eas_class_filter(enum store_kind kind, unsigned int *filter_type);

/* [MS-ASCMD] 2.2.3.178: an element that can be ghosted (the class knows which) is absent in a Change.
   TRUE: it is to be removed; FALSE: left as it is. */
bool eas_supported_removes(const struct eas_supported *supported,
			   unsigned int tag);

/* -- bodies, the same for all classes (eas-class-body.c) -- */

/* From 12.0 on a body is AirSyncBase:Body. At 2.5 there is no AirSyncBase: each class has elements
   of its own, plain text (Body, cut by the option Truncation, with BodyTruncated and
   BodySize), and packed RTF, which devices send and which is read as text. A class that exists at
   2.5 says which they are:

	static const struct eas_class_body_tags tasks_body = {
		.body = EAS_TASKS_BODY,
		.size = EAS_TASKS_BODY_SIZE,
		.truncated = EAS_TASKS_BODY_TRUNCATED,
		.rtf = EAS_TASKS_COMPRESSED_RTF,
	};

   and need not ask for the version then: both functions below do. 0 = the class has not
   this element (calendars have no BodySize). A Change without body leaves the
   stored one as it is at all versions ([MS-ASCMD] 2.2.3.24). */
struct eas_class_body_tags {
	unsigned int body, size, truncated, rtf;
};

/* Writes the body of a text as the options want it: as it is or converted, truncated
   and estimated ([MS-ASAIRS] 2.2.2.9). text is valid UTF-8; lines may end in LF or CRLF.
   type is EAS_BODY_PLAIN or EAS_BODY_HTML. Nothing is written if all types that
   the device wants are "all or none" and too large, and at 2.5 if the text is empty. tags may
   be NULL for a class that does not exist below 12.0. */
void eas_class_write_body(const struct eas_class_write *write,
			  struct wbxml_writer *writer,
			  const struct eas_class_body_tags *tags,
			  const char *text, size_t size,
			  enum eas_body_type type);
/* Reads the body below data. Returns 1, 0 if there is none, -1 malformed. text_r is valid UTF-8
   in req's pool, lines end in LF; type_r is EAS_BODY_PLAIN or EAS_BODY_HTML (what came as RTF is
   plain text). */
int eas_class_read_body(struct eas_request *req, const struct wbxml_node *data,
			const struct eas_class_body_tags *tags,
			const char **text_r, enum eas_body_type *type_r);
/* Is what the device sent no more than what it was shown of the stored body, converted or
   cut off? Then the stored one must stay: a device sends all it has when somebody changed
   another field. text is what eas_class_read_body() has read. */
bool eas_class_body_is_shown(const struct eas_class_apply *apply,
			     const char *stored, enum eas_body_type stored_type,
			     const char *text, enum eas_body_type type);
/* The text of an element that may be large and stand in the request's body; NULL if node is
   NULL. Valid UTF-8, in req's pool; what isn't is taken for windows-1252. */
const char *eas_class_read_text(struct eas_request *req,
				const struct wbxml_node *node);
/* Its bytes as they are. */
buffer_t *eas_class_read_data(struct eas_request *req,
			      const struct wbxml_node *node);
/* A byte array ([MS-ASDTYPE] 2.7.1), opaque or its base64 as text, as a stream that knows its
   size. Returns 0, or -1 if it is malformed. The caller unrefs it. */
int eas_class_read_bytes(struct eas_request *req, const struct wbxml_node *node,
			 struct istream **input_r);
/* Lines end in CRLF, as devices have them. In the data stack. */
const char *eas_class_crlf(const char *text);
/* HTML to text with LF, and text to an HTML document. In the data stack. */
const char *eas_class_html_to_text(const char *html);
const char *eas_class_text_to_html(const char *text);

#endif
