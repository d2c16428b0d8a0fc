#ifndef EAS_TERM_H
#define EAS_TERM_H

/* What a search looks for: the tree that Search's Query and Find's KQL are both
   turned into, and Dovecot's search arguments are made of. Everything is
   valid UTF-8 and never empty. */

struct mail_search_args;

enum eas_term_type {
	/* all children, any child */
	EAS_TERM_AND,
	EAS_TERM_OR,
	/* text in a header or the body */
	EAS_TERM_ANYWHERE,
	EAS_TERM_BODY,
	/* text in the header of that name */
	EAS_TERM_HEADER,
	/* text in the name of an attachment */
	EAS_TERM_FILE_NAME,
	EAS_TERM_HAS_ATTACHMENT,
	/* received at time or later, before time */
	EAS_TERM_SINCE,
	EAS_TERM_BEFORE,
	/* the same of the Date header */
	EAS_TERM_SENT_SINCE,
	EAS_TERM_SENT_BEFORE,
	EAS_TERM_SEEN,
	EAS_TERM_FLAGGED,
	EAS_TERM_ALL,
};

struct eas_term {
	struct eas_term *next;		/* sibling */
	enum eas_term_type type;
	bool not;			/* what does not match */
	struct eas_term *children;	/* AND, OR: never NULL */
	const char *header;		/* static */
	const char *text;
	const char *folded;		/* text by pim_text_fold() */
	time_t time;
};

/* A term of pool. */
struct eas_term *eas_term_new(pool_t pool, enum eas_term_type type);
struct eas_term *
eas_term_new_text(pool_t pool, enum eas_term_type type, const char *text);
struct eas_term *
eas_term_new_time(pool_t pool, enum eas_term_type type, time_t time);
/* Both of two terms; either may be NULL. */
struct eas_term *
eas_term_and(pool_t pool, struct eas_term *term1, struct eas_term *term2);
/* Any of two terms. */
struct eas_term *
eas_term_or(pool_t pool, struct eas_term *term1, struct eas_term *term2);

/* The arguments for one search in one mailbox; term NULL = all mails. They are
   the caller's to unref. */
struct mail_search_args *eas_term_build(const struct eas_term *term);

#endif
