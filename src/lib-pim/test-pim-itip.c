/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "istream.h"
#include "base64.h"
#include "buffer.h"
#include "hex-binary.h"
#include "str.h"
#include "test-common.h"
#include "pim-date.h"
#include "pim-itip.h"
#include "pim-lines.h"
#include "pim-timezone.h"
#include "pim-message.h"
#include "pim-tnef.h"
#include "pim-vtimezone.h"
#include "pim-rrule.h"

#include <stdio.h>

#define CALENDAR(method, zones, event) \
	"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" method zones \
	"BEGIN:VEVENT\r\n" event "END:VEVENT\r\nEND:VCALENDAR\r\n"
#define REQUEST(event) CALENDAR("METHOD:REQUEST\r\n", "", event)
#define WHEN "UID:u\r\nDTSTART:20240702T130000Z\r\n"

/* start-end in UTC, zone, and what is not usual */
static const char *test_text(int ret, const struct pim_itip *itip)
{
	string_t *str = t_str_new(64);

	if (ret <= 0)
		return ret == 0 ? "none" : "broken";
	pim_ical_time_append(str, itip->start, FALSE, FALSE);
	str_append_c(str, ' ');
	pim_ical_time_append(str, itip->end, FALSE, FALSE);
	str_printfa(str, " %s", pim_timezone_name(itip->tz));
	if (itip->all_day)
		str_append(str, " all-day");
	if (itip->has_recurrence_id) {
		str_append(str, " id=");
		pim_ical_time_append(str, itip->recurrence_id, FALSE, FALSE);
	}
	if (itip->has_recurrence)
		str_printfa(str, " type=%u", itip->recurrence.type);
	if (itip->reminder >= 0)
		str_printfa(str, " reminder=%d", itip->reminder);
	if (itip->busy_status != PIM_BUSY_BUSY)
		str_printfa(str, " busy=%u", itip->busy_status);
	if (itip->sensitivity != PIM_SENSITIVITY_NORMAL)
		str_printfa(str, " class=%u", itip->sensitivity);
	if (itip->response_requested)
		str_append(str, " rsvp");
	return str_c(str);
}

static const struct {
	const char *object, *method, *text;
} tests[] = {
	{ REQUEST(WHEN), NULL, "20240702T130000 20240702T130000 Etc/UTC" },
	/* the method is in the object or beside it, the object's wins */
	{ CALENDAR("", "", WHEN), "request",
	  "20240702T130000 20240702T130000 Etc/UTC" },
	{ CALENDAR("", "", WHEN), NULL, "none" },
	{ CALENDAR("", "", WHEN), "PUBLISH", "none" },
	{ CALENDAR("METHOD:PUBLISH\r\n", "", WHEN), "REQUEST", "none" },
	{ REQUEST(WHEN "DTEND:20240702T140000Z\r\n"), NULL,
	  "20240702T130000 20240702T140000 Etc/UTC" },
	{ REQUEST(WHEN "DTEND:20240702T120000Z\r\n"), NULL,
	  "20240702T130000 20240702T130000 Etc/UTC" },
	{ REQUEST(WHEN "DURATION:P1DT1H30M\r\n"), NULL,
	  "20240702T130000 20240703T143000 Etc/UTC" },
	{ REQUEST(WHEN "DURATION:-PT1H\r\n"), NULL,
	  "20240702T130000 20240702T130000 Etc/UTC" },
	{ REQUEST(WHEN "DURATION:P99999999999D\r\n"), NULL,
	  "20240702T130000 20240702T130000 Etc/UTC" },
	{ REQUEST("UID:u\r\nDTSTART;VALUE=DATE:20240702\r\n"), NULL,
	  "20240702T000000 20240703T000000 Etc/UTC all-day" },
	{ REQUEST("UID:u\r\nDTSTART;TZID=Europe/Berlin:20240702T130000\r\n"),
	  NULL, "20240702T110000 20240702T110000 Europe/Berlin" },
	{ REQUEST("UID:u\r\nDTSTART;TZID=Tokyo Standard Time:"
		  "20240702T130000\r\n"),
	  NULL, "20240702T040000 20240702T040000 Asia/Tokyo" },
	/* Outlook's all-day event is midnights of a zone */
	{ REQUEST("UID:u\r\nDTSTART;TZID=Europe/Berlin:20240702T000000\r\n"
		  "DTEND;TZID=Europe/Berlin:20240703T000000\r\n"
		  "X-MICROSOFT-CDO-ALLDAYEVENT:TRUE\r\n"),
	  NULL, "20240701T220000 20240702T220000 Europe/Berlin all-day" },
	/* floating, and a zone that nobody knows: the user's clock */
	{ REQUEST("UID:u\r\nDTSTART:20240702T130000\r\n"), NULL,
	  "20240702T100000 20240702T100000 Europe/Helsinki" },
	{ REQUEST("UID:u\r\nDTSTART;TZID=Nowhere:20240702T130000\r\n"), NULL,
	  "20240702T100000 20240702T100000 Europe/Helsinki" },
	{ CALENDAR("METHOD:REQUEST\r\n",
		   "BEGIN:VTIMEZONE\r\nTZID:Office\r\nBEGIN:STANDARD\r\n"
		   "DTSTART:19700101T000000\r\nTZOFFSETFROM:+0130\r\n"
		   "TZOFFSETTO:+0130\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n",
		   "UID:u\r\nDTSTART;TZID=Office:20240702T130000\r\n"),
	  NULL, "20240702T113000 20240702T113000 Office" },
	{ REQUEST(WHEN "RRULE:FREQ=DAILY\r\n"), NULL,
	  "20240702T130000 20240702T130000 Etc/UTC type=0" },
	{ REQUEST(WHEN "RRULE:FREQ=SECONDLY\r\n"), NULL,
	  "20240702T130000 20240702T130000 Etc/UTC" },
	{ REQUEST(WHEN "RRULE:FREQ=DAILY\r\nRDATE:20240801T130000Z\r\n"), NULL,
	  "20240702T130000 20240702T130000 Etc/UTC" },
	{ REQUEST(WHEN "RECURRENCE-ID:20240701T130000Z\r\n"), NULL,
	  "20240702T130000 20240702T130000 Etc/UTC id=20240701T130000" },
	{ REQUEST(WHEN "BEGIN:VALARM\r\nTRIGGER:-P1W\r\nEND:VALARM\r\n"), NULL,
	  "20240702T130000 20240702T130000 Etc/UTC reminder=604800" },
	{ REQUEST(WHEN "BEGIN:VALARM\r\nTRIGGER;RELATED=END:PT5M\r\n"
		  "END:VALARM\r\nBEGIN:VALARM\r\nTRIGGER:PT0S\r\nEND:VALARM\r\n"),
	  NULL, "20240702T130000 20240702T130000 Etc/UTC reminder=0" },
	{ REQUEST(WHEN "DURATION:PT1H\r\nBEGIN:VALARM\r\n"
		  "TRIGGER;RELATED=END:-PT65M\r\nEND:VALARM\r\n"), NULL,
	  "20240702T130000 20240702T140000 Etc/UTC reminder=300" },
	{ REQUEST(WHEN "BEGIN:VALARM\r\nTRIGGER;VALUE=DATE-TIME:"
		  "20240702T124500Z\r\nEND:VALARM\r\n"), NULL,
	  "20240702T130000 20240702T130000 Etc/UTC reminder=900" },
	{ REQUEST(WHEN "RRULE:FREQ=DAILY\r\nBEGIN:VALARM\r\n"
		  "TRIGGER;VALUE=DATE-TIME:20240702T124500Z\r\nEND:VALARM\r\n"),
	  NULL, "20240702T130000 20240702T130000 Etc/UTC type=0" },
	{ REQUEST(WHEN "CLASS:CONFIDENTIAL\r\nTRANSP:TRANSPARENT\r\n"
		  "ATTENDEE:mailto:a@b\r\nATTENDEE;RSVP=true:mailto:c@d\r\n"),
	  NULL, "20240702T130000 20240702T130000 Etc/UTC busy=0 class=3 rsvp" },
	{ REQUEST("DTSTART:20240702T130000Z\r\n"), NULL, "broken" },
	{ REQUEST("UID:\r\nDTSTART:20240702T130000Z\r\n"), NULL, "broken" },
	{ REQUEST("UID:u\r\n"), NULL, "broken" },
	{ REQUEST("UID:u\r\nDTSTART:tomorrow\r\n"), NULL, "broken" },
	{ "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n", NULL,
	  "broken" },
	{ "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VTODO\r\nEND:VTODO\r\n"
	  "END:VCALENDAR\r\n", NULL, "none" },
	{ "nothing", NULL, "broken" },
	{ "", NULL, "broken" },
};

/* What is written of it is read as the same. All-day meetings become dates. */
static void
test_write(pool_t pool, const struct pim_itip *itip, const char *wanted,
	   unsigned int idx)
{
	string_t *str = t_str_new(512);
	struct pim_itip *again;
	const char *error;

	if (itip->all_day)
		return;
	pim_itip_write(str, itip, "a\\, b", "o@example.test", "a@example.test");
	test_assert_idx(pim_itip_read(pool, str_data(str), str_len(str), NULL,
				      NULL, &again, &error) == 1, idx);
	test_assert_strcmp_idx(test_text(1, again), wanted, idx);
	test_assert_idx(again->method == itip->method &&
			again->sequence == itip->sequence &&
			again->stamp == itip->stamp &&
			again->partstat == itip->partstat, idx);
	test_assert_strcmp_idx(again->uid, itip->uid, idx);
	test_assert_idx(null_strcmp(again->location, itip->location) == 0, idx);
	test_assert_strcmp_idx(again->organizer_mail, "o@example.test", idx);
	test_assert_idx(strstr(str_c(str), "SUMMARY:a\\\\\\, b\r\n") != NULL,
			idx);
}

static void test_pim_itip(void)
{
	struct pim_itip *itip = NULL;
	const char *error;
	pool_t pool;
	int ret;

	test_begin("pim itip");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		pool = pool_alloconly_create("test", 1024);
		ret = pim_itip_read(pool, tests[i].object,
			strlen(tests[i].object), tests[i].method,
			pim_timezone_find("Europe/Helsinki"), &itip, &error);
		test_assert_strcmp_idx(test_text(ret, itip), tests[i].text, i);
		if (ret > 0 && itip->method != PIM_ITIP_COUNTER)
			test_write(pool, itip, tests[i].text, i);
		pool_unref(&pool);
	}
	test_end();
}

static void test_pim_itip_names(void)
{
	test_begin("pim itip names");
	for (unsigned int i = PIM_ITIP_NONE; i <= PIM_ITIP_REFRESH; i++) {
		test_assert_idx(pim_itip_method_find(
			pim_itip_method_name(i)) == i, i);
	}
	for (unsigned int i = PIM_PARTSTAT_NEEDS_ACTION;
	     i <= PIM_PARTSTAT_DELEGATED; i++)
		test_assert_idx(pim_partstat_find(pim_partstat_name(i)) == i, i);
	test_assert(pim_itip_method_find("reply") == PIM_ITIP_REPLY);
	test_assert(pim_itip_method_find("PUBLISH") == PIM_ITIP_NONE);
	test_assert(pim_itip_method_find(NULL) == PIM_ITIP_NONE);
	test_assert(pim_partstat_find("declined") == PIM_PARTSTAT_DECLINED);
	test_assert(pim_partstat_find("X-LATE") == PIM_PARTSTAT_NEEDS_ACTION);
	test_assert(pim_partstat_find(NULL) == PIM_PARTSTAT_NEEDS_ACTION);
	test_end();
}

static void test_pim_itip_bounds(void)
{
	buffer_t *buf = buffer_create_dynamic(default_pool, 1024);
	pool_t pool = pool_alloconly_create("test", 1024);
	struct pim_itip *itip;
	const char *error;
	unsigned int i;

	test_begin("pim itip bounds");
	buffer_append(buf, "METHOD:REQUEST\r\n", 16);
	for (i = 0; i < 100; i++)
		buffer_append(buf, "BEGIN:VCALENDAR\r\n", 17);
	test_assert(pim_itip_read(pool, buf->data, buf->used, NULL, NULL,
				  &itip, &error) < 0);
	buffer_set_used_size(buf, 0);
	str_append(buf, "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\n"
		   "BEGIN:VEVENT\r\n" WHEN "ORGANIZER;CN=\"A, B\":mailto:o@x\r\n");
	for (i = 0; i < 5000; i++)
		str_printfa(buf, "ATTENDEE;CN=Number %u:mailto:a%u@x\r\n", i, i);
	str_append(buf, "END:VEVENT\r\nEND:VCALENDAR\r\n");
	test_assert(pim_itip_read(pool, buf->data, buf->used, NULL, NULL,
				  &itip, &error) == 1);
	test_assert_strcmp(itip->organizer_name, "A, B");
	test_assert_strcmp(itip->organizer_mail, "o@x");
	/* cut anywhere it is shown or not, nothing else */
	for (i = 0; i < 500; i++) {
		(void)pim_itip_read(pool, buf->data, i, NULL, NULL, &itip,
				    &error);
	}
	buffer_free(&buf);
	pool_unref(&pool);
	test_end();
}

static void test_pim_global_obj_id(void)
{
	static const struct {
		const char *uid;
		bool has_instance;
		const char *hex;
	} ids[] = {
		{ "a@b", FALSE, "040000008200e00074c5b7101a82e008"
		  "00000000" "0000000000000000" "0000000000000000" "10000000"
		  "7643616c2d556964" "01000000" "61406200" },
		{ "a@b", TRUE, "040000008200e00074c5b7101a82e008"
		  "07e80702" "0000000000000000" "0000000000000000" "10000000"
		  "7643616c2d556964" "01000000" "61406200" },
		{ "040000008200E00074C5B7101A82E00800000000A0C8B6C4136FDA01"
		  "000000000000000004000000AABBCCDD", FALSE,
		  "040000008200e00074c5b7101a82e00800000000a0c8b6c4136fda01"
		  "000000000000000004000000aabbccdd" },
		{ "040000008200E00074C5B7101A82E00800000000A0C8B6C4136FDA01"
		  "000000000000000004000000AABBCCDD", TRUE,
		  "040000008200e00074c5b7101a82e00807e80702a0c8b6c4136fda01"
		  "000000000000000004000000aabbccdd" },
	};
	string_t *str = t_str_new(128);
	buffer_t *id;

	test_begin("pim global obj id");
	for (unsigned int i = 0; i < N_ELEMENTS(ids); i++) {
		str_truncate(str, 0);
		pim_global_obj_id_append(str, ids[i].uid, ids[i].has_instance,
			pim_date_to_days(2024, 7, 2) * PIM_DAY + 3600);
		id = t_base64_decode_str(str_c(str));
		test_assert_strcmp_idx(binary_to_hex(id->data, id->used),
				       ids[i].hex, i);
	}
	test_end();
}

/* What is written of a zone is read as the same, for 30 years. */
static void test_pim_vtimezone_again(void)
{
	static const char *const zones[] = {
		"Europe/Berlin", "Europe/London", "Europe/Dublin",
		"Europe/Istanbul", "Europe/Chisinau", "Europe/Lisbon",
		"America/New_York", "America/St_Johns", "America/Nuuk",
		"America/Havana", "America/Santiago", "America/Sao_Paulo",
		"America/Asuncion", "America/Caracas", "America/Phoenix",
		"America/Mexico_City", "America/Bogota", "America/Halifax",
		"America/Anchorage", "America/Adak", "Asia/Tokyo",
		"Asia/Kolkata", "Asia/Kathmandu", "Asia/Tehran",
		"Asia/Jerusalem", "Asia/Beirut", "Asia/Gaza", "Asia/Amman",
		"Asia/Pyongyang", "Asia/Shanghai", "Australia/Sydney",
		"Australia/Lord_Howe", "Australia/Eucla",
		"Australia/Adelaide", "Pacific/Auckland", "Pacific/Chatham",
		"Pacific/Apia", "Pacific/Easter", "Pacific/Norfolk",
		"Africa/Cairo", "Africa/Casablanca", "Africa/Windhoek",
		"Antarctica/Troll", "Etc/UTC", "Etc/GMT+5"
	};
	const struct pim_timezone *tz, *again;
	struct pim_lines *doc;
	const char *error;
	string_t *str = t_str_new(4096);
	int64_t from = pim_date_to_days(2007, 1, 1) * PIM_DAY;
	pool_t pool;

	test_begin("pim vtimezone written and read");
	for (unsigned int i = 0; i < N_ELEMENTS(zones); i++) {
		tz = pim_timezone_find(zones[i]);
		str_truncate(str, 0);
		pim_timezone_append_vtimezone(str, tz, from);
		test_assert_idx(pim_lines_parse(str_data(str), str_len(str),
						NULL, &doc, &error) == 0, i);
		pool = pool_alloconly_create("test", 4096);
		again = pim_timezone_from_component(pool, pim_component_find(
			pim_lines_root(doc), "VTIMEZONE"));
		test_assert_idx(again != NULL, i);
		for (int64_t t = from; again != NULL &&
		     t < from + (int64_t)30 * 365 * PIM_DAY; t += 1800 * 3) {
			if (pim_timezone_offset(tz, t) ==
			    pim_timezone_offset(again, t))
				continue;
			test_assert_strcmp(zones[i], t_strdup_printf("%lld",
				(long long)t));
			break;
		}
		pool_unref(&pool);
		pim_lines_free(&doc);
	}
	test_end();
}

static int
test_tnef_meeting(pool_t pool, const void *data, size_t size,
		  struct pim_itip **itip_r, const char **error_r)
{
	struct pim_part *part = p_new(pool, struct pim_part, 1);
	struct istream *input = i_stream_create_from_data(data, size);
	struct pim_tnef *tnef;
	int ret;

	part->number = "1";
	part->type = "application/ms-tnef";
	part->encoding = PIM_ENCODING_BINARY;
	part->body_size = size;
	ret = pim_tnef_read(pool, part, input, &tnef, error_r);
	if (ret > 0)
		ret = pim_tnef_meeting(pool, tnef, NULL, itip_r, error_r);
	i_stream_unref(&input);
	return ret;
}

static void test_pim_tnef(void)
{
	pool_t pool = pool_alloconly_create("test", 1024);
	unsigned char data[4096];
	struct pim_itip *itip = NULL;
	const char *error, *path, *srcdir = getenv("srcdir");
	FILE *file;
	size_t size = 0;
	string_t *str = t_str_new(64);

	test_begin("pim tnef");
	path = t_strconcat(srcdir != NULL ? srcdir : SRCDIR,
			   "/fuzz-corpus/fuzz-tnef/request", NULL);
	if ((file = fopen(path, "rb")) != NULL) {
		size = fread(data, 1, sizeof(data), file);
		fclose(file);
	}
	test_assert(size > 500);
	test_assert(test_tnef_meeting(pool, data, size, &itip, &error) == 1);
	test_assert_strcmp(test_text(1, itip), "20240312T090000 "
		"20240312T103000 Europe/Berlin type=1 reminder=1800 busy=3 "
		"class=2 rsvp");
	test_assert(pim_recurrence_to_rrule(&itip->recurrence, itip->tz, FALSE,
					    str) == 0);
	test_assert_strcmp(str_c(str),
			   "FREQ=WEEKLY;BYDAY=TU;WKST=MO;COUNT=5");
	test_assert_strcmp(itip->location, "K\xc3\xb6ln");
	test_assert_strcmp(itip->organizer_name, "Marta Kowalska");
	test_assert_strcmp(itip->organizer_mail, "marta@example.test");
	test_write(pool, itip, test_text(1, itip), 0);
	/* cut anywhere it is none, or an error; the copies find overreads */
	for (size_t i = 0; i < size; i++) {
		unsigned char *copy = i_malloc(i + 1);

		memcpy(copy, data, i);
		test_assert_idx(test_tnef_meeting(pool, copy, i, &itip,
						  &error) <= 0, i);
		i_free(copy);
	}
	pool_unref(&pool);
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_pim_itip,
		test_pim_itip_names,
		test_pim_itip_bounds,
		test_pim_global_obj_id,
		test_pim_vtimezone_again,
		test_pim_tnef,
		NULL
	};

	return test_run(test_functions);
}
