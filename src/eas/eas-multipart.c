/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "buffer.h"
#include "istream.h"
#include "ostream.h"
#include "iostream-temp.h"
#include "roost-settings.h"
#include "eas-multipart.h"

#define MULTIPART_MAX_MEMORY (128 * 1024)

struct eas_multipart {
	struct eas_request *req;
	struct ostream *document, *data;
	struct wbxml_writer *writer;
	/* of the parts in data */
	ARRAY(uoff_t) sizes;
	bool failed:1;
};

static struct ostream *multipart_spool(struct eas_request *req)
{
	const char *prefix =
		t_strconcat(req->req->user->set->roost_spool_dir,
			    "/roost-part.", NULL);

	return iostream_temp_create_sized(prefix, 0, "(roost part)",
					  MULTIPART_MAX_MEMORY);
}

struct eas_multipart *eas_multipart_init(struct eas_request *req)
{
	struct eas_multipart *multipart;

	multipart = i_new(struct eas_multipart, 1);
	multipart->req = req;
	multipart->document = multipart_spool(req);
	multipart->data = multipart_spool(req);
	multipart->writer = wbxml_writer_init(multipart->document);
	i_array_init(&multipart->sizes, 8);
	return multipart;
}

static void multipart_spool_free(struct ostream **output)
{
	if (*output == NULL)
		return;
	o_stream_abort(*output);
	o_stream_destroy(output);
}

void eas_multipart_deinit(struct eas_multipart **_multipart)
{
	struct eas_multipart *multipart = *_multipart;

	*_multipart = NULL;
	if (multipart == NULL)
		return;
	if (multipart->writer != NULL)
		wbxml_writer_abort(&multipart->writer);
	multipart_spool_free(&multipart->document);
	multipart_spool_free(&multipart->data);
	array_free(&multipart->sizes);
	i_free(multipart);
}

struct wbxml_writer *eas_multipart_writer(struct eas_multipart *multipart)
{
	return multipart->writer;
}

/* Copies exactly size bytes. */
static int
multipart_copy(struct eas_request *req, struct ostream *output,
	       struct istream *input, uoff_t size)
{
	const unsigned char *data;
	size_t avail;

	while (size > 0 && i_stream_read_more(input, &data, &avail) > 0) {
		avail = I_MIN(avail, size);
		o_stream_nsend(output, data, avail);
		i_stream_skip(input, avail);
		size -= avail;
	}
	if (size > 0) {
		e_error(req->event, "Reading a part of the answer failed: %s",
			input->stream_errno == 0 ? "it ends early" :
			i_stream_get_error(input));
		return -1;
	}
	return 0;
}

unsigned int eas_multipart_add(void *context, struct istream *input,
			       uoff_t size)
{
	struct eas_multipart *multipart = context;

	if (multipart_copy(multipart->req, multipart->data, input, size) < 0)
		multipart->failed = TRUE;
	array_push_back(&multipart->sizes, &size);
	/* part 0 is the document */
	return array_count(&multipart->sizes);
}

static void put_uint32(buffer_t *dest, uint32_t value)
{
	unsigned int i;

	for (i = 0; i < 4; i++)
		buffer_append_c(dest, (value >> (i * 8)) & 0xff);
}

/* MultiPartResponse up to its Parts ([MS-ASCMD] 2.2.1.10.1.1). Returns -1 if the numbers
   have no room for so much. */
static int
multipart_header(struct eas_multipart *multipart, uoff_t document_size,
		 buffer_t *dest)
{
	unsigned int count = array_count(&multipart->sizes) + 1;
	uoff_t offset = 4 + (uoff_t)count * 8;
	const uoff_t *sizep;

	put_uint32(dest, count);
	put_uint32(dest, offset);
	put_uint32(dest, document_size);
	offset += document_size;
	array_foreach(&multipart->sizes, sizep) {
		if (offset > UINT32_MAX || *sizep > UINT32_MAX - offset)
			return -1;
		put_uint32(dest, offset);
		put_uint32(dest, *sizep);
		offset += *sizep;
	}
	return 0;
}

static int
multipart_send_spool(struct eas_multipart *multipart, struct ostream *output,
		     struct ostream **spool)
{
	uoff_t size = (*spool)->offset;
	struct istream *input;
	int ret;

	if (o_stream_flush(*spool) < 0) {
		e_error(multipart->req->event, "Writing the answer failed: %s",
			o_stream_get_error(*spool));
		return -1;
	}
	input = iostream_temp_finish(spool, IO_BLOCK_SIZE);
	ret = multipart_copy(multipart->req, output, input, size);
	i_stream_unref(&input);
	return ret;
}

int eas_multipart_finish(struct eas_multipart *multipart)
{
	struct roost_request *req = multipart->req->req;
	struct ostream *output;
	buffer_t *header;

	if (wbxml_writer_finish(&multipart->writer) < 0) {
		e_error(multipart->req->event, "Writing the answer failed: %s",
			o_stream_get_error(multipart->document));
		return -1;
	}
	header = t_buffer_create(128);
	if (multipart->failed)
		return -1;
	if (multipart_header(multipart, multipart->document->offset,
			     header) < 0) {
		e_error(multipart->req->event,
			"The answer is too large for its form");
		return -1;
	}
	roost_answer_add_header(req, "Content-Type",
				EAS_CONTENT_TYPE_MULTIPART);
	req->answer.gzip = TRUE;
	output = roost_answer_output(req);
	o_stream_nsend(output, header->data, header->used);
	if (multipart_send_spool(multipart, output, &multipart->document) < 0 ||
	    multipart_send_spool(multipart, output, &multipart->data) < 0)
		return -1;
	return 0;
}
