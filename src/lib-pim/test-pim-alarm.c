/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "pim-alarm.h"
#include "pim-lines.h"
#include "pim-timezone.h"
#include "test-common.h"

static void test_pim_duration(void)
{
	static const struct {
		const char *value;
		int64_t secs;
		/* NULL: as it was read */
		const char *written;
	} tests[] = {
		{ "PT0S", 0, NULL },
		{ "-PT15M", -900, NULL },
		{ "+P1D", 86400, "P1D" },
		{ "P1W", 7 * 86400, "P7D" },
		{ "-P1DT2H3M4S", -(86400 + 7384), NULL },
		{ "PT90M", 5400, "PT1H30M" },
	};
	static const char *const bad[] = {
		"", "P", "-", "PT15", "P15", "PM", "P1M", "PT1D", "15M",
		"P1DT2X", "PTT1S", "P99999999999999999999D",
		"P316224000000S",
	};
	string_t *str = t_str_new(32);
	int64_t secs;

	test_begin("pim alarm: durations");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		secs = -1;
		test_assert_idx(pim_duration_parse(tests[i].value,
						   &secs) == 0, i);
		test_assert_idx(secs == tests[i].secs, i);
		str_truncate(str, 0);
		pim_duration_append(str, secs);
		test_assert_strcmp_idx(str_c(str), tests[i].written == NULL ?
				       tests[i].value : tests[i].written, i);
	}
	for (unsigned int i = 0; i < N_ELEMENTS(bad); i++)
		test_assert_idx(pim_duration_parse(bad[i], &secs) < 0, i);
	test_end();
}

static const char test_task[] =
"BEGIN:VTODO\r\n"
"BEGIN:VALARM\r\nACTION:NONE\r\nTRIGGER;VALUE=DATE-TIME:19760401T005545Z\r\n"
"END:VALARM\r\n"
"BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:soon\r\nEND:VALARM\r\n"
"BEGIN:VALARM\r\nACTION:EMAIL\r\nTRIGGER:-P1D\r\nEND:VALARM\r\n"
"BEGIN:VALARM\r\nACTION:AUDIO\r\nTRIGGER;RELATED=END;X-A=1:-PT5M\r\n"
"X-B:2\r\nEND:VALARM\r\n"
"BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT1H\r\nEND:VALARM\r\n"
"END:VTODO\r\n";

static void test_pim_alarm(void)
{
	struct pim_component *task, *alarm;
	struct pim_property *prop;
	struct pim_trigger trigger;
	struct pim_lines *doc;
	const char *error;
	string_t *str = t_str_new(256);

	test_begin("pim alarm");
	test_assert(pim_lines_parse(test_task, strlen(test_task), NULL, &doc,
				    &error) == 0);
	task = pim_component_find(pim_lines_root(doc), "VTODO");
	alarm = pim_alarm_find(task);
	test_assert(pim_alarm_get_trigger(alarm, &trigger) == 0);
	test_assert(trigger.value == -300 && trigger.from_end &&
		    !trigger.absolute);
	pim_alarm_set_trigger(alarm, &trigger);
	pim_lines_write(doc, str);
	test_assert_strcmp(str_c(str), test_task);

	i_zero(&trigger);
	trigger.absolute = TRUE;
	trigger.value = 1795857600;
	pim_alarm_set_trigger(alarm, &trigger);
	str_truncate(str, 0);
	pim_component_write(alarm, str);
	test_assert_strcmp(str_c(str), "BEGIN:VALARM\r\nACTION:AUDIO\r\n"
		"TRIGGER;X-A=1;VALUE=DATE-TIME:20261128T092000Z\r\n"
		"X-B:2\r\nEND:VALARM\r\n");
	i_zero(&trigger);
	trigger.value = -3600;
	pim_alarm_set_trigger(alarm, &trigger);
	test_assert_strcmp(pim_component_value(alarm, "TRIGGER"), "-PT1H");
	test_assert(pim_property_param(pim_property_find(alarm, "TRIGGER"),
				       "VALUE") == NULL);

	/* by the user's clock, and by one that is named */
	prop = pim_property_find(alarm, "TRIGGER");
	pim_property_set_value(prop, "20260728T092000");
	pim_property_set_param(prop, "VALUE", "DATE-TIME");
	test_assert(pim_alarm_get_trigger(alarm, &trigger) == 0);
	test_assert(trigger.absolute && trigger.floating);
	test_assert(pim_trigger_time(&trigger, pim_timezone_find(
			"America/Los_Angeles")) == 1785255600);
	test_assert(pim_trigger_time(&trigger, pim_timezone_find(
			"Pacific/Auckland")) == 1785187200);
	trigger.value += 3600;
	pim_alarm_set_trigger(alarm, &trigger);
	test_assert_strcmp(pim_property_value(prop), "20260728T102000");
	pim_property_set_param(prop, "TZID", "Asia/Kolkata");
	test_assert(pim_alarm_get_trigger(alarm, &trigger) == 0);
	test_assert(trigger.absolute && !trigger.floating &&
		    trigger.value == 1785214200);
	trigger.value += 60;
	pim_alarm_set_trigger(alarm, &trigger);
	test_assert_strcmp(pim_property_value(prop), "20260728T045100Z");
	test_assert(pim_property_param(prop, "TZID") == NULL);
	i_zero(&trigger);
	trigger.value = -3600;

	pim_alarms_remove(task);
	test_assert(pim_alarm_find(task) == NULL);
	alarm = pim_component_find(task, "VALARM");
	test_assert_strcmp(pim_component_value(alarm, "ACTION"), "NONE");
	alarm = pim_component_next(alarm, "VALARM");
	test_assert_strcmp(pim_component_value(alarm, "ACTION"), "EMAIL");
	test_assert(pim_component_next(alarm, "VALARM") == NULL);

	alarm = pim_alarm_add(task, "a;b");
	test_assert(pim_alarm_find(task) == NULL);
	pim_alarm_set_trigger(alarm, &trigger);
	test_assert(pim_alarm_find(task) == alarm);
	pim_lines_free(&doc);
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_pim_duration,
		test_pim_alarm,
		NULL
	};
	int ret = test_run(test_functions);

	pim_timezones_deinit();
	return ret;
}
