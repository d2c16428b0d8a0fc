/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "buffer.h"
#include "str.h"
#include "unichar.h"
#include "pim-text.h"

#define ONES (~(uint64_t)0 / 255)

/* How many bytes at the beginning are ASCII that needs no look: eight at a
   time, as this is done for every byte that goes to a device. */
static size_t pim_text_skip_ascii(const unsigned char *data, size_t size)
{
	uint64_t word;
	size_t i = 0;

	while (i < size) {
		if (size - i >= sizeof(word)) {
			memcpy(&word, data + i, sizeof(word));
			/* no byte has its high bit set or is below 0x20 */
			if (((word | (word - ONES * 0x20)) &
			     (ONES * 0x80)) == 0) {
				i += sizeof(word);
				continue;
			}
		}
		if (data[i] >= 0x80 ||
		    (data[i] < 0x20 && data[i] != '\n' && data[i] != '\r' &&
		     data[i] != '\t'))
			break;
		i++;
	}
	return i;
}

size_t pim_text_cut(const void *data, size_t size, size_t max)
{
	const unsigned char *p = data;

	if (size <= max)
		return size;
	while (max > 0 && (p[max] & 0xc0) == 0x80)
		max--;
	return max;
}

void pim_text_clean(buffer_t *text, size_t start)
{
	unsigned char *p = buffer_get_modifiable_data(text, NULL);
	size_t i, size = text->used;

	for (i = start; i < size; i++) {
		i += pim_text_skip_ascii(p + i, size - i);
		if (i == size)
			break;
		if (p[i] < 0x20)
			p[i] = ' ';
		else if (p[i] == 0xef && i + 2 < size && p[i+1] == 0xbf &&
			   (p[i+2] == 0xbe || p[i+2] == 0xbf)) {
			/* U+FFFE, U+FFFF */
			p[i+2] = 0xbd;
		}
	}
}

const char *pim_text_clean_line(const char *text)
{
	string_t *str = t_str_new(strlen(text) + 1);
	unsigned char *p;
	size_t i, start, end;

	if (uni_utf8_get_valid_data((const unsigned char *)text, strlen(text),
				    str))
		str_append(str, text);
	pim_text_clean(str, 0);
	p = buffer_get_modifiable_data(str, NULL);
	for (i = 0; i < str_len(str); i++) {
		if (p[i] < 0x20)
			p[i] = ' ';
	}
	for (end = str_len(str); end > 0 && p[end-1] == ' '; end--) ;
	for (start = 0; start < end && p[start] == ' '; start++) ;
	str_truncate(str, end);
	return str_c(str) + start;
}

/* Is it a mark that only says how the letter before is pronounced? Decomposed
   letters have them. */
static bool text_is_mark(unichar_t chr)
{
	return chr >= 0x300 && chr <= 0x36f;
}

void pim_text_fold(const char *text, size_t size, buffer_t *dest)
{
	buffer_t *folded = buffer_create_dynamic(default_pool, size + 16);
	const unsigned char *p, *end;
	bool blank = FALSE, empty = TRUE;
	unichar_t chr;
	int len;

	(void)uni_utf8_to_decomposed_titlecase(text, size, folded);
	p = folded->data;
	end = p + folded->used;
	for (; p < end; p += len) {
		len = uni_utf8_get_char_n(p, end - p, &chr);
		if (len <= 0)
			break;
		if (text_is_mark(chr))
			continue;
		if (chr == ' ' || chr == '\t' || chr == '\n' || chr == '\r') {
			blank = TRUE;
			continue;
		}
		if (blank && !empty)
			buffer_append_c(dest, ' ');
		buffer_append(dest, p, len);
		blank = empty = FALSE;
	}
	buffer_free(&folded);
}

void pim_text_check_init(struct pim_text_check *check)
{
	i_zero(check);
}

/* Returns the length of the character at data, 0 if it is incomplete, -1 if
   it is bad. */
static int pim_text_check_char(const unsigned char *data, size_t size)
{
	unichar_t chr;
	int ret;

	if (data[0] < 0x80) {
		return data[0] >= 0x20 || data[0] == '\n' || data[0] == '\r' ||
			data[0] == '\t' ? 1 : -1;
	}
	ret = uni_utf8_get_char_n(data, size, &chr);
	return ret > 0 && (chr == 0xfffe || chr == 0xffff) ? -1 : ret;
}

void pim_text_check_more(struct pim_text_check *check,
			 const unsigned char *data, size_t size)
{
	size_t i = 0;
	int ret;

	while (check->pending_len > 0 && i < size && !check->bad) {
		check->pending[check->pending_len++] = data[i++];
		ret = pim_text_check_char(check->pending, check->pending_len);
		if (ret < 0 || check->pending_len == sizeof(check->pending))
			check->bad = TRUE;
		else if (ret > 0)
			check->pending_len = 0;
	}
	while (i < size && !check->bad) {
		i += pim_text_skip_ascii(data + i, size - i);
		if (i == size)
			break;
		ret = pim_text_check_char(data + i, size - i);
		if (ret < 0)
			check->bad = TRUE;
		else if (ret > 0)
			i += ret;
		else if (size - i > sizeof(check->pending))
			check->bad = TRUE;
		else {
			check->pending_len = size - i;
			memcpy(check->pending, data + i, size - i);
			i = size;
		}
	}
}

bool pim_text_check_finish(const struct pim_text_check *check, bool cut)
{
	return !check->bad && (cut || check->pending_len == 0);
}
