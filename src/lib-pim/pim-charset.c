/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "buffer.h"
#include "unichar.h"
#include "charset-utf8.h"
#include "pim-text.h"
#include "pim-charset.h"

/* Names in mail → the name iconv gets (NULL = look, see the header) and
   Windows' code page. A name that is not here goes to iconv as it is. */
static const struct pim_charset {
	const char *name;
	const char *iconv_name;
	unsigned int codepage;
	/* glibc's iconv holds the last letter back until the next one comes:
	   it may be one that combines with it */
	bool holds_back;
} pim_charsets[] = {
	{ "utf-8", NULL, 65001 },
	{ "utf8", NULL, 65001 },
	{ "us-ascii", NULL, 20127 },
	{ "ascii", NULL, 20127 },
	{ "ansi_x3.4-1968", NULL, 20127 },
	{ "iso-8859-1", "windows-1252", 28591 },
	{ "iso8859-1", "windows-1252", 28591 },
	{ "latin1", "windows-1252", 28591 },
	{ "iso-8859-2", "iso-8859-2", 28592 },
	{ "iso-8859-3", "iso-8859-3", 28593 },
	{ "iso-8859-4", "iso-8859-4", 28594 },
	{ "iso-8859-5", "iso-8859-5", 28595 },
	{ "iso-8859-6", "iso-8859-6", 28596 },
	{ "iso-8859-7", "iso-8859-7", 28597 },
	{ "iso-8859-8", "iso-8859-8", 28598 },
	{ "iso-8859-8-i", "iso-8859-8", 38598 },
	{ "iso-8859-8-e", "iso-8859-8", 38598 },
	{ "iso-8859-9", "windows-1254", 28599 },
	{ "iso-8859-13", "iso-8859-13", 28603 },
	{ "iso-8859-15", "iso-8859-15", 28605 },
	{ "windows-874", "cp874", 874 },
	{ "tis-620", "cp874", 874 },
	{ "windows-1250", "windows-1250", 1250 },
	{ "windows-1251", "windows-1251", 1251 },
	{ "windows-1252", "windows-1252", 1252 },
	{ "windows-1253", "windows-1253", 1253 },
	{ "windows-1254", "windows-1254", 1254 },
	{ "windows-1255", "windows-1255", 1255, TRUE },
	{ "windows-1256", "windows-1256", 1256 },
	{ "windows-1257", "windows-1257", 1257 },
	{ "windows-1258", "windows-1258", 1258, TRUE },
	{ "cp1250", "windows-1250", 1250 },
	{ "cp1251", "windows-1251", 1251 },
	{ "cp1252", "windows-1252", 1252 },
	{ "koi8-r", "koi8-r", 20866 },
	{ "koi8-u", "koi8-u", 21866 },
	{ "iso-2022-jp", "iso-2022-jp", 50220 },
	{ "iso-2022-jp-ms", "iso-2022-jp", 50220 },
	{ "shift_jis", "cp932", 932 },
	{ "x-sjis", "cp932", 932 },
	{ "windows-31j", "cp932", 932 },
	{ "euc-jp", "euc-jp", 51932 },
	{ "iso-2022-kr", "iso-2022-kr", 50225 },
	{ "euc-kr", "cp949", 51949 },
	{ "ks_c_5601-1987", "cp949", 949 },
	{ "gb2312", "gb18030", 936 },
	{ "gbk", "gb18030", 936 },
	{ "x-gbk", "gb18030", 936 },
	{ "gb18030", "gb18030", 54936 },
	{ "hz-gb-2312", "gb18030", 52936 },
	{ "big5", "cp950", 950 },
	{ "big5-hkscs", "big5-hkscs", 950, TRUE },
	{ "macintosh", "macintosh", 10000 },
	{ "x-mac-roman", "macintosh", 10000 },
	{ "utf-7", "utf-7", 65000 },
	{ "unicode-1-1-utf-7", "utf-7", 65000 },
	{ "utf-16", "utf-16", 1200 },
	{ "utf-16le", "utf-16le", 1200 },
	{ "utf-16be", "utf-16be", 1201 },
};

struct pim_charset_decoder {
	/* NULL: not decided yet */
	struct charset_translation *trans;
	/* the end of the last piece, which could not be converted yet */
	buffer_t *pending, *joined;
	/* the label said nothing that could be used */
	bool look:1;
	bool holds_back:1;
};

static const struct pim_charset *pim_charset_find(const char *name)
{
	for (unsigned int i = 0; i < N_ELEMENTS(pim_charsets); i++) {
		if (strcasecmp(pim_charsets[i].name, name) == 0)
			return &pim_charsets[i];
	}
	return NULL;
}

unsigned int pim_charset_codepage(const char *charset)
{
	const struct pim_charset *cs;

	if (charset == NULL)
		return 20127;
	cs = pim_charset_find(charset);
	return cs == NULL ? 65001 : cs->codepage;
}

/* Those that are not called windows-N */
static const struct {
	unsigned int codepage;
	const char *name;
} pim_codepages[] = {
	{ 437, "CP437" }, { 850, "CP850" }, { 874, "CP874" },
	{ 932, "CP932" }, { 936, "GB18030" }, { 949, "CP949" },
	{ 950, "BIG5" }, { 1200, "UTF-16LE" }, { 10000, "MACINTOSH" },
	{ 20127, "US-ASCII" }, { 20866, "KOI8-R" }, { 20932, "EUC-JP" },
	{ 21866, "KOI8-U" }, { 28591, "ISO-8859-1" }, { 28592, "ISO-8859-2" },
	{ 28593, "ISO-8859-3" }, { 28594, "ISO-8859-4" },
	{ 28595, "ISO-8859-5" }, { 28596, "ISO-8859-6" },
	{ 28597, "ISO-8859-7" }, { 28598, "ISO-8859-8" },
	{ 28599, "ISO-8859-9" }, { 28603, "ISO-8859-13" },
	{ 28605, "ISO-8859-15" }, { 50220, "ISO-2022-JP" },
	{ 50221, "ISO-2022-JP" }, { 51932, "EUC-JP" }, { 51949, "EUC-KR" },
	{ 54936, "GB18030" }, { 65001, "UTF-8" },
};

const char *pim_charset_of_codepage(unsigned int codepage)
{
	for (unsigned int i = 0; i < N_ELEMENTS(pim_codepages); i++) {
		if (pim_codepages[i].codepage == codepage)
			return pim_codepages[i].name;
	}
	return t_strdup_printf("windows-%u", codepage);
}

struct pim_charset_decoder *pim_charset_decoder_init(const char *charset)
{
	struct pim_charset_decoder *dec = i_new(struct pim_charset_decoder, 1);
	const struct pim_charset *cs;

	dec->pending = buffer_create_dynamic(default_pool, 64);
	dec->joined = buffer_create_dynamic(default_pool, 64);
	if (charset != NULL) {
		cs = pim_charset_find(charset);
		if (cs != NULL) {
			charset = cs->iconv_name;
			dec->holds_back = cs->holds_back;
		}
	}
	if (charset == NULL ||
	    charset_to_utf8_begin(charset, NULL, &dec->trans) < 0) {
		dec->trans = NULL;
		dec->look = TRUE;
	}
	return dec;
}

/* Length of the valid UTF-8 sequence at data, 0 = none, -1 = it goes on
   behind the end. */
static int utf8_sequence(const unsigned char *data, size_t size)
{
	unichar_t chr;
	int ret = uni_utf8_get_char_n(data, size, &chr);

	return ret > 0 ? ret : (ret == 0 ? -1 : 0);
}

/* Passes ASCII through until the first other byte, which decides. Returns
   the number of bytes used up. */
static size_t
pim_charset_look(struct pim_charset_decoder *dec, const unsigned char *data,
		 size_t size, bool finish, buffer_t *dest)
{
	size_t i;
	int ret;

	for (i = 0; i < size && data[i] < 0x80; i++) ;
	buffer_append(dest, data, i);
	if (i == size)
		return i;

	ret = utf8_sequence(data + i, size - i);
	if (ret < 0 && !finish)
		return i;
	if (ret > 0)
		dec->trans = charset_utf8_to_utf8_begin(NULL);
	else if (charset_to_utf8_begin("windows-1252", NULL,
				       &dec->trans) < 0) {
		/* an iconv without even this one */
		dec->trans = charset_utf8_to_utf8_begin(NULL);
	}
	return i;
}

static void
pim_charset_convert(struct pim_charset_decoder *dec, const unsigned char *data,
		    size_t size, bool finish, buffer_t *dest)
{
	size_t used = 0, piece;

	if (dec->trans == NULL)
		used = pim_charset_look(dec, data, size, finish, dest);
	if (dec->trans != NULL && used < size) {
		piece = size - used;
		(void)charset_to_utf8(dec->trans, data + used, &piece, dest);
		used += piece;
	}
	if (used == size)
		return;
	if (finish)
		buffer_append(dest, UNICODE_REPLACEMENT_CHAR_UTF8,
			      UTF8_REPLACEMENT_CHAR_LEN);
	else
		buffer_append(dec->pending, data + used, size - used);
}

static void
pim_charset_decoder_run(struct pim_charset_decoder *dec, const void *data,
			size_t size, bool finish, buffer_t *dest)
{
	size_t start = dest->used;

	if (dec->pending->used == 0)
		pim_charset_convert(dec, data, size, finish, dest);
	else {
		buffer_set_used_size(dec->joined, 0);
		buffer_append_buf(dec->joined, dec->pending, 0, SIZE_MAX);
		buffer_append(dec->joined, data, size);
		buffer_set_used_size(dec->pending, 0);
		pim_charset_convert(dec, dec->joined->data, dec->joined->used,
				    finish, dest);
	}
	pim_text_clean(dest, start);
}

void pim_charset_decoder_more(struct pim_charset_decoder *dec,
			      const void *data, size_t size, buffer_t *dest)
{
	if (size > 0)
		pim_charset_decoder_run(dec, data, size, FALSE, dest);
}

void pim_charset_decoder_finish(struct pim_charset_decoder *dec,
				buffer_t *dest)
{
	if (dec->pending->used > 0)
		pim_charset_decoder_run(dec, "", 0, TRUE, dest);
	if (dec->holds_back) {
		size_t size = 1;

		(void)charset_to_utf8(dec->trans, (const void *)"\n", &size,
				      dest);
		if (dest->used > 0)
			buffer_set_used_size(dest, dest->used - 1);
	}
	if (dec->look && dec->trans != NULL)
		charset_to_utf8_end(&dec->trans);
	else if (dec->trans != NULL)
		charset_to_utf8_reset(dec->trans);
}

void pim_charset_decoder_deinit(struct pim_charset_decoder **_dec)
{
	struct pim_charset_decoder *dec = *_dec;

	*_dec = NULL;
	if (dec == NULL)
		return;
	if (dec->trans != NULL)
		charset_to_utf8_end(&dec->trans);
	buffer_free(&dec->pending);
	buffer_free(&dec->joined);
	i_free(dec);
}

void pim_charset_to_utf8(const char *charset, const void *data, size_t size,
			 buffer_t *dest)
{
	struct pim_charset_decoder *dec = pim_charset_decoder_init(charset);

	pim_charset_decoder_more(dec, data, size, dest);
	pim_charset_decoder_finish(dec, dest);
	pim_charset_decoder_deinit(&dec);
}
