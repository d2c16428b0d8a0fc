#ifndef PIM_MERGE_H
#define PIM_MERGE_H

/* A new mail and the one that it answers or forwards become one mail: the
   original's text stands below the new one, in the forms that the new mail has (and as
   HTML if the original has it), pictures in it stay, and a forwarded mail's
   attachments go along. Originals that are signed or encrypted are attached as they are. Memory
   does not grow with the mails. */

struct istream;
struct ostream;
struct pim_message;

struct pim_merge_mail {
	/* the mail's stream, and what pim_message_read() said of it */
	struct istream *input;
	const struct pim_message *msg;
};

struct pim_merge {
	pool_t pool;
	struct pim_merge_mail new_mail, original;
	bool forward;
	/* the header of the result, without MIME-Version and Content-* */
	string_t *header;
	/* makes a stream to put a text into: memory, and a file beyond that */
	struct ostream *(*spool)(void *context);
	void *spool_context;
};

/* A new mail that is encrypted, or signed in a way that can't be put into another one,
   is sent as it is: nothing can be appended to it, and what somebody encrypts must
   not travel with its original in the clear. The same for an answer that is signed;
   a forwarded original is attached beside what is signed. */
bool pim_merge_is_possible(const struct pim_merge *merge);

/* Writes the mail. Returns 0, or -1 and a sentence. */
int pim_merge_write(struct pim_merge *merge, struct ostream *output,
		    const char **error_r);

#endif
