/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "base64.h"
#include "buffer.h"
#include "hex-binary.h"
#include "sha2.h"
#include "str.h"
#include "strescape.h"
#include "pim-compose.h"
#include "pim-date.h"
#include "pim-lines.h"
#include "pim-text.h"
#include "pim-timezone.h"
#include "pim-scheduling-mail.h"

#define LETTER_LINE 76

static const char *const letter_answers[] = {
	[PIM_PARTSTAT_NEEDS_ACTION] = "",
	[PIM_PARTSTAT_ACCEPTED] = "Accepted: ",
	[PIM_PARTSTAT_TENTATIVE] = "Tentative: ",
	[PIM_PARTSTAT_DECLINED] = "Declined: ",
	[PIM_PARTSTAT_DELEGATED] = "Delegated: ",
};

static const char *letter_prefix(const struct pim_scheduling_letter *letter)
{
	switch (letter->method) {
	case PIM_ITIP_CANCEL:
		return "Canceled: ";
	case PIM_ITIP_REPLY:
		return letter_answers[letter->partstat];
	case PIM_ITIP_COUNTER:
		return "New Time Proposed: ";
	default:
		return "";
	}
}

/* -- for people -- */

static void letter_append_time(string_t *str, const struct pim_itip *itip,
			       int64_t t, bool with_day)
{
	static const char *const weekdays[] = {
		"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday",
		"Friday", "Saturday",
	};
	int64_t local = pim_timezone_to_local(itip->tz, t);
	int64_t days = pim_days_of(local), secs = local - days * PIM_DAY;
	unsigned int month, day;
	int year;

	if (with_day) {
		pim_date_from_days(days, &year, &month, &day);
		str_printfa(str, "%s, %04d-%02u-%02u",
			    weekdays[pim_days_weekday(days)], year, month, day);
	}
	if (!itip->all_day) {
		str_printfa(str, "%s%02u:%02u", with_day ? " " : "",
			    (unsigned int)(secs / 3600),
			    (unsigned int)(secs / 60 % 60));
	}
}

static void
letter_append_when(string_t *str, const struct pim_itip *itip, const char *name,
		   int64_t start, int64_t end)
{
	bool same_day;

	if (itip->all_day && end > start)
		end -= PIM_DAY;
	same_day = pim_days_of(pim_timezone_to_local(itip->tz, start)) ==
		pim_days_of(pim_timezone_to_local(itip->tz, end));
	str_printfa(str, "%s: ", name);
	letter_append_time(str, itip, start, TRUE);
	if (start != end) {
		str_append(str, itip->all_day ? (same_day ? "" : " - ") : " - ");
		if (!itip->all_day || !same_day)
			letter_append_time(str, itip, end, !same_day);
	}
	if (!itip->all_day)
		str_printfa(str, " (%s)", pim_timezone_name(itip->tz));
	if (itip->has_recurrence)
		str_append(str, ", repeated");
	str_append_c(str, '\n');
}

static const char *
letter_people_text(const struct pim_scheduling_letter *letter,
		   const struct pim_itip *itip, const char *summary)
{
	string_t *str = t_str_new(256);

	if (letter->comment != NULL && *letter->comment != '\0') {
		str_append(str, letter->comment);
		str_append(str, "\n\n");
	}
	if (*summary != '\0')
		str_printfa(str, "What: %s\n", summary);
	if (itip != NULL) {
		letter_append_when(str, itip, "When", itip->start, itip->end);
		if (itip->has_proposed) {
			letter_append_when(str, itip, "Proposed",
					   itip->proposed_start,
					   itip->proposed_end);
		}
		if (itip->location != NULL) {
			str_printfa(str, "Where: %s\n",
				    pim_text_clean_line(itip->location));
		}
	}
	return str_c(str);
}

/* -- the mail -- */

static void letter_append_base64(string_t *dest, const void *data, size_t size)
{
	string_t *str = t_str_new(MAX_BASE64_ENCODED_SIZE(size) + 1);
	size_t pos, len;

	base64_encode(data, size, str);
	for (pos = 0; pos < str_len(str); pos += len) {
		len = I_MIN(str_len(str) - pos, LETTER_LINE);
		str_append_data(dest, str_data(str) + pos, len);
		str_append(dest, "\r\n");
	}
}

static void
letter_append_part(string_t *dest, const char *boundary, const char *type,
		   const char *text)
{
	str_printfa(dest, "--%s\r\nContent-Type: %s\r\n"
		    "Content-Transfer-Encoding: base64\r\n\r\n",
		    boundary, type);
	letter_append_base64(dest, text, strlen(text));
}

void pim_scheduling_person_append(string_t *dest,
				  const struct pim_scheduling_person *person)
{
	const char *name = person->name == NULL ? "" :
		pim_text_clean_line(person->name);

	if (*name == '\0')
		str_append(dest, person->address);
	else {
		str_printfa(dest, "\"%s\" <%s>", str_escape(name),
			    person->address);
	}
}

static void
letter_append_header(string_t *dest, const struct pim_scheduling_letter *letter,
		     const char *summary)
{
	string_t *str = t_str_new(256);

	pim_scheduling_person_append(str, &letter->from);
	pim_compose_addresses(dest, "From", str_c(str));
	str_truncate(str, 0);
	for (unsigned int i = 0; i < letter->to_count; i++) {
		if (i > 0)
			str_append(str, ", ");
		pim_scheduling_person_append(str, &letter->to[i]);
	}
	pim_compose_addresses(dest, "To", str_c(str));
	pim_compose_unstructured(dest, "Subject",
		t_strconcat(letter_prefix(letter), summary, NULL));
	if (letter->date != NULL)
		str_printfa(dest, "Date: %s\r\n", letter->date);
	str_printfa(dest, "Message-ID: %s\r\nMIME-Version: 1.0\r\n",
		    letter->message_id);
}

/* What the reader of the object makes of it; NULL = nothing. */
static struct pim_itip *
letter_read(pool_t pool, const char *text,
	    const struct pim_timezone *home, const char **summary_r)
{
	struct pim_component *calendar, *event = NULL;
	struct pim_lines *doc;
	struct pim_itip *itip;
	const char *error, *summary = NULL;

	*summary_r = "";
	if (pim_lines_parse(text, strlen(text), NULL, &doc, &error) < 0)
		return NULL;
	calendar = pim_component_find(pim_lines_root(doc), "VCALENDAR");
	if (calendar != NULL)
		event = pim_component_find(calendar, "VEVENT");
	if (event != NULL)
		summary = pim_component_text(event, "SUMMARY");
	if (summary != NULL)
		*summary_r = t_strdup(pim_text_clean_line(summary));
	pim_lines_free(&doc);
	return pim_itip_read(pool, text, strlen(text), NULL, home, &itip,
			     &error) > 0 ? itip : NULL;
}

void pim_scheduling_letter_write(const struct pim_scheduling_letter *letter,
				 string_t *dest)
{
	pool_t pool = pool_alloconly_create("letter", 2048);
	unsigned char digest[SHA256_RESULTLEN];
	const char *boundary, *summary;
	struct pim_itip *itip;

	/* the same mail each time */
	sha256_get_digest(letter->message_id, strlen(letter->message_id),
			  digest);
	boundary = t_strconcat("roost-", binary_to_hex(digest, 12), NULL);
	itip = letter_read(pool, letter->text, letter->home, &summary);
	letter_append_header(dest, letter, summary);
	str_printfa(dest, "Content-Type: multipart/alternative;\r\n"
		    "\tboundary=\"%s\"\r\n\r\n", boundary);
	letter_append_part(dest, boundary, "text/plain; charset=utf-8",
			   letter_people_text(letter, itip, summary));
	if (letter->html != NULL && *letter->html != '\0') {
		letter_append_part(dest, boundary, "text/html; charset=utf-8",
				   letter->html);
	}
	letter_append_part(dest, boundary, t_strdup_printf(
		"text/calendar; charset=utf-8; method=%s",
		letter->method == PIM_ITIP_NONE ? "PUBLISH" :
		pim_itip_method_name(letter->method)), letter->text);
	str_printfa(dest, "--%s--\r\n", boundary);
	pool_unref(&pool);
}
