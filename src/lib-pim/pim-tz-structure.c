/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "base64.h"
#include "buffer.h"
#include "str.h"
#include "unichar.h"
#include "pim-date.h"
#include "pim-tz-structure.h"

/* All numbers are little endian:
   Bias, StandardName, StandardDate, StandardBias, then the same for daylight
   saving. UTC = local time + Bias + StandardBias, in minutes. */
#define POS_BIAS 0
#define POS_STANDARD_NAME 4
#define POS_STANDARD_DATE 68
#define POS_STANDARD_BIAS 84
#define POS_DAYLIGHT_NAME 88
#define POS_DAYLIGHT_DATE 152
#define POS_DAYLIGHT_BIAS 168

#define NAME_CHARS 32
/* no clock is farther from Greenwich than a day */
#define BIAS_MAX (24*60)
/* white space in base64 is allowed */
#define BASE64_LEN_MAX 1024

static void put16(unsigned char *p, unsigned int value)
{
	p[0] = value & 0xff;
	p[1] = (value >> 8) & 0xff;
}

static void put32(unsigned char *p, int32_t value)
{
	put16(p, (uint32_t)value & 0xffff);
	put16(p + 2, (uint32_t)value >> 16);
}

static unsigned int get16(const unsigned char *p)
{
	return p[0] | p[1] << 8;
}

static int32_t get32(const unsigned char *p)
{
	return (int32_t)((uint32_t)get16(p) | (uint32_t)get16(p + 2) << 16);
}

static void put_name(unsigned char *p, const char *name)
{
	unichar_t chr;
	int ret;

	/* the last one stays a NUL */
	for (unsigned int i = 0; i < NAME_CHARS - 1 && *name != '\0'; i++) {
		ret = uni_utf8_get_char(name, &chr);
		if (ret <= 0)
			break;
		put16(p + i * 2, chr > 0xffff ? '?' : chr);
		name += ret;
	}
}

static const char *get_name(const unsigned char *p)
{
	string_t *str = t_str_new(NAME_CHARS);
	unsigned int chr;

	for (unsigned int i = 0; i < NAME_CHARS; i++) {
		if ((chr = get16(p + i * 2)) == 0)
			break;
		if (chr >= 0xd800 && chr <= 0xdfff)
			chr = UNICODE_REPLACEMENT_CHAR;
		uni_ucs4_to_utf8_c(chr, str);
	}
	return str_c(str);
}

/* SYSTEMTIME: year, month, day of the week, day, hour, minute, second,
   millisecond. Year 0: "day" is the week. */
static void put_edge(unsigned char *p, const struct pim_tz_edge *edge)
{
	int seconds = edge->seconds;

	put16(p + 2, edge->month);
	put16(p + 4, edge->weekday);
	put16(p + 6, edge->week);
	if (seconds >= PIM_DAY) {
		/* the structure has no 24:00 */
		seconds = PIM_DAY - 1;
		put16(p + 14, 999);
	}
	put16(p + 8, seconds / 3600);
	put16(p + 10, seconds / 60 % 60);
	put16(p + 12, seconds % 60);
}

static int get_edge(const unsigned char *p, struct pim_tz_edge *edge_r)
{
	unsigned int year = get16(p), month = get16(p + 2);
	unsigned int weekday = get16(p + 4), day = get16(p + 6);
	unsigned int hour = get16(p + 8), minute = get16(p + 10);
	unsigned int second = get16(p + 12);

	i_zero(edge_r);
	if (month == 0)
		return 0;
	if (month > 12 || day == 0 || hour > 23 || minute > 59 || second > 59)
		return -1;
	if (year != 0) {
		if (day > pim_month_length(year, month))
			return -1;
		weekday = pim_days_weekday(pim_date_to_days(year, month, day));
		day = (day - 1) / 7 + 1;
	}
	if (weekday > 6 || day > 5)
		return -1;
	edge_r->month = month;
	edge_r->week = day;
	edge_r->weekday = weekday;
	edge_r->seconds = hour * 3600 + minute * 60 + second;
	if (edge_r->seconds == PIM_DAY - 1)
		edge_r->seconds = PIM_DAY;
	return 1;
}

static int bias_of(int offset)
{
	return offset >= 0 ? -((offset + 30) / 60) : (-offset + 30) / 60;
}

void pim_tz_structure_append(string_t *dest, const struct pim_tz_rule *rule,
			     const char *standard_name,
			     const char *daylight_name)
{
	unsigned char data[PIM_TZ_STRUCTURE_SIZE];
	int bias = bias_of(rule->standard_offset);

	memset(data, 0, sizeof(data));
	put32(data + POS_BIAS, bias);
	put_name(data + POS_STANDARD_NAME, standard_name);
	put_name(data + POS_DAYLIGHT_NAME, daylight_name);
	if (rule->has_daylight) {
		put_edge(data + POS_STANDARD_DATE, &rule->to_standard);
		put_edge(data + POS_DAYLIGHT_DATE, &rule->to_daylight);
		put32(data + POS_DAYLIGHT_BIAS,
		      bias_of(rule->daylight_offset) - bias);
	}
	base64_encode(data, sizeof(data), dest);
}

static int
pim_tz_structure_rule(const unsigned char *data, struct pim_tz_rule *rule_r)
{
	int32_t bias = get32(data + POS_BIAS);
	int32_t standard = get32(data + POS_STANDARD_BIAS);
	int32_t daylight = get32(data + POS_DAYLIGHT_BIAS);
	int on, off;

	i_zero(rule_r);
	if (bias < -BIAS_MAX || bias > BIAS_MAX ||
	    standard < -BIAS_MAX || standard > BIAS_MAX)
		return -1;
	on = get_edge(data + POS_DAYLIGHT_DATE, &rule_r->to_daylight);
	off = get_edge(data + POS_STANDARD_DATE, &rule_r->to_standard);
	rule_r->standard_offset = rule_r->daylight_offset =
		-(bias + standard) * 60;
	if (on == 0 || off == 0) {
		/* No daylight saving. Some clients leave there what was in
		   their memory. */
		i_zero(&rule_r->to_daylight);
		i_zero(&rule_r->to_standard);
		return 0;
	}
	if (on < 0 || off < 0 || daylight < -BIAS_MAX || daylight > BIAS_MAX)
		return -1;
	if (daylight == standard) {
		i_zero(&rule_r->to_daylight);
		i_zero(&rule_r->to_standard);
		return 0;
	}
	rule_r->daylight_offset = -(bias + daylight) * 60;
	rule_r->has_daylight = TRUE;
	return 0;
}

int pim_tz_structure_parse(const char *base64,
			   struct pim_tz_structure *structure_r)
{
	static const unsigned char zeros[PIM_TZ_STRUCTURE_SIZE];
	size_t len = strlen(base64);
	const unsigned char *data;
	buffer_t *buf;

	i_zero(structure_r);
	structure_r->standard_name = structure_r->daylight_name = "";
	if (len > BASE64_LEN_MAX)
		return -1;
	buf = t_buffer_create(MAX_BASE64_DECODED_SIZE(len));
	if (base64_scheme_decode(&base64_scheme, 0, base64, len, buf) < 0 ||
	    buf->used != PIM_TZ_STRUCTURE_SIZE)
		return -1;
	data = buf->data;
	structure_r->empty = memcmp(data, zeros, sizeof(zeros)) == 0;
	structure_r->standard_name = get_name(data + POS_STANDARD_NAME);
	structure_r->daylight_name = get_name(data + POS_DAYLIGHT_NAME);
	return pim_tz_structure_rule(data, &structure_r->rule);
}
