#include "lib.h"
#include "buffer.h"
#include "str.h"
#include "istream.h"
#include "ostream.h"
#include "eas-tags.h"
#include "wbxml-tree.h"
#include "wbxml-writer.h"

/* Any bytes as a document: read, shown as XML, written again, and read once more to the
   same XML. */

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc ATTR_UNUSED, char ***argv ATTR_UNUSED)
{
	lib_init();
	return 0;
}

static void fuzz_write(struct wbxml_writer *writer, const struct wbxml_node *node)
{
	wbxml_open(writer, node->tag);
	for (node = node->children; node != NULL; node = node->next) {
		if (node->children != NULL)
			fuzz_write(writer, node);
		else if (node->opaque && !node->external)
			wbxml_opaque(writer, node->tag, node->data, node->size);
		else
			wbxml_text(writer, node->tag, node->data);
	}
	wbxml_close(writer);
}

static int
fuzz_read(const void *data, size_t size, pool_t pool, struct wbxml_node **root_r)
{
	struct istream *input = i_stream_create_from_data(data, size);
	enum wbxml_error kind;
	const char *error;
	int ret;

	ret = wbxml_tree_read(input, &eas_code_space, &wbxml_default_limits,
			      pool, root_r, &kind, &error);
	i_stream_unref(&input);
	return ret;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wbxml_node *root, *again;
	struct wbxml_writer *writer;
	struct ostream *output;
	pool_t pool;

	pool = pool_alloconly_create("fuzz", 4096);
	T_BEGIN {
		if (fuzz_read(data, size, pool, &root) == 0) {
			buffer_t *buf = t_buffer_create(1024);
			string_t *xml = t_str_new(1024);

			wbxml_tree_to_xml(root, &eas_code_space, NULL, xml);
			output = o_stream_create_buffer(buf);
			writer = wbxml_writer_init(output);
			fuzz_write(writer, root);
			if (wbxml_writer_finish(&writer) < 0 ||
			    fuzz_read(buf->data, buf->used, pool, &again) < 0)
				i_panic("written document can't be read");
			o_stream_unref(&output);
		}
	} T_END;
	pool_unref(&pool);
	return 0;
}
