#ifndef EAS_KQL_H
#define EAS_KQL_H

struct eas_term;
struct pim_timezone;

/* The part of the Keyword Query Language ([MS-KQL], [MS-ASCMD] 2.2.3.80.1) that
   makes sense for mail: words and "phrases", property restrictions, AND, OR,
   NOT, + and -, parentheses. What stands side by side is ANDed; NOT binds
   tighter than AND, AND tighter than OR.

   Text: from: to: cc: bcc: participants: recipients: subject: body:
   attachment:, also with a group: from:(ada OR bob). A word with another
   property is text.
   Dates: received: sent:, with : = < > <= >= <> and a..b, and today, yesterday,
   "this week" ... "last year" (by the user's clock, weeks begin on Mondays).
   Yes and no: hasattachment: isread: isflagged: */

/* What is beyond is refused. */
#define EAS_KQL_MAX_SIZE 4096
#define EAS_KQL_MAX_DEPTH 16
#define EAS_KQL_MAX_TERMS 64

/* Everything is allocated from pool, now is what today is by the clock
   of home. Returns 0, or -1 with a sentence (without the query's text). */
int eas_kql_parse(pool_t pool, const char *query, time_t now,
		  const struct pim_timezone *home, struct eas_term **term_r,
		  const char **error_r);
/* Words and "phrases" alone, all of which are wanted, as Search's FreeText has
   them. */
int eas_words_parse(pool_t pool, const char *text, struct eas_term **term_r,
		    const char **error_r);

/* The time [start, end) that a date of a query stands for. Returns 0, or -1 if
   it is none. */
int eas_kql_date_parse(const char *value, time_t now,
		       const struct pim_timezone *home, time_t *start_r,
		       time_t *end_r);

#endif
