/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "unichar.h"
#include "mail-search.h"
#include "pim-timezone.h"
#include "eas-kql.h"
#include "eas-term.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc ATTR_UNUSED, char ***argv ATTR_UNUSED)
{
	lib_init();
	return 0;
}

/* What lib-storage would panic at, or take too long for. */
static unsigned int check_term(const struct eas_term *term, unsigned int depth)
{
	const struct eas_term *child;
	unsigned int count = 1;

	i_assert(depth <= 2 * EAS_KQL_MAX_DEPTH + 4);
	if (term->text != NULL) {
		i_assert(*term->text != '\0');
		i_assert(uni_utf8_str_is_valid(term->text));
	}
	i_assert((term->children != NULL) == (term->type == EAS_TERM_AND ||
					      term->type == EAS_TERM_OR));
	i_assert((term->header != NULL) == (term->type == EAS_TERM_HEADER));
	for (child = term->children; child != NULL; child = child->next)
		count += check_term(child, depth + 1);
	return count;
}

static void check_result(int ret, const struct eas_term *term,
			 const char *error)
{
	struct mail_search_args *args;

	if (ret < 0) {
		i_assert(error != NULL && *error != '\0');
		return;
	}
	i_assert(check_term(term, 0) <= 12 * EAS_KQL_MAX_TERMS);
	args = eas_term_build(term);
	mail_search_args_simplify(args);
	mail_search_args_unref(&args);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	pool_t pool = pool_alloconly_create("fuzz", 1024);
	struct eas_term *term;
	const char *error;
	int ret;

	T_BEGIN {
		const char *str = t_strndup(data, size);

		error = NULL;
		ret = eas_kql_parse(pool, str, 1795869296,
				    pim_timezone_utc(), &term, &error);
		check_result(ret, term, error);
		error = NULL;
		ret = eas_words_parse(pool, str, &term, &error);
		check_result(ret, term, error);
	} T_END;
	pool_unref(&pool);
	return 0;
}
