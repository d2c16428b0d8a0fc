/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "buffer.h"
#include "read-full.h"
#include "pim-date.h"
#include "pim-timezone-private.h"

#include <ctype.h>
#include <fcntl.h>
#include <unistd.h>
#include <sys/stat.h>

/* TZif, the tz database's compiled files (RFC 8536): a header, a block with
   32 bit times, from version 2 on the same again with 64 bits, and a footer
   with the rule for the time after the last change as POSIX' TZ writes it. */

#define TZIF_SIZE_MAX (256*1024)
#define TZIF_HEADER_SIZE 44

struct tzif_header {
	unsigned char version;
	uint32_t isutcnt, isstdcnt, leapcnt, timecnt, typecnt, charcnt;
};

struct posix_parser {
	const char *p, *end;
};

static uint32_t tzif_get32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
		(uint32_t)p[2] << 8 | p[3];
}

static int64_t tzif_get_time(const unsigned char *p, unsigned int size)
{
	if (size == 4)
		return (int32_t)tzif_get32(p);
	return (int64_t)((uint64_t)tzif_get32(p) << 32 | tzif_get32(p + 4));
}

static int
tzif_header_parse(const unsigned char *data, size_t size,
		  struct tzif_header *header_r)
{
	if (size < TZIF_HEADER_SIZE || memcmp(data, "TZif", 4) != 0)
		return -1;
	header_r->version = data[4];
	header_r->isutcnt = tzif_get32(data + 20);
	header_r->isstdcnt = tzif_get32(data + 24);
	header_r->leapcnt = tzif_get32(data + 28);
	header_r->timecnt = tzif_get32(data + 32);
	header_r->typecnt = tzif_get32(data + 36);
	header_r->charcnt = tzif_get32(data + 40);
	if (header_r->isutcnt > 256 || header_r->isstdcnt > 256 ||
	    header_r->leapcnt > 1000 || header_r->charcnt > 4096 ||
	    header_r->timecnt > PIM_TZ_TRANSITIONS_MAX ||
	    header_r->typecnt == 0 || header_r->typecnt > 256)
		return -1;
	return 0;
}

static size_t
tzif_block_size(const struct tzif_header *header, unsigned int time_size)
{
	return (size_t)header->timecnt * (time_size + 1) +
		header->typecnt * 6 + header->charcnt +
		header->leapcnt * (time_size + 4) +
		header->isstdcnt + header->isutcnt;
}

static bool tzif_offset_is_valid(int offset)
{
	return offset >= -2 * PIM_DAY && offset <= 2 * PIM_DAY;
}

static int
tzif_block_parse(pool_t pool, struct pim_timezone *tz,
		 const struct tzif_header *header, const unsigned char *data,
		 unsigned int time_size)
{
	const unsigned char *types = data + header->timecnt * time_size;
	const unsigned char *infos = types + header->timecnt;
	struct pim_tz_transition *transition;
	int64_t time;
	int offset;

	tz->transitions = p_new(pool, struct pim_tz_transition,
				header->timecnt + 1);
	/* the type of before is the first (RFC 8536 3.2) */
	tz->first_offset = offset = (int32_t)tzif_get32(infos);
	if (!tzif_offset_is_valid(offset))
		return -1;
	for (uint32_t i = 0; i < header->timecnt; i++) {
		if (types[i] >= header->typecnt)
			return -1;
		time = tzif_get_time(data + i * time_size, time_size);
		transition = &tz->transitions[tz->count];
		if (tz->count > 0 && transition[-1].time >= time)
			return -1;
		transition->time = time;
		transition->before = offset;
		transition->after = offset =
			(int32_t)tzif_get32(infos + types[i] * 6);
		if (!tzif_offset_is_valid(offset))
			return -1;
		/* just the name changed, or what is called daylight saving */
		if (transition->after != transition->before)
			tz->count++;
	}
	return 0;
}

static bool posix_name(struct posix_parser *parser)
{
	const char *start = parser->p;

	if (parser->p < parser->end && *parser->p == '<') {
		while (parser->p < parser->end && *parser->p != '>')
			parser->p++;
		if (parser->p == parser->end)
			return FALSE;
		parser->p++;
		return TRUE;
	}
	while (parser->p < parser->end && i_isalpha(*parser->p))
		parser->p++;
	return parser->p > start;
}

static bool posix_number(struct posix_parser *parser, unsigned int max,
			 int *value_r)
{
	const char *start = parser->p;
	unsigned int value = 0;

	while (parser->p < parser->end && i_isdigit(*parser->p)) {
		value = value * 10 + (*parser->p++ - '0');
		if (value > max)
			return FALSE;
	}
	*value_r = value;
	return parser->p > start;
}

static bool posix_skip(struct posix_parser *parser, char chr)
{
	if (parser->p == parser->end || *parser->p != chr)
		return FALSE;
	parser->p++;
	return TRUE;
}

/* [+-]hh[:mm[:ss]] */
static bool posix_time(struct posix_parser *parser, int *seconds_r)
{
	int hours, minutes = 0, seconds = 0, sign = 1;

	if (posix_skip(parser, '-'))
		sign = -1;
	else
		(void)posix_skip(parser, '+');
	if (!posix_number(parser, 167, &hours))
		return FALSE;
	if (posix_skip(parser, ':') && !posix_number(parser, 59, &minutes))
		return FALSE;
	if (posix_skip(parser, ':') && !posix_number(parser, 59, &seconds))
		return FALSE;
	*seconds_r = sign * (hours * 3600 + minutes * 60 + seconds);
	return TRUE;
}

/* ,Mm.w.d[/time]. Days by their number in the year are used by no zone. */
static bool posix_edge(struct posix_parser *parser, struct pim_tz_edge *edge_r)
{
	int month, week, weekday;

	if (!posix_skip(parser, ',') || !posix_skip(parser, 'M') ||
	    !posix_number(parser, 12, &month) || !posix_skip(parser, '.') ||
	    !posix_number(parser, 5, &week) || !posix_skip(parser, '.') ||
	    !posix_number(parser, 6, &weekday) || month == 0 || week == 0)
		return FALSE;
	edge_r->month = month;
	edge_r->week = week;
	edge_r->weekday = weekday;
	edge_r->seconds = 2 * 3600;
	return !posix_skip(parser, '/') || posix_time(parser, &edge_r->seconds);
}

static bool posix_parse(struct posix_parser *parser, struct pim_tz_rule *rule_r)
{
	int seconds;

	i_zero(rule_r);
	if (!posix_name(parser) || !posix_time(parser, &seconds))
		return FALSE;
	rule_r->standard_offset = rule_r->daylight_offset = -seconds;
	if (parser->p == parser->end)
		return TRUE;
	if (!posix_name(parser))
		return FALSE;
	rule_r->has_daylight = TRUE;
	rule_r->daylight_offset = rule_r->standard_offset + 3600;
	if (parser->p < parser->end && *parser->p != ',') {
		if (!posix_time(parser, &seconds))
			return FALSE;
		rule_r->daylight_offset = -seconds;
	}
	return posix_edge(parser, &rule_r->to_daylight) &&
		posix_edge(parser, &rule_r->to_standard) &&
		parser->p == parser->end;
}

static void
tzif_footer_parse(struct pim_timezone *tz, const unsigned char *data,
		  size_t size)
{
	struct posix_parser parser;
	const unsigned char *end;

	if (size < 2 || data[0] != '\n' ||
	    (end = memchr(data + 1, '\n', size - 1)) == NULL)
		return;
	parser.p = (const char *)data + 1;
	parser.end = (const char *)end;
	tz->has_rule = posix_parse(&parser, &tz->rule);
}

struct pim_timezone *
pim_tzif_parse(pool_t pool, const char *name, const unsigned char *data,
	       size_t size)
{
	struct pim_timezone *tz = p_new(pool, struct pim_timezone, 1);
	struct tzif_header header;
	unsigned int time_size = 4;
	size_t block_size;

	tz->name = p_strdup(pool, name);
	tz->known = TRUE;
	if (tzif_header_parse(data, size, &header) < 0)
		return NULL;
	if (header.version >= '2') {
		block_size = TZIF_HEADER_SIZE + tzif_block_size(&header, 4);
		if (block_size > size ||
		    tzif_header_parse(data + block_size, size - block_size,
				      &header) < 0)
			return NULL;
		data += block_size;
		size -= block_size;
		time_size = 8;
	}
	data += TZIF_HEADER_SIZE;
	size -= TZIF_HEADER_SIZE;
	block_size = tzif_block_size(&header, time_size);
	if (block_size > size ||
	    tzif_block_parse(pool, tz, &header, data, time_size) < 0)
		return NULL;
	if (time_size == 8)
		tzif_footer_parse(tz, data + block_size, size - block_size);
	return tz;
}

struct pim_timezone *
pim_tzif_read(pool_t pool, const char *name, const char *path)
{
	struct pim_timezone *tz = NULL;
	struct stat st;
	buffer_t *buf;
	void *data;
	int fd;

	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1)
		return NULL;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_size <= TZIF_SIZE_MAX) {
		buf = t_buffer_create(st.st_size + 1);
		data = buffer_append_space_unsafe(buf, st.st_size);
		if (read_full(fd, data, st.st_size) > 0)
			tz = pim_tzif_parse(pool, name, data, st.st_size);
	}
	i_close_fd(&fd);
	return tz;
}
