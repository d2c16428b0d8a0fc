/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "strescape.h"
#include "unichar.h"
#include "eas-kql.h"
#include "eas-term.h"

#include <ctype.h>

/* A recursive descent over

   or    = and { "OR" and }
   and   = not { ["AND"] not }
   not   = { "NOT" | "-" | "+" } item
   item  = "(" or ")" | property operator value | word | phrase
   value = word | phrase | "(" or ")"

   in which each level of parentheses counts for the depth, and each word for
   the number of terms. */

enum kql_value_type {
	KQL_VALUE_TEXT,
	KQL_VALUE_RECEIVED,
	KQL_VALUE_SENT,
	KQL_VALUE_BOOL,
};

struct kql_property {
	const char *name;
	enum kql_value_type value_type;
	enum eas_term_type term_type;
	/* of EAS_TERM_HEADER; any of them */
	const char *headers[5];
};

static const struct kql_property kql_properties[] = {
	{ "from", KQL_VALUE_TEXT, EAS_TERM_HEADER, { "FROM" } },
	{ "sender", KQL_VALUE_TEXT, EAS_TERM_HEADER, { "FROM", "SENDER" } },
	{ "to", KQL_VALUE_TEXT, EAS_TERM_HEADER, { "TO" } },
	{ "cc", KQL_VALUE_TEXT, EAS_TERM_HEADER, { "CC" } },
	{ "bcc", KQL_VALUE_TEXT, EAS_TERM_HEADER, { "BCC" } },
	{ "recipients", KQL_VALUE_TEXT, EAS_TERM_HEADER,
	  { "TO", "CC", "BCC" } },
	{ "participants", KQL_VALUE_TEXT, EAS_TERM_HEADER,
	  { "FROM", "TO", "CC", "BCC" } },
	{ "subject", KQL_VALUE_TEXT, EAS_TERM_HEADER, { "SUBJECT" } },
	{ "body", KQL_VALUE_TEXT, EAS_TERM_BODY, { NULL } },
	{ "attachment", KQL_VALUE_TEXT, EAS_TERM_FILE_NAME, { NULL } },
	{ "attachmentnames", KQL_VALUE_TEXT, EAS_TERM_FILE_NAME, { NULL } },
	{ "filename", KQL_VALUE_TEXT, EAS_TERM_FILE_NAME, { NULL } },
	{ "received", KQL_VALUE_RECEIVED, EAS_TERM_SINCE, { NULL } },
	{ "date", KQL_VALUE_RECEIVED, EAS_TERM_SINCE, { NULL } },
	{ "sent", KQL_VALUE_SENT, EAS_TERM_SENT_SINCE, { NULL } },
	{ "hasattachment", KQL_VALUE_BOOL, EAS_TERM_HAS_ATTACHMENT, { NULL } },
	{ "hasattachments", KQL_VALUE_BOOL, EAS_TERM_HAS_ATTACHMENT,
	  { NULL } },
	{ "isread", KQL_VALUE_BOOL, EAS_TERM_SEEN, { NULL } },
	{ "isflagged", KQL_VALUE_BOOL, EAS_TERM_FLAGGED, { NULL } },
};

enum kql_op {
	KQL_OP_IS,
	KQL_OP_NOT,
	KQL_OP_LESS,
	KQL_OP_LESS_EQUAL,
	KQL_OP_GREATER,
	KQL_OP_GREATER_EQUAL,
};

/* longer ones first */
static const struct {
	const char *text;
	enum kql_op op;
} kql_ops[] = {
	{ "<>", KQL_OP_NOT },
	{ "<=", KQL_OP_LESS_EQUAL },
	{ ">=", KQL_OP_GREATER_EQUAL },
	{ ":", KQL_OP_IS },
	{ "=", KQL_OP_IS },
	{ "<", KQL_OP_LESS },
	{ ">", KQL_OP_GREATER },
};

struct kql_parser {
	pool_t pool;
	const char *p;
	time_t now;
	const struct pim_timezone *home;
	unsigned int depth, terms;
	/* of the group that is being read; NULL = anywhere */
	const struct kql_property *property;
	const char *error;
};

static struct eas_term *kql_or(struct kql_parser *parser);

static struct eas_term *kql_fail(struct kql_parser *parser, const char *error)
{
	if (parser->error == NULL)
		parser->error = error;
	return NULL;
}

static void kql_skip_space(struct kql_parser *parser)
{
	while (i_isspace(*parser->p))
		parser->p++;
}

static bool kql_ends_word(char c)
{
	return c == '\0' || c == '(' || c == ')' || c == '"' || i_isspace(c);
}

/* The operator in capitals, with its end as a word. */
static bool kql_take_keyword(struct kql_parser *parser, const char *keyword)
{
	size_t len = strlen(keyword);

	if (strncmp(parser->p, keyword, len) != 0 ||
	    !kql_ends_word(parser->p[len]))
		return FALSE;
	parser->p += len;
	kql_skip_space(parser);
	return TRUE;
}

/* -- one term -- */

static bool kql_count_term(struct kql_parser *parser)
{
	if (parser->terms++ < EAS_KQL_MAX_TERMS)
		return TRUE;
	(void)kql_fail(parser, "There are too many terms");
	return FALSE;
}

/* Searching is for parts of words anyway: a star at the end says nothing. What
   is left may be empty. */
static const char *kql_trim_star(const char *text)
{
	size_t len = strlen(text);

	while (len > 0 && text[len - 1] == '*')
		len--;
	return t_strndup(text, len);
}

static struct eas_term *
kql_text_term(struct kql_parser *parser, const struct kql_property *property,
	      const char *text)
{
	struct eas_term *term, *any = NULL;
	unsigned int i;

	if (!kql_count_term(parser))
		return NULL;
	if (*text == '\0')
		return eas_term_new(parser->pool, EAS_TERM_ALL);
	if (property == NULL) {
		return eas_term_new_text(parser->pool, EAS_TERM_ANYWHERE,
					 text);
	}
	if (property->term_type != EAS_TERM_HEADER) {
		return eas_term_new_text(parser->pool, property->term_type,
					 text);
	}
	for (i = 0; property->headers[i] != NULL; i++) {
		term = eas_term_new_text(parser->pool, EAS_TERM_HEADER, text);
		term->header = property->headers[i];
		any = any == NULL ? term :
			eas_term_or(parser->pool, any, term);
	}
	return any;
}

static struct eas_term *
kql_bool_term(struct kql_parser *parser, const struct kql_property *property,
	      enum kql_op op, const char *value)
{
	static const char *const yes[] = { "true", "yes", "1", NULL };
	static const char *const no[] = { "false", "no", "0", NULL };
	struct eas_term *term;
	bool set = str_array_icase_find(yes, value);

	if ((!set && !str_array_icase_find(no, value)) ||
	    (op != KQL_OP_IS && op != KQL_OP_NOT))
		return kql_fail(parser, "A property is neither true nor false");
	if (!kql_count_term(parser))
		return NULL;
	term = eas_term_new(parser->pool, property->term_type);
	term->not = set == (op == KQL_OP_NOT);
	return term;
}

/* received in [start, end), without the sides that op does not want */
static struct eas_term *
kql_interval_term(struct kql_parser *parser,
		  const struct kql_property *property, enum kql_op op,
		  time_t start, time_t end)
{
	enum eas_term_type since = property->term_type;
	enum eas_term_type before = since == EAS_TERM_SINCE ?
		EAS_TERM_BEFORE : EAS_TERM_SENT_BEFORE;
	pool_t pool = parser->pool;
	struct eas_term *term;

	switch (op) {
	case KQL_OP_LESS:
		return eas_term_new_time(pool, before, start);
	case KQL_OP_LESS_EQUAL:
		return eas_term_new_time(pool, before, end);
	case KQL_OP_GREATER:
		return eas_term_new_time(pool, since, end);
	case KQL_OP_GREATER_EQUAL:
		return eas_term_new_time(pool, since, start);
	case KQL_OP_IS:
	case KQL_OP_NOT:
		break;
	}
	term = eas_term_new(pool, EAS_TERM_AND);
	term->not = op == KQL_OP_NOT;
	term->children = eas_term_new_time(pool, since, start);
	term->children->next = eas_term_new_time(pool, before, end);
	return term;
}

static struct eas_term *
kql_date_term(struct kql_parser *parser, const struct kql_property *property,
	      enum kql_op op, const char *value)
{
	const char *dots = strstr(value, "..");
	const char *first = value, *last = value;
	time_t start, end, unused;

	if (dots != NULL) {
		if (op != KQL_OP_IS && op != KQL_OP_NOT)
			return kql_fail(parser, "A range has no order");
		first = t_strdup_until(value, dots);
		last = dots + 2;
	}
	if (eas_kql_date_parse(first, parser->now, parser->home, &start, &unused) < 0 ||
	    eas_kql_date_parse(last, parser->now, parser->home, &unused, &end) < 0)
		return kql_fail(parser, "A date is malformed");
	if (!kql_count_term(parser))
		return NULL;
	return kql_interval_term(parser, property, op, start, end);
}

static struct eas_term *
kql_value_term(struct kql_parser *parser, const struct kql_property *property,
	       enum kql_op op, const char *value)
{
	struct eas_term *term;

	if (*value == '\0')
		return kql_fail(parser, "A property has no value");
	switch (property->value_type) {
	case KQL_VALUE_RECEIVED:
	case KQL_VALUE_SENT:
		return kql_date_term(parser, property, op, value);
	case KQL_VALUE_BOOL:
		return kql_bool_term(parser, property, op, value);
	case KQL_VALUE_TEXT:
		break;
	}
	if (op != KQL_OP_IS && op != KQL_OP_NOT)
		return kql_fail(parser, "Text has no order");
	term = kql_text_term(parser, property, kql_trim_star(value));
	if (term != NULL && op == KQL_OP_NOT)
		term->not = !term->not;
	return term;
}

/* -- words -- */

static const char *kql_phrase(struct kql_parser *parser)
{
	const char *end = strchr(++parser->p, '"'), *text;

	if (end == NULL) {
		(void)kql_fail(parser, "A quotation mark is missing");
		/* nothing is left */
		parser->p += strlen(parser->p);
		return "";
	}
	text = t_strdup_until(parser->p, end);
	parser->p = end + 1;
	return text;
}

static const char *kql_word(struct kql_parser *parser)
{
	const char *start = parser->p;

	while (!kql_ends_word(*parser->p))
		parser->p++;
	return t_strdup_until(start, parser->p);
}

static struct eas_term *kql_group(struct kql_parser *parser)
{
	struct eas_term *term;

	if (++parser->depth > EAS_KQL_MAX_DEPTH)
		return kql_fail(parser, "The query is nested too deep");
	parser->p++;
	term = kql_or(parser);
	if (term != NULL && *parser->p != ')')
		term = kql_fail(parser, "A parenthesis is missing");
	else if (term != NULL)
		parser->p++;
	parser->depth--;
	return term;
}

/* The property that stands at the cursor with its operator; NULL = none, and the
   cursor stays. */
static const struct kql_property *
kql_take_property(struct kql_parser *parser, enum kql_op *op_r)
{
	const char *end = parser->p;
	unsigned int i, j;
	size_t len;

	while (i_isalpha(*end))
		end++;
	len = end - parser->p;
	for (i = 0; i < N_ELEMENTS(kql_properties); i++) {
		if (strlen(kql_properties[i].name) == len &&
		    strncasecmp(kql_properties[i].name, parser->p, len) == 0)
			break;
	}
	if (i == N_ELEMENTS(kql_properties))
		return NULL;
	for (j = 0; j < N_ELEMENTS(kql_ops); j++) {
		len = strlen(kql_ops[j].text);
		if (strncmp(end, kql_ops[j].text, len) == 0) {
			parser->p = end + len;
			*op_r = kql_ops[j].op;
			return &kql_properties[i];
		}
	}
	return NULL;
}

/* "a".."b" as well as a..b */
static const char *kql_date_value(struct kql_parser *parser)
{
	string_t *value = t_str_new(64);

	while (!kql_ends_word(*parser->p) || *parser->p == '"') {
		str_append(value, *parser->p == '"' ? kql_phrase(parser) :
			   kql_word(parser));
		if (parser->error != NULL)
			break;
	}
	return str_c(value);
}

static struct eas_term *
kql_restriction(struct kql_parser *parser, const struct kql_property *property,
		enum kql_op op)
{
	const struct kql_property *outer = parser->property;
	struct eas_term *term;
	const char *value;

	kql_skip_space(parser);
	if (*parser->p == '(' && property->value_type == KQL_VALUE_TEXT) {
		parser->property = property;
		term = kql_group(parser);
		parser->property = outer;
		if (term != NULL && op == KQL_OP_NOT)
			term->not = !term->not;
		else if (op != KQL_OP_IS && op != KQL_OP_NOT)
			return kql_fail(parser, "Text has no order");
		return term;
	}
	if (property->value_type == KQL_VALUE_RECEIVED ||
	    property->value_type == KQL_VALUE_SENT)
		value = kql_date_value(parser);
	else
		value = *parser->p == '"' ? kql_phrase(parser) :
			kql_word(parser);
	return parser->error != NULL ? NULL :
		kql_value_term(parser, property, op, value);
}

static struct eas_term *kql_item(struct kql_parser *parser)
{
	const struct kql_property *property;
	const char *text;
	enum kql_op op;

	switch (*parser->p) {
	case '\0':
	case ')':
		return kql_fail(parser, "A term is missing");
	case '(':
		return kql_group(parser);
	case '"':
		text = kql_phrase(parser);
		if (*text == '\0')
			return kql_fail(parser, "A phrase is empty");
		return kql_text_term(parser, parser->property, text);
	}
	property = kql_take_property(parser, &op);
	if (property != NULL)
		return kql_restriction(parser, property, op);
	text = kql_word(parser);
	return kql_text_term(parser, parser->property, kql_trim_star(text));
}

/* -- operators -- */

static struct eas_term *kql_not(struct kql_parser *parser)
{
	struct eas_term *term;
	bool not = FALSE;

	for (;;) {
		if (kql_take_keyword(parser, "NOT")) {
			not = !not;
		} else if ((*parser->p == '-' || *parser->p == '+') &&
			   (parser->p[1] == '"' || parser->p[1] == '(' ||
			    !kql_ends_word(parser->p[1]))) {
			if (*parser->p == '-')
				not = !not;
			parser->p++;
		} else {
			break;
		}
	}
	T_BEGIN {
		term = kql_item(parser);
	} T_END;
	if (term != NULL && not)
		term->not = !term->not;
	kql_skip_space(parser);
	return term;
}

static bool kql_at_or(const struct kql_parser *parser)
{
	return strncmp(parser->p, "OR", 2) == 0 && kql_ends_word(parser->p[2]);
}

static struct eas_term *kql_and(struct kql_parser *parser)
{
	struct eas_term *terms = NULL, **last = &terms, *term;

	do {
		if (terms != NULL)
			(void)kql_take_keyword(parser, "AND");
		term = kql_not(parser);
		if (term == NULL)
			return NULL;
		*last = term;
		last = &term->next;
	} while (*parser->p != '\0' && *parser->p != ')' && !kql_at_or(parser));

	if (terms->next == NULL)
		return terms;
	term = eas_term_new(parser->pool, EAS_TERM_AND);
	term->children = terms;
	return term;
}

static struct eas_term *kql_or(struct kql_parser *parser)
{
	struct eas_term *terms = NULL, **last = &terms, *term;

	do {
		kql_skip_space(parser);
		term = kql_and(parser);
		if (term == NULL)
			return NULL;
		*last = term;
		last = &term->next;
	} while (kql_take_keyword(parser, "OR"));

	if (terms->next == NULL)
		return terms;
	term = eas_term_new(parser->pool, EAS_TERM_OR);
	term->children = terms;
	return term;
}

/* Phones write “phrases” where "phrases" are meant. */
static const char *kql_plain_quotes(const char *query)
{
	static const char *const quotes[] = {
		"\xe2\x80\x9c", "\xe2\x80\x9d", "\xe2\x80\x9e"
	};
	string_t *plain = t_str_new(strlen(query) + 1);
	unsigned int i;

	while (*query != '\0') {
		for (i = 0; i < N_ELEMENTS(quotes); i++) {
			if (strncmp(query, quotes[i], 3) == 0)
				break;
		}
		if (i == N_ELEMENTS(quotes)) {
			str_append_c(plain, *query++);
		} else {
			str_append_c(plain, '"');
			query += 3;
		}
	}
	return str_c(plain);
}

static int kql_check(const char **query, const char **error_r)
{
	if (strlen(*query) > EAS_KQL_MAX_SIZE) {
		*error_r = "The query is too long";
		return -1;
	}
	if (!uni_utf8_str_is_valid(*query)) {
		*error_r = "The query is not UTF-8";
		return -1;
	}
	*query = kql_plain_quotes(*query);
	return 0;
}

int eas_kql_parse(pool_t pool, const char *query, time_t now,
		  const struct pim_timezone *home, struct eas_term **term_r,
		  const char **error_r)
{
	struct kql_parser parser = { .pool = pool, .now = now, .home = home };

	if (kql_check(&query, error_r) < 0)
		return -1;
	parser.p = query;
	*term_r = kql_or(&parser);
	if (*term_r != NULL && *parser.p != '\0')
		*term_r = kql_fail(&parser, "A parenthesis is too many");
	if (*term_r != NULL)
		return 0;
	i_assert(parser.error != NULL);
	*error_r = parser.error;
	return -1;
}

/* The next word or phrase, NULL at the end. A quotation mark without its
   second is none. */
static const char *words_next(const char **text)
{
	const char *p = *text, *start;

	while (i_isspace(*p) || (*p == '"' && strchr(p + 1, '"') == NULL))
		p++;
	start = p;
	if (*p == '\0')
		return NULL;
	if (*p == '"') {
		p = strchr(++start, '"');
		*text = p + 1;
	} else {
		while (*p != '\0' && *p != '"' && !i_isspace(*p))
			p++;
		*text = p;
	}
	return t_strdup_until(start, p);
}

int eas_words_parse(pool_t pool, const char *text, struct eas_term **term_r,
		    const char **error_r)
{
	unsigned int count = 0;
	const char *word;

	*term_r = NULL;
	if (kql_check(&text, error_r) < 0)
		return -1;
	while ((word = words_next(&text)) != NULL) {
		if (*word == '\0')
			continue;
		if (++count > EAS_KQL_MAX_TERMS) {
			*error_r = "There are too many words";
			return -1;
		}
		*term_r = eas_term_and(pool, *term_r,
			eas_term_new_text(pool, EAS_TERM_ANYWHERE, word));
	}
	if (*term_r != NULL)
		return 0;
	*error_r = "There are no words";
	return -1;
}
