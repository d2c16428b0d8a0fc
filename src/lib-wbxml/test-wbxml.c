#include "lib.h"
#include "buffer.h"
#include "str.h"
#include "unichar.h"
#include "istream.h"
#include "ostream.h"
#include "test-common.h"
#include "eas-tags.h"
#include "wbxml-tree.h"
#include "wbxml-writer.h"

#define HEADER "\x03\x01\x6A\x00"
#define BYTES(literal) literal, sizeof(literal) - 1

static int
parse(const void *data, size_t size, const struct wbxml_limits *limits,
      pool_t pool, struct wbxml_node **root_r, enum wbxml_error *kind_r)
{
	struct istream *input = i_stream_create_from_data(data, size);
	const char *error = NULL;
	int ret;

	ret = wbxml_tree_read(input, &eas_code_space, limits, pool, root_r,
			      kind_r, &error);
	test_assert((ret == 0) == (error == NULL));
	test_assert((ret == 0) == (*kind_r == WBXML_ERROR_NONE));
	i_stream_unref(&input);
	return ret;
}

static void test_wbxml_tables(void)
{
	const struct wbxml_code_space *space = &eas_code_space;

	test_begin("wbxml: code pages of ActiveSync");
	for (unsigned int i = 0; i < space->tags_count; i++) {
		const struct wbxml_tag_name *row = &space->tags[i];
		const char *xmlns =
			wbxml_page_xmlns(space, WBXML_TAG_PAGE(row->tag));

		test_assert_idx(i == 0 || row[-1].tag < row->tag, i);
		test_assert_idx(WBXML_TAG_TOKEN(row->tag) >= 5 &&
				WBXML_TAG_TOKEN(row->tag) < 0x40, i);
		test_assert_idx(xmlns != NULL, i);
		test_assert_idx(wbxml_tag_name(space, row->tag) == row->name, i);
		/* a name may be there twice in a page only as a legacy twin */
		test_assert_idx(row->legacy ||
			wbxml_tag_find(space, xmlns, row->name) == row->tag, i);
	}
	for (unsigned int i = 1; i < space->pages_count; i++)
		test_assert_idx(space->pages[i - 1].page < space->pages[i].page, i);
	test_assert(space->pages_count == 26);
	test_assert(wbxml_tag_name(space, WBXML_TAG(26, 5)) == NULL);
	test_assert(wbxml_tag_name(space, WBXML_TAG(0, 0x3f)) == NULL);
	test_assert(wbxml_tag_find(space, "AirSync", "Nothing") == 0);
	test_assert(wbxml_page_xmlns(space, 99) == NULL);
	test_end();
}

static void test_wbxml_tree_good(void)
{
	static const struct {
		const char *data;
		size_t size;
		const char *xml;
	} tests[] = {
		{ BYTES(HEADER "\x05"), "<Sync xmlns=\"AirSync\"/>\n" },
		{ BYTES(HEADER "\x45\x01"), "<Sync xmlns=\"AirSync\"/>\n" },
		{ BYTES(HEADER "\x45\x4B\x03""17\0\x01\x01"),
		  "<Sync xmlns=\"AirSync\">\n  <SyncKey>17</SyncKey>\n</Sync>\n" },
		/* runs of text, an entity and opaque data are one text */
		{ BYTES(HEADER "\x4B\x03""a\0\x02\x81\x69\x03\0\x03""b\0\x01"),
		  "<SyncKey xmlns=\"AirSync\">a\xc3\xa9""b</SyncKey>\n" },
		{ BYTES(HEADER "\x4B\xC3\x03""a\0b\x01"),
		  "<SyncKey xmlns=\"AirSync\"><!-- 3 bytes --></SyncKey>\n" },
		/* code pages stay switched */
		{ BYTES(HEADER "\x45\x00\x11\x4A\x46\x03""1\0\x01\x01"
			"\x00\x00\x0B\x01"),
		  "<Sync xmlns=\"AirSync\">\n"
		  "  <Body xmlns=\"AirSyncBase\">\n"
		  "    <Type>1</Type>\n  </Body>\n"
		  "  <SyncKey/>\n</Sync>\n" },
		/* string table */
		{ BYTES("\x03\x01\x6A\x07""ab\0cde\0\x4B\x83\x03\x01"),
		  "<SyncKey xmlns=\"AirSync\">cde</SyncKey>\n" },
		/* ... that ends without NUL, and a public id in it */
		{ BYTES("\x03\x00\x00\x6A\x03""xyz\x4B\x83\x01\x01"),
		  "<SyncKey xmlns=\"AirSync\">yz</SyncKey>\n" },
		/* blanks between elements are nothing */
		{ BYTES(HEADER "\x45\x03\n \0\x0B\x03\n\0\x01"),
		  "<Sync xmlns=\"AirSync\">\n  <SyncKey/>\n</Sync>\n" },
		{ BYTES(HEADER "\x4B\x03<&>\x01\0\x01"),
		  "<SyncKey xmlns=\"AirSync\">&lt;&amp;&gt;&#1;</SyncKey>\n" },
	};
	struct wbxml_node *root;
	enum wbxml_error kind;

	test_begin("wbxml: documents");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		pool_t pool = pool_alloconly_create("test", 1024);
		string_t *xml = t_str_new(128);

		if (parse(tests[i].data, tests[i].size, &wbxml_default_limits,
			  pool, &root, &kind) < 0)
			test_assert_idx(FALSE, i);
		else {
			wbxml_tree_to_xml(root, &eas_code_space, NULL, xml);
			test_assert_strcmp_idx(str_c(xml), tests[i].xml, i);
		}
		/* each of its beginnings is refused, without a crash */
		for (size_t n = 0; n < tests[i].size; n++) {
			if (parse(tests[i].data, n, &wbxml_default_limits,
				  pool, &root, &kind) < 0)
				test_assert_idx(kind == WBXML_ERROR_SYNTAX, i);
			else
				test_assert_idx(n == tests[i].size, i);
		}
		pool_unref(&pool);
	}
	test_end();
}

static void test_wbxml_tree_bad(void)
{
	static const struct {
		const char *data;
		size_t size;
		enum wbxml_error kind;
	} tests[] = {
		{ BYTES(""), WBXML_ERROR_SYNTAX },
		{ BYTES("<?xml version=\"1.0\"?>"), WBXML_ERROR_SYNTAX },
		{ BYTES("\x04\x01\x6A\x00\x05"), WBXML_ERROR_SYNTAX },
		/* ISO-8859-1 */
		{ BYTES("\x03\x01\x04\x00\x05"), WBXML_ERROR_SYNTAX },
		/* unknown token, unknown page */
		{ BYTES(HEADER "\x3F"), WBXML_ERROR_UNKNOWN_TAG },
		{ BYTES(HEADER "\x00\x77\x05"), WBXML_ERROR_UNKNOWN_TAG },
		/* attributes, literals, processing instructions, extensions */
		{ BYTES(HEADER "\xC5\x01\x01"), WBXML_ERROR_SYNTAX },
		{ BYTES(HEADER "\x04\x00"), WBXML_ERROR_SYNTAX },
		{ BYTES(HEADER "\x45\x43\x01"), WBXML_ERROR_SYNTAX },
		{ BYTES(HEADER "\x45\x40""a\0\x01"), WBXML_ERROR_SYNTAX },
		{ BYTES(HEADER "\x45\xC0\x01"), WBXML_ERROR_SYNTAX },
		/* content outside the root */
		{ BYTES(HEADER "\x03""a\0"), WBXML_ERROR_SYNTAX },
		{ BYTES(HEADER "\x01"), WBXML_ERROR_SYNTAX },
		/* text beside elements, in both orders */
		{ BYTES(HEADER "\x45\x03""a\0\x0B\x01"), WBXML_ERROR_SYNTAX },
		{ BYTES(HEADER "\x45\x0B\x03""a\0\x01"), WBXML_ERROR_SYNTAX },
		/* integers of six bytes, of more than 32 bits */
		{ BYTES(HEADER "\x4B\xC3\x81\x81\x81\x81\x81\x01"), WBXML_ERROR_SYNTAX },
		{ BYTES(HEADER "\x4B\xC3\x9F\xFF\xFF\xFF\x7F"), WBXML_ERROR_SYNTAX },
		/* 4 GB that are not there, inline and as a table */
		{ BYTES(HEADER "\x4B\xC3\x8F\xFF\xFF\xFF\x7F""abc"), WBXML_ERROR_SYNTAX },
		{ BYTES("\x03\x01\x6A\x8F\xFF\xFF\xFF\x7F\x05"), WBXML_ERROR_LIMIT },
		/* strings that are not in the table, entities that are no characters */
		{ BYTES(HEADER "\x4B\x83\x00\x01"), WBXML_ERROR_SYNTAX },
		{ BYTES(HEADER "\x4B\x02\x00\x01"), WBXML_ERROR_SYNTAX },
		{ BYTES(HEADER "\x4B\x02\x83\xB0\x00\x01"), WBXML_ERROR_SYNTAX },
	};
	struct wbxml_node *root;
	enum wbxml_error kind;
	pool_t pool = pool_alloconly_create("test", 1024);

	test_begin("wbxml: broken documents");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		test_assert_idx(parse(tests[i].data, tests[i].size,
				      &wbxml_default_limits, pool, &root,
				      &kind) < 0, i);
		test_assert_idx(kind == tests[i].kind, i);
		test_assert_idx(root == NULL, i);
	}
	pool_unref(&pool);
	test_end();
}

static int parse_limited(buffer_t *doc, const struct wbxml_limits *limits)
{
	pool_t pool = pool_alloconly_create("test", 1024);
	struct wbxml_node *root;
	enum wbxml_error kind;
	int ret = parse(doc->data, doc->used, limits, pool, &root, &kind);

	test_assert(ret == 0 || kind == WBXML_ERROR_LIMIT);
	pool_unref(&pool);
	return ret;
}

static void test_wbxml_tree_limits(void)
{
	static const struct wbxml_limits limits = {
		.max_depth = 3, .max_nodes = 5, .max_text = 10, .max_inline = 4,
	};
	buffer_t *doc = t_buffer_create(1024);

	test_begin("wbxml: limits");
	/* a million nested elements */
	buffer_append(doc, BYTES(HEADER));
	memset(buffer_append_space_unsafe(doc, 1000000), 0x45, 1000000);
	test_assert(parse_limited(doc, &wbxml_default_limits) < 0);
	/* and side by side */
	buffer_set_used_size(doc, 4);
	buffer_append_c(doc, 0x45);
	memset(buffer_append_space_unsafe(doc, 1000000), 0x0B, 1000000);
	test_assert(parse_limited(doc, &wbxml_default_limits) < 0);

#define DOC(literal) STMT_START { \
		buffer_set_used_size(doc, 4); \
		buffer_append(doc, BYTES(literal)); \
	} STMT_END
	DOC("\x45\x45\x45\x01\x01\x01");
	test_assert(parse_limited(doc, &limits) == 0);
	DOC("\x45\x45\x45\x45\x01\x01\x01\x01");
	test_assert(parse_limited(doc, &limits) < 0);
	DOC("\x45\x0B\x0B\x0B\x0B\x01");
	test_assert(parse_limited(doc, &limits) == 0);
	DOC("\x45\x0B\x0B\x0B\x0B\x0B\x01");
	test_assert(parse_limited(doc, &limits) < 0);
	DOC("\x4B\x03""0123456789\0\x01");
	test_assert(parse_limited(doc, &limits) == 0);
	DOC("\x4B\x03""01234567890\0\x01");
	test_assert(parse_limited(doc, &limits) < 0);
	test_end();
}

static void test_wbxml_tree_external(void)
{
	static const char data[] = HEADER
		"\x45\x4B\xC3\x06""opaque\x01\x4C\xC3\x04""kept\x01\x01";
	struct wbxml_limits limits = wbxml_default_limits;
	struct istream *input = i_stream_create_from_data(BYTES(data)), *stream;
	struct wbxml_node *root, *node;
	enum wbxml_error kind;
	const char *error;
	const unsigned char *content;
	size_t size;
	pool_t pool = pool_alloconly_create("test", 1024);

	test_begin("wbxml: large opaque data stay in the input");
	limits.max_inline = 4;
	test_assert(wbxml_tree_read(input, &eas_code_space, &limits, pool,
				    &root, &kind, &error) == 0);
	node = wbxml_node_child(root, EAS_AIRSYNC_SYNC_KEY);
	test_assert(node->external && node->opaque && node->size == 6);
	test_assert(wbxml_node_text(node) == NULL);
	stream = wbxml_node_stream(node, input);
	test_assert(i_stream_read_bytes(stream, &content, &size, 6) > 0 &&
		    size == 6 && memcmp(content, "opaque", 6) == 0);
	i_stream_unref(&stream);
	node = wbxml_node_child(root, EAS_AIRSYNC_CLIENT_ID);
	test_assert(!node->external && node->opaque);
	test_assert_strcmp(wbxml_node_text(node), "kept");
	stream = wbxml_node_stream(node, input);
	test_assert(i_stream_read_bytes(stream, &content, &size, 4) > 0 &&
		    size == 4 && memcmp(content, "kept", 4) == 0);
	i_stream_unref(&stream);
	i_stream_unref(&input);
	pool_unref(&pool);
	test_end();
}

static void test_wbxml_tree_access(void)
{
	static const char data[] = HEADER "\x45"
		"\x4B\x03""12\0\x01" "\x53\x03""0\0\x01" "\x4B\x03""x\0\x01"
		"\x14" "\x55\x03""4294967296\0\x01" "\x01";
	struct wbxml_node *root, *node;
	enum wbxml_error kind;
	unsigned int number = 0;
	bool value = TRUE;
	pool_t pool = pool_alloconly_create("test", 1024);

	test_begin("wbxml: access to a tree");
	test_assert(parse(BYTES(data), &wbxml_default_limits, pool, &root,
			  &kind) == 0);
	test_assert(wbxml_child_uint(root, EAS_AIRSYNC_SYNC_KEY, &number) == 1 &&
		    number == 12);
	test_assert(wbxml_child_uint(root, EAS_AIRSYNC_WINDOW_SIZE, &number) == -1);
	test_assert(wbxml_child_uint(root, EAS_AIRSYNC_STATUS, &number) == 0);
	test_assert(wbxml_child_bool(root, EAS_AIRSYNC_GET_CHANGES, &value) == 1 &&
		    !value);
	test_assert(wbxml_child_bool(root, EAS_AIRSYNC_MORE_AVAILABLE, &value) == 1 &&
		    value);
	test_assert(wbxml_child_bool(root, EAS_AIRSYNC_SYNC_KEY, &value) == -1);
	test_assert(wbxml_child_bool(root, EAS_AIRSYNC_STATUS, &value) == 0);
	node = wbxml_node_next_same(wbxml_node_child(root, EAS_AIRSYNC_SYNC_KEY));
	test_assert_strcmp(wbxml_node_text(node), "x");
	test_assert(wbxml_node_next_same(node) == NULL);
	test_assert_strcmp(wbxml_child_text(root, EAS_AIRSYNC_MORE_AVAILABLE), "");
	test_assert(wbxml_child_text(root, EAS_AIRSYNC_STATUS) == NULL);
	test_assert(wbxml_node_child(NULL, EAS_AIRSYNC_STATUS) == NULL);
	pool_unref(&pool);
	test_end();
}

static void test_wbxml_writer_structure(void)
{
	buffer_t *buf = t_buffer_create(256), *fragment = t_buffer_create(64);
	struct ostream *output = o_stream_create_buffer(buf);
	struct ostream *fragment_output = o_stream_create_buffer(fragment);
	struct wbxml_writer *writer = wbxml_writer_init(output), *part;

	test_begin("wbxml: writer");
	wbxml_open(writer, EAS_AIRSYNC_SYNC);
	wbxml_uint(writer, EAS_AIRSYNC_SYNC_KEY, 1);
	wbxml_text(writer, EAS_AIRSYNC_CLASS, NULL);
	wbxml_empty(writer, EAS_AIRSYNC_MORE_AVAILABLE);
	wbxml_open(writer, EAS_AIRSYNCBASE_BODY);
	wbxml_bool(writer, EAS_AIRSYNCBASE_TYPE, TRUE);
	wbxml_opaque(writer, EAS_AIRSYNCBASE_DATA, "a\0b", 3);
	wbxml_close(writer);
	wbxml_text(writer, EAS_AIRSYNC_STATUS, "");
	wbxml_open(writer, EAS_AIRSYNC_OPTIONS);
	wbxml_close(writer);

	part = wbxml_writer_init_fragment(fragment_output);
	wbxml_text(part, EAS_AIRSYNC_SERVER_ID, "frag");
	test_assert(wbxml_writer_finish(&part) == 0);
	test_assert(part == NULL);
	wbxml_writer_append(writer, fragment->data, fragment->used);
	wbxml_bool(writer, EAS_AIRSYNC_STATUS, FALSE);
	wbxml_close(writer);
	test_assert(wbxml_writer_size(writer) == buf->used);
	test_assert(wbxml_writer_finish(&writer) == 0);

	{
		struct wbxml_node *root;
		enum wbxml_error kind;
		string_t *xml = t_str_new(256);
		pool_t pool = pool_alloconly_create("test", 1024);

		test_assert(parse(buf->data, buf->used, &wbxml_default_limits,
				  pool, &root, &kind) == 0);
		wbxml_tree_to_xml(root, &eas_code_space, NULL, xml);
		test_assert_strcmp(str_c(xml),
			"<Sync xmlns=\"AirSync\">\n"
			"  <SyncKey>1</SyncKey>\n"
			"  <MoreAvailable/>\n"
			"  <Body xmlns=\"AirSyncBase\">\n"
			"    <Type>1</Type>\n"
			"    <Data><!-- 3 bytes --></Data>\n"
			"  </Body>\n"
			"  <Status/>\n"
			"  <Options/>\n"
			"  <ServerId>frag</ServerId>\n"
			"  <Status>0</Status>\n"
			"</Sync>\n");
		pool_unref(&pool);
	}
	o_stream_unref(&output);
	o_stream_unref(&fragment_output);
	test_end();
}

/* the text of a document <SyncKey>...</SyncKey> that was written in pieces of n bytes */
static const char *written_text(const char *text, size_t size, size_t n)
{
	buffer_t *buf = t_buffer_create(256);
	struct ostream *output = o_stream_create_buffer(buf);
	struct wbxml_writer *writer = wbxml_writer_init(output);

	wbxml_text_begin(writer, EAS_AIRSYNC_SYNC_KEY);
	for (size_t pos = 0; pos < size; pos += n)
		wbxml_text_add(writer, text + pos, I_MIN(n, size - pos));
	wbxml_text_end(writer);
	test_assert(wbxml_writer_finish(&writer) == 0);
	o_stream_unref(&output);
	/* header, tag, STR_I ... NUL, END */
	test_assert(buf->used >= 8);
	return t_strndup(CONST_PTR_OFFSET(buf->data, 6), buf->used - 8);
}

static void test_wbxml_writer_text(void)
{
#define RC "\xef\xbf\xbd"
	static const struct {
		const char *input;
		size_t size;
		const char *output;
	} tests[] = {
		{ BYTES(""), "" },
		{ BYTES("plain"), "plain" },
		{ BYTES("h\xc3\xa9llo \xe2\x82\xac \xf0\x9f\x98\x80"),
		  "h\xc3\xa9llo \xe2\x82\xac \xf0\x9f\x98\x80" },
		{ BYTES("tab\tcr\rlf\n"), "tab\tcr\rlf\n" },
		{ BYTES("a\0b\x1b""c\x0c"), "a b c " },
		{ BYTES("latin \xe9 one"), "latin " RC " one" },
		{ BYTES("cut \xe2\x82"), "cut " RC RC },
		{ BYTES("\x80\xff"), RC RC },
		/* a NUL cuts a character off, but not the text */
		{ BYTES("\xe2\x82\0longer than a character"),
		  RC RC " longer than a character" },
		{ BYTES("\xfc\0longer than a character"),
		  RC " longer than a character" },
		{ BYTES("\xef\xbf\xbe"), " " },
		/* surrogates and overlong forms are no UTF-8 */
		{ BYTES("\xed\xa0\x80"), RC RC RC },
		{ BYTES("\xc0\x80"), RC RC },
	};

	test_begin("wbxml: text is always valid");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) T_BEGIN {
		for (size_t n = 1; n <= I_MAX(tests[i].size, 1); n++) {
			test_assert_strcmp_idx(
				written_text(tests[i].input, tests[i].size, n),
				tests[i].output, i);
		}
	} T_END;
	test_end();
}

static void test_wbxml_writer_watch(void)
{
	static const struct {
		unsigned int values[4];
		unsigned int good, watched;
	} tests[] = {
		{ { 0 }, 1, 0 },
		{ { 1 }, 1, 1 },
		{ { 1, 1, 1 }, 1, 1 },
		{ { 1, 3, 1, 4 }, 1, 3 },
		{ { 3, 3 }, 3, 3 },
		{ { 3, 1, 3 }, 3, 1 },
	};
	struct wbxml_writer *writer;
	struct ostream *output;
	buffer_t *buf;

	test_begin("wbxml: the writer remembers a Status");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		buf = t_buffer_create(64);
		output = o_stream_create_buffer(buf);
		writer = wbxml_writer_init(output);
		wbxml_writer_watch(writer, EAS_AIRSYNC_STATUS, tests[i].good);
		wbxml_open(writer, EAS_AIRSYNC_SYNC);
		wbxml_uint(writer, EAS_AIRSYNC_WINDOW_SIZE, 99);
		for (unsigned int j = 0; j < 4 && tests[i].values[j] != 0; j++) {
			wbxml_uint(writer, EAS_AIRSYNC_STATUS,
				   tests[i].values[j]);
		}
		wbxml_close(writer);
		test_assert_idx(wbxml_writer_watched(writer) ==
				tests[i].watched, i);
		test_assert_idx(wbxml_writer_finish(&writer) == 0, i);
		o_stream_unref(&output);
	}
	test_end();
}

static void test_wbxml_writer_streams(void)
{
	static const char text[] = "\xe2\x82\xac\xe2\x82\xac!";
	static const struct {
		uoff_t max;
		int64_t written;
		const char *output;
	} tests[] = {
		{ UOFF_T_MAX, 7, text },
		{ 7, 7, text },
		{ 6, 6, "\xe2\x82\xac\xe2\x82\xac" },
		{ 5, 3, "\xe2\x82\xac" },
		{ 3, 3, "\xe2\x82\xac" },
		{ 2, 0, "" },
		{ 0, 0, "" },
	};

	test_begin("wbxml: text and opaque data from streams");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		buffer_t *buf = t_buffer_create(256);
		struct ostream *output = o_stream_create_buffer(buf);
		struct wbxml_writer *writer = wbxml_writer_init(output);
		struct istream *input = i_stream_create_from_data(BYTES(text));

		test_assert_idx(wbxml_text_stream(writer, EAS_AIRSYNC_SYNC_KEY,
				input, tests[i].max) == tests[i].written, i);
		test_assert_idx(wbxml_writer_finish(&writer) == 0, i);
		test_assert_strcmp_idx(t_strndup(CONST_PTR_OFFSET(buf->data, 6),
				buf->used - 8), tests[i].output, i);
		i_stream_unref(&input);
		o_stream_unref(&output);
	}
	/* opaque: exact, and too short */
	for (unsigned int i = 0; i < 2; i++) {
		buffer_t *buf = t_buffer_create(256);
		struct ostream *output = o_stream_create_buffer(buf);
		struct wbxml_writer *writer = wbxml_writer_init(output);
		struct istream *input = i_stream_create_from_data("abcdef", 6);

		wbxml_opaque_stream(writer, EAS_AIRSYNC_SYNC_KEY, input,
				    i == 0 ? 4 : 8);
		test_assert_idx(wbxml_writer_finish(&writer) ==
				(i == 0 ? 0 : -1), i);
		test_assert_idx(memcmp(CONST_PTR_OFFSET(buf->data, 7),
				       i == 0 ? "abcd" : "abcdef  ",
				       i == 0 ? 4 : 8) == 0, i);
		i_stream_unref(&input);
		o_stream_unref(&output);
	}
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_wbxml_tables,
		test_wbxml_tree_good,
		test_wbxml_tree_bad,
		test_wbxml_tree_limits,
		test_wbxml_tree_external,
		test_wbxml_tree_access,
		test_wbxml_writer_structure,
		test_wbxml_writer_text,
		test_wbxml_writer_watch,
		test_wbxml_writer_streams,
		NULL
	};
	return test_run(test_functions);
}
