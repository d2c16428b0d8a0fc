/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "mail-storage.h"
#include "mail-search-build.h"
#include "mail-search-mime.h"
#include "pim-text.h"
#include "eas-term.h"

struct eas_term *eas_term_new(pool_t pool, enum eas_term_type type)
{
	struct eas_term *term = p_new(pool, struct eas_term, 1);

	term->type = type;
	return term;
}

struct eas_term *
eas_term_new_text(pool_t pool, enum eas_term_type type, const char *text)
{
	struct eas_term *term = eas_term_new(pool, type);

	i_assert(*text != '\0');
	term->text = p_strdup(pool, text);
	T_BEGIN {
		string_t *folded = t_str_new(64);

		pim_text_fold(text, strlen(text), folded);
		term->folded = p_strdup(pool, str_c(folded));
	} T_END;
	return term;
}

struct eas_term *
eas_term_new_time(pool_t pool, enum eas_term_type type, time_t time)
{
	struct eas_term *term = eas_term_new(pool, type);

	term->time = time;
	return term;
}

static struct eas_term *
eas_term_join(pool_t pool, enum eas_term_type type, struct eas_term *term1,
	      struct eas_term *term2)
{
	struct eas_term *term, **last;

	/* a flat list where it can be one */
	if (term1->type == type && !term1->not && term1->next == NULL) {
		term = term1;
	} else {
		term = eas_term_new(pool, type);
		term->children = term1;
	}
	for (last = &term->children; *last != NULL; last = &(*last)->next) ;
	*last = term2;
	return term;
}

struct eas_term *
eas_term_and(pool_t pool, struct eas_term *term1, struct eas_term *term2)
{
	if (term1 == NULL || term2 == NULL)
		return term1 == NULL ? term2 : term1;
	return eas_term_join(pool, EAS_TERM_AND, term1, term2);
}

struct eas_term *
eas_term_or(pool_t pool, struct eas_term *term1, struct eas_term *term2)
{
	return eas_term_join(pool, EAS_TERM_OR, term1, term2);
}

static struct mail_search_arg *
search_arg_new(pool_t pool, enum mail_search_arg_type type, const char *str)
{
	struct mail_search_arg *arg = p_new(pool, struct mail_search_arg, 1);

	arg->type = type;
	arg->value.str = p_strdup(pool, str);
	return arg;
}

static struct mail_search_arg *
search_arg_header(pool_t pool, const char *name, const char *text)
{
	struct mail_search_arg *arg;

	arg = search_arg_new(pool, SEARCH_HEADER_COMPRESS_LWSP, text);
	arg->hdr_field_name = p_strdup(pool, name);
	return arg;
}

static struct mail_search_arg *
search_arg_list(pool_t pool, enum mail_search_arg_type type,
		struct mail_search_arg *arg1, struct mail_search_arg *arg2)
{
	struct mail_search_arg *list = search_arg_new(pool, type, NULL);

	list->value.subargs = arg1;
	arg1->next = arg2;
	return list;
}

/* Delivery marks mails if mail_attachment_detection_options says so. What has
   no mark, or was there before it, is judged by its form. */
static struct mail_search_arg *search_arg_has_attachment(pool_t pool)
{
	struct mail_search_arg *marked, *unmarked, *mixed;

	marked = search_arg_new(pool, SEARCH_KEYWORDS,
				MAIL_KEYWORD_HAS_ATTACHMENT);
	unmarked = search_arg_new(pool, SEARCH_KEYWORDS,
				  MAIL_KEYWORD_HAS_NO_ATTACHMENT);
	unmarked->match_not = TRUE;
	mixed = search_arg_header(pool, "CONTENT-TYPE", "multipart/mixed");
	return search_arg_list(pool, SEARCH_OR, marked,
		search_arg_list(pool, SEARCH_SUB, unmarked, mixed));
}

static struct mail_search_arg *
search_arg_file_name(pool_t pool, const char *text)
{
	struct mail_search_arg *arg =
		search_arg_new(pool, SEARCH_MIMEPART, NULL);
	struct mail_search_mime_arg *mime_arg;

	mime_arg = p_new(pool, struct mail_search_mime_arg, 1);
	mime_arg->type = SEARCH_MIME_FILENAME_CONTAINS;
	mime_arg->value.str = p_strdup(pool, text);
	arg->value.mime_part = p_new(pool, struct mail_search_mime_part, 1);
	arg->value.mime_part->args = mime_arg;
	return arg;
}

static struct mail_search_arg *
search_arg_date(pool_t pool, const struct eas_term *term)
{
	bool since = term->type == EAS_TERM_SINCE ||
		term->type == EAS_TERM_SENT_SINCE;
	bool sent = term->type == EAS_TERM_SENT_SINCE ||
		term->type == EAS_TERM_SENT_BEFORE;
	struct mail_search_arg *arg;

	arg = search_arg_new(pool, since ? SEARCH_SINCE : SEARCH_BEFORE, NULL);
	arg->value.time = term->time;
	arg->value.date_type = sent ? MAIL_SEARCH_DATE_TYPE_SENT :
		MAIL_SEARCH_DATE_TYPE_RECEIVED;
	/* exact, not whole days as IMAP has them */
	arg->value.search_flags = MAIL_SEARCH_ARG_FLAG_UTC_TIMES;
	return arg;
}

static struct mail_search_arg *
search_arg_flag(pool_t pool, enum mail_flags flag)
{
	struct mail_search_arg *arg = search_arg_new(pool, SEARCH_FLAGS, NULL);

	arg->value.flags = flag;
	return arg;
}

static struct mail_search_arg *
search_arg_build(pool_t pool, const struct eas_term *term);

static struct mail_search_arg *
search_arg_children(pool_t pool, const struct eas_term *term)
{
	struct mail_search_arg *list, **last;
	const struct eas_term *child;

	list = search_arg_new(pool, term->type == EAS_TERM_OR ?
			      SEARCH_OR : SEARCH_SUB, NULL);
	last = &list->value.subargs;
	for (child = term->children; child != NULL; child = child->next) {
		*last = search_arg_build(pool, child);
		last = &(*last)->next;
	}
	return list;
}

static struct mail_search_arg *
search_arg_build_type(pool_t pool, const struct eas_term *term)
{
	switch (term->type) {
	case EAS_TERM_AND:
	case EAS_TERM_OR:
		return search_arg_children(pool, term);
	case EAS_TERM_ANYWHERE:
		return search_arg_new(pool, SEARCH_TEXT, term->text);
	case EAS_TERM_BODY:
		return search_arg_new(pool, SEARCH_BODY, term->text);
	case EAS_TERM_HEADER:
		return search_arg_header(pool, term->header, term->text);
	case EAS_TERM_FILE_NAME:
		return search_arg_file_name(pool, term->text);
	case EAS_TERM_HAS_ATTACHMENT:
		return search_arg_has_attachment(pool);
	case EAS_TERM_SINCE:
	case EAS_TERM_BEFORE:
	case EAS_TERM_SENT_SINCE:
	case EAS_TERM_SENT_BEFORE:
		return search_arg_date(pool, term);
	case EAS_TERM_SEEN:
		return search_arg_flag(pool, MAIL_SEEN);
	case EAS_TERM_FLAGGED:
		return search_arg_flag(pool, MAIL_FLAGGED);
	case EAS_TERM_ALL:
		return search_arg_new(pool, SEARCH_ALL, NULL);
	}
	i_unreached();
}

static struct mail_search_arg *
search_arg_build(pool_t pool, const struct eas_term *term)
{
	struct mail_search_arg *arg = search_arg_build_type(pool, term);

	arg->match_not = term->not;
	return arg;
}

struct mail_search_args *eas_term_build(const struct eas_term *term)
{
	struct mail_search_args *args = mail_search_build_init();

	if (term == NULL)
		mail_search_build_add_all(args);
	else
		args->args = search_arg_build(args->pool, term);
	return args;
}
