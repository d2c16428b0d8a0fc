#ifndef CMD_ITEMOPERATIONS_H
#define CMD_ITEMOPERATIONS_H

#include "eas-folders.h"
#include "eas-options.h"

/* ItemOperations ([MS-ASCMD] 2.2.1.10): Fetch, EmptyFolderContents and Move, any number of
   each, done in the order in which they came. */

struct eas_multipart;
struct mail;

/* [MS-ASCMD] 2.2.3.177.8 */
enum itemoperations_status {
	ITEMOPERATIONS_SUCCESS = 1,
	ITEMOPERATIONS_PROTOCOL_ERROR = 2,
	ITEMOPERATIONS_SERVER_ERROR = 3,
	ITEMOPERATIONS_NOT_FOUND = 6,
	ITEMOPERATIONS_INVALID_RANGE = 8,
	ITEMOPERATIONS_UNKNOWN_STORE = 9,
	ITEMOPERATIONS_FILE_EMPTY = 10,
	ITEMOPERATIONS_TOO_LARGE = 11,
	ITEMOPERATIONS_CONVERSION_FAILED = 14,
	ITEMOPERATIONS_INVALID_ATTACHMENT = 15,
	ITEMOPERATIONS_ACCESS_DENIED = 16,
	ITEMOPERATIONS_PARTIAL = 17,
	/* [MS-ASCON] 2.2.2.10 */
	ITEMOPERATIONS_INVALID_DESTINATION = 105,
	ITEMOPERATIONS_NO_MOVE_ALWAYS = 155,
	ITEMOPERATIONS_NOT_SUPPORTED = 156,
};

struct itemoperations_context {
	struct eas_request *req;
	/* of the answer, or of a fragment if Fetches come before others */
	struct wbxml_writer *writer;
	struct eas_multipart *multipart;	/* NULL = inline */

	/* the folder of the last Fetch stays open for the next one */
	const char *folder_id;
	struct eas_folder *folder;
	enum itemoperations_status folder_status;
	struct mailbox *box;
	struct mailbox_transaction_context *trans;
	uint32_t uidvalidity;

	/* writing the answer failed: it can't be sent (logged) */
	bool failed:1;
};

/* One result of EmptyFolderContents or Move. */
struct itemoperations_result {
	const struct wbxml_node *node;
	enum itemoperations_status status;
};

/* Does a Fetch and writes its element with Status to ctx->writer. */
void itemoperations_fetch(struct itemoperations_context *ctx,
			  const struct wbxml_node *node);
/* Closes what fetch has left open. */
void itemoperations_close_folder(struct itemoperations_context *ctx);

enum itemoperations_status
itemoperations_empty_folder(struct eas_request *req,
			    const struct wbxml_node *node);
/* Moves the mails of a conversation that are there. Mails that join it later stay where they
   are delivered: rules are the mail server's (Sieve). */
enum itemoperations_status
itemoperations_move(struct eas_request *req, const struct wbxml_node *node);

/* For the last error of a mailbox; logs it unless it is the client's. */
enum itemoperations_status
itemoperations_storage_status(struct eas_request *req, struct mailbox *box,
			      const char *vname);

#endif
