/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "hash.h"
#include "hex-binary.h"
#include "istream.h"
#include "sha1.h"
#include "str.h"
#include "pim-inline.h"
#include "pim-lines.h"
#include "pim-split.h"

/* a card or a calendar */
#define PIM_SPLIT_MAX_PIECE (32*1024*1024)
/* longer lines are read in parts: none of them begins or ends a card or a calendar */
#define PIM_SPLIT_MAX_LINE (64*1024)

/* Components with one UID. */
struct pim_split_group {
	ARRAY(struct pim_component *) comps;
};

struct pim_split {
	struct istream *input;
	/* piece, and a line (or a part of one) that was read already and begins the next one */
	string_t *piece, *line;
	/* line is not the begin of a line; not its end */
	bool line_goes_on, line_is_open;
	/* what stands in the piece as BASE64, NULL = it stays there */
	struct pim_inline *contents;

	/* the calendar that is being taken apart */
	struct pim_lines *doc;
	struct pim_component *calendar;
	pool_t pool;
	ARRAY(struct pim_split_group *) groups;
	unsigned int next;
	string_t *item;
};

struct pim_split *pim_split_init(struct istream *input)
{
	struct pim_split *split = i_new(struct pim_split, 1);

	split->input = input;
	i_stream_ref(input);
	split->piece = str_new(default_pool, 4096);
	split->line = str_new(default_pool, 256);
	split->item = str_new(default_pool, 4096);
	split->pool = pool_alloconly_create("pim split", 4096);
	return split;
}

void pim_split_extract(struct pim_split *split, const char *temp_prefix)
{
	split->contents = pim_inline_init(temp_prefix, PIM_SPLIT_MAX_PIECE);
}

struct istream *pim_split_content(struct pim_split *split, const char *value)
{
	return split->contents == NULL ? NULL :
		pim_inline_open(split->contents, value);
}

static void split_end_calendar(struct pim_split *split)
{
	if (split->doc != NULL)
		pim_lines_free(&split->doc);
	split->calendar = NULL;
	p_clear(split->pool);
}

void pim_split_deinit(struct pim_split **_split)
{
	struct pim_split *split = *_split;

	*_split = NULL;
	split_end_calendar(split);
	if (split->contents != NULL)
		pim_inline_deinit(&split->contents);
	pool_unref(&split->pool);
	i_stream_unref(&split->input);
	str_free(&split->piece);
	str_free(&split->line);
	str_free(&split->item);
	i_free(split);
}

/* Reads the next line with its end, or a part of a long one. Returns 1, 0 at the end, -1. */
static int split_read_line(struct pim_split *split)
{
	const unsigned char *data, *end;
	size_t size, len;

	split->line_goes_on = split->line_is_open;
	split->line_is_open = TRUE;
	while (str_len(split->line) < PIM_SPLIT_MAX_LINE) {
		if (i_stream_read_more(split->input, &data, &size) <= 0) {
			if (split->input->stream_errno != 0)
				return -1;
			return str_len(split->line) > 0 ? 1 : 0;
		}
		end = memchr(data, '\n', size);
		len = end == NULL ? size : (size_t)(end - data) + 1;
		if (len > PIM_SPLIT_MAX_LINE - str_len(split->line)) {
			len = PIM_SPLIT_MAX_LINE - str_len(split->line);
			end = NULL;
		}
		str_append_data(split->line, data, len);
		i_stream_skip(split->input, len);
		if (end != NULL) {
			split->line_is_open = FALSE;
			break;
		}
	}
	return 1;
}

static bool split_is(const char *line, const char *word)
{
	return strncasecmp(line, word, strlen(word)) == 0;
}

/* "VCARD" or "VCALENDAR" if the line is that one's "BEGIN:" or "END:", else NULL. */
static const char *split_top(const char *line, const char *word)
{
	static const char *const names[] = { "VCARD", "VCALENDAR" };
	size_t len;

	if (!split_is(line, word))
		return NULL;
	line += strlen(word);
	for (unsigned int i = 0; i < N_ELEMENTS(names); i++) {
		len = strlen(names[i]);
		if (split_is(line, names[i]) &&
		    line[len + strspn(line + len, " \t\r\n")] == '\0')
			return names[i];
	}
	return NULL;
}

static void split_add_line(struct pim_split *split, size_t skip, bool contents)
{
	const unsigned char *data = str_data(split->line);
	size_t size = str_len(split->line) - skip;

	/* it is read on, to the end of what is too large */
	if (str_len(split->piece) > PIM_SPLIT_MAX_PIECE)
		return;
	if (contents) {
		pim_inline_more(split->contents, data + skip, size,
				split->line_goes_on, split->piece);
	} else {
		str_append_data(split->piece, data + skip, size);
	}
}

/* Reads until the end of a card or calendar. One without an end ends where the next one
   begins, so that it does not take that along; a card may have another in it as its
   AGENT (vCard 2.1). Returns 1, 0 at the end, -1 the input failed, -2 the piece is
   too large (it was skipped). */
static int split_read_piece(struct pim_split *split)
{
	const char *p, *begin, *top = NULL;
	unsigned int depth = 0;
	bool contents = FALSE, agent = FALSE;
	int ret = 1;

	str_truncate(split->piece, 0);
	if (split->contents != NULL)
		pim_inline_clear(split->contents);
	while (str_len(split->line) > 0 || (ret = split_read_line(split)) > 0) {
		if (split->line_goes_on) {
			if (top != NULL)
				split_add_line(split, 0, contents);
			str_truncate(split->line, 0);
			continue;
		}
		p = str_c(split->line);
		/* a byte order mark */
		if (top == NULL && split_is(p, "\xef\xbb\xbf"))
			p += 3;
		begin = split_top(p, "BEGIN:");
		if (begin != NULL && top != NULL && !agent)
			break;
		if (begin != NULL) {
			top = begin;
			depth++;
			contents = split->contents != NULL &&
				strcmp(top, "VCALENDAR") == 0;
		}
		if (top != NULL) {
			split_add_line(split, p - str_c(split->line), contents);
			agent = split_is(p, "AGENT") &&
				strcmp(top, "VCARD") == 0;
			if (split_top(p, "END:") == top && --depth == 0) {
				str_truncate(split->line, 0);
				break;
			}
		}
		str_truncate(split->line, 0);
	}
	if (contents)
		pim_inline_finish(split->contents, split->piece);
	if (ret < 0)
		return -1;
	if (str_len(split->piece) > PIM_SPLIT_MAX_PIECE)
		return -2;
	return str_len(split->piece) > 0 ? 1 : 0;
}

static bool split_is_item(const struct pim_component *comp)
{
	const char *name = pim_component_name(comp);

	return strcasecmp(name, "VEVENT") == 0 ||
		strcasecmp(name, "VTODO") == 0 ||
		strcasecmp(name, "VJOURNAL") == 0;
}

static struct pim_component *split_next_item(struct pim_component *comp)
{
	while (comp != NULL && !split_is_item(comp))
		comp = pim_component_next(comp, NULL);
	return comp;
}

static const char *split_uid(const struct pim_component *comp)
{
	const char *uid = pim_component_text(comp, "UID");

	return uid == NULL ? "" : uid;
}

/* Sorts the calendar's components by their UIDs; one without is an item by itself. */
static void split_group(struct pim_split *split)
{
	HASH_TABLE(char *, struct pim_split_group *) uids;
	struct pim_split_group *group;
	struct pim_component *comp;
	const char *uid;
	char *key;

	p_array_init(&split->groups, split->pool, 16);
	split->next = 0;
	hash_table_create(&uids, default_pool, 0, str_hash, strcmp);
	comp = split_next_item(pim_component_find(split->calendar, NULL));
	for (; comp != NULL;
	     comp = split_next_item(pim_component_next(comp, NULL))) {
		uid = split_uid(comp);
		group = *uid == '\0' ? NULL : hash_table_lookup(uids, uid);
		if (group == NULL) {
			group = p_new(split->pool, struct pim_split_group, 1);
			p_array_init(&group->comps, split->pool, 1);
			array_push_back(&split->groups, &group);
			if (*uid != '\0') {
				key = p_strdup(split->pool, uid);
				hash_table_insert(uids, key, group);
			}
		}
		array_push_back(&group->comps, &comp);
	}
	hash_table_destroy(&uids);
}

static void
split_copy_zones(struct pim_split *split, struct pim_component *dest,
		 const char *text)
{
	struct pim_component *zone;
	const char *id;

	for (zone = pim_component_find(split->calendar, "VTIMEZONE");
	     zone != NULL; zone = pim_component_next(zone, "VTIMEZONE")) {
		id = pim_component_value(zone, "TZID");
		if (id != NULL && strstr(text, id) != NULL)
			(void)pim_component_add_copy(dest, zone);
	}
}

/* An object with the item's components, and the calendar's own properties. */
static void
split_make_item(struct pim_split *split, const struct pim_split_group *group)
{
	struct pim_lines *doc = pim_lines_create();
	struct pim_component *comp, *dest;
	struct pim_property *prop;
	string_t *text = t_str_new(1024);

	dest = pim_component_add(pim_lines_root(doc), "VCALENDAR");
	for (prop = pim_property_find(split->calendar, NULL); prop != NULL;
	     prop = pim_property_next(prop, NULL)) {
		/* what a calendar says of itself is none of an item's */
		if (strncasecmp(pim_property_name(prop), "X-", 2) != 0 &&
		    strcasecmp(pim_property_name(prop), "METHOD") != 0)
			(void)pim_property_add(dest, pim_property_name(prop),
					       pim_property_value(prop));
	}
	array_foreach_elem(&group->comps, comp)
		pim_component_write(comp, text);
	split_copy_zones(split, dest, str_c(text));
	array_foreach_elem(&group->comps, comp)
		(void)pim_component_add_copy(dest, comp);
	str_truncate(split->item, 0);
	pim_lines_write(doc, split->item);
	pim_lines_free(&doc);
}

/* The next item of the calendar that is open. */
static bool split_next_of_calendar(struct pim_split *split)
{
	if (split->next == array_count(&split->groups)) {
		split_end_calendar(split);
		return FALSE;
	}
	T_BEGIN {
		split_make_item(split, array_idx_elem(&split->groups,
						      split->next++));
	} T_END;
	return TRUE;
}

/* Returns 1 if the piece is an item as it is, 0 if it was opened as a calendar or is
   nothing that we know, -1. */
static int split_open_piece(struct pim_split *split, const char **error_r)
{
	unsigned int count;

	if (!split_is(str_c(split->piece), "BEGIN:VCALENDAR"))
		return 1;
	if (pim_lines_parse(str_data(split->piece), str_len(split->piece),
			    NULL, &split->doc, error_r) < 0)
		return -1;
	split->calendar = pim_component_find(pim_lines_root(split->doc),
					     "VCALENDAR");
	if (split->calendar == NULL) {
		split_end_calendar(split);
		return 0;
	}
	split_group(split);
	if (array_count(&split->groups) > 1)
		return 0;
	count = array_count(&split->groups);
	split_end_calendar(split);
	return count == 0 ? 0 : 1;
}

int pim_split_next(struct pim_split *split, const char **text_r,
		   size_t *size_r, bool *more_r, const char **error_r)
{
	int ret;

	*more_r = TRUE;
	for (;;) {
		if (split->doc != NULL && split_next_of_calendar(split)) {
			*text_r = str_c(split->item);
			*size_r = str_len(split->item);
			return 1;
		}
		ret = split_read_piece(split);
		if (ret == 0)
			return 0;
		*error_r = split->contents == NULL ? NULL :
			pim_inline_get_error(split->contents);
		if (ret == -1)
			*error_r = i_stream_get_error(split->input);
		if (ret == -1 || *error_r != NULL) {
			*more_r = FALSE;
			return -1;
		}
		if (ret == -2) {
			*error_r = "A card or calendar is too large";
			return -1;
		}
		ret = split_open_piece(split, error_r);
		if (ret < 0)
			return -1;
		if (ret > 0) {
			*text_r = str_c(split->piece);
			*size_r = str_len(split->piece);
			return 1;
		}
	}
}

static struct pim_component *split_find_item(struct pim_lines *doc)
{
	struct pim_component *comp, *root = pim_lines_root(doc);

	comp = pim_component_find(root, "VCARD");
	if (comp != NULL)
		return comp;
	comp = pim_component_find(root, "VCALENDAR");
	return comp == NULL ? NULL :
		split_next_item(pim_component_find(comp, NULL));
}

const char *pim_split_add_uid(const char *text, size_t *size)
{
	unsigned char digest[SHA1_RESULTLEN];
	struct pim_component *comp;
	struct pim_lines *doc;
	const char *error;
	string_t *str;

	if (pim_lines_parse(text, *size, NULL, &doc, &error) < 0)
		return text;
	comp = split_find_item(doc);
	if (comp != NULL && *split_uid(comp) == '\0') {
		sha1_get_digest(text, *size, digest);
		pim_component_set_value(comp, "UID",
			binary_to_hex(digest, sizeof(digest)));
		str = t_str_new(*size + 64);
		pim_lines_write(doc, str);
		text = str_c(str);
		*size = str_len(str);
	}
	pim_lines_free(&doc);
	return text;
}
