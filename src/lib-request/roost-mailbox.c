#include "lib.h"
#include "ioloop.h"
#include "mail-index-private.h"
#include "mail-transaction-log-private.h"
#include "mail-storage-private.h"
#include "roost-request.h"

#include <sys/stat.h>

/* What is known of a mailbox is read again this often, whatever the checks say:
   rights that were taken away, files that a file system shows late. */
#define ROOST_MAILBOX_MAX_SECS 30
/* An open mailbox takes some hundred bytes for each mail, open now or open later: closing it
   at once would only make each page of a large mailbox read the list of them. */
#define ROOST_MAILBOX_MAX_MESSAGES 500000

/* Is the index still the one that stands at its path? Its log is open, so that no other
   file can have the same number. A mailbox that was renamed or deleted, and one
   that was made in its place, have another log or none. */
static bool roost_mailbox_is_in_place(struct mailbox *box)
{
	const struct mail_transaction_log *log = box->index->log;
	struct stat st;

	return log->head != NULL && log->head->fd != -1 &&
		stat(log->filepath, &st) == 0 &&
		st.st_ino == log->head->st_ino &&
		CMP_DEV_T(st.st_dev, log->head->st_dev);
}

struct mailbox *
roost_user_take_mailbox(struct roost_user *user, struct mailbox_list *list,
			const char *vname)
{
	struct mailbox *box = user->mailbox;

	if (box == NULL || box->list != list ||
	    strcmp(mailbox_get_vname(box), vname) != 0)
		return mailbox_alloc(list, vname, 0);

	user->mailbox = NULL;
	if (ioloop_time - user->mailbox_opened < ROOST_MAILBOX_MAX_SECS &&
	    roost_mailbox_is_in_place(box) && mailbox_sync(box, 0) == 0 &&
	    !mailbox_is_inconsistent(box)) {
		user->mailbox_taken = box;
		user->mailbox_taken_opened = user->mailbox_opened;
		return box;
	}
	mailbox_free(&box);
	return mailbox_alloc(list, vname, 0);
}

/* An empty one costs nothing to open; and one whose UIDVALIDITY was changed looks empty
   to whoever has it open then, until it is opened again. */
static bool roost_mailbox_can_be_kept(struct mailbox *box)
{
	struct mailbox_status status;

	if (!box->opened || mailbox_is_inconsistent(box) ||
	    MAIL_INDEX_IS_IN_MEMORY(box->index))
		return FALSE;
	mailbox_get_open_status(box, STATUS_MESSAGES, &status);
	return status.messages > 0 &&
		status.messages <= ROOST_MAILBOX_MAX_MESSAGES;
}

void roost_user_keep_mailbox(struct roost_user *user, struct mailbox **_box)
{
	struct mailbox *box = *_box;
	time_t opened = ioloop_time;

	*_box = NULL;
	if (box == NULL)
		return;
	if (user->mailbox_taken == box) {
		user->mailbox_taken = NULL;
		opened = user->mailbox_taken_opened;
	}
	if (!roost_mailbox_can_be_kept(box)) {
		mailbox_free(&box);
		return;
	}
	roost_user_close_mailbox(user);
	user->mailbox = box;
	user->mailbox_opened = opened;
}

void roost_user_close_mailbox(struct roost_user *user)
{
	if (user->mailbox != NULL)
		mailbox_free(&user->mailbox);
}
