#include "lib.h"
#include "buffer.h"
#include "ioloop.h"
#include "istream-private.h"
#include "ostream-file-private.h"
#include "iostream-openssl.h"
#include "http-server-private.h"
#include "roost-compat.h"
#include "listener-park-tls.h"

#include <openssl/err.h>

/* as lib-ssl-iostream makes its BIO pair: SSL3_RT_MAX_PACKET_SIZE fits */
#define TLS_BIO_BUFFER_SIZE (17*1024)

/* ostream-openssl.c's stream; its struct is in no header. ssl_io tells whether
   this is what it looks like. */
struct tls_ostream {
	struct ostream_private ostream;
	struct ssl_iostream *ssl_io;
	buffer_t *buffer;
};

static struct tls_ostream *tls_get_ostream(struct ssl_iostream *ssl_io)
{
	return container_of(ssl_io->ssl_output->real_stream,
			    struct tls_ostream, ostream);
}

bool listener_tls_can_detach(struct ssl_iostream *ssl_io)
{
	struct tls_ostream *output;
	BIO *bio_int;

	if (ssl_io->ssl == NULL || ssl_io->bio_ext == NULL ||
	    ssl_io->ssl_output == NULL || ssl_io->ssl_input == NULL ||
	    ssl_io->closed || ssl_io->destroyed)
		return FALSE;
	output = tls_get_ostream(ssl_io);
	if (output->ssl_io != ssl_io)
		return FALSE;
	bio_int = SSL_get_rbio(ssl_io->ssl);
	return SSL_is_init_finished(ssl_io->ssl) != 0 &&
		SSL_pending(ssl_io->ssl) == 0 &&
		BIO_ctrl_pending(bio_int) == 0 &&
		BIO_ctrl_pending(ssl_io->bio_ext) == 0 &&
		i_stream_get_data_size(ssl_io->ssl_input) == 0 &&
		i_stream_get_data_size(ssl_io->plain_input) == 0 &&
		o_stream_get_buffer_used_size(ssl_io->plain_output) == 0 &&
		(output->buffer == NULL || output->buffer->used == 0);
}

static void tls_shrink_istream(struct istream *input)
{
	struct istream_private *stream = input->real_stream;

	if (stream->skip != stream->pos)
		return;
	i_stream_free_buffer(stream);
	/* the next read asserts that pos fits into the buffer */
	stream->skip = stream->pos = 0;
	stream->buffer = NULL;
}

static void tls_shrink_plain_ostream(struct ostream *output)
{
	struct file_ostream *stream = container_of(output->real_stream,
		struct file_ostream, ostream);

	if (o_stream_get_buffer_used_size(output) > 0)
		return;
	/* a flush that is still pending would meet BIOs without buffers */
	io_remove(&stream->io);
	stream->flush_pending = FALSE;
	i_free(stream->buffer);
	stream->buffer_size = stream->head = stream->tail = 0;
	stream->full = FALSE;
}

void listener_tls_shrink(struct ssl_iostream *ssl_io)
{
	struct tls_ostream *output = tls_get_ostream(ssl_io);
	BIO *bio_int = SSL_get_rbio(ssl_io->ssl);

	if (BIO_ctrl_pending(bio_int) > 0 ||
	    BIO_ctrl_pending(ssl_io->bio_ext) > 0)
		return;
	/* a pair can't be resized; apart and of one byte they hold nothing */
	BIO_destroy_bio_pair(ssl_io->bio_ext);
	BIO_set_write_buf_size(bio_int, 1);
	BIO_set_write_buf_size(ssl_io->bio_ext, 1);

	if (output->buffer != NULL && output->buffer->used == 0)
		buffer_free(&output->buffer);
	tls_shrink_istream(ssl_io->ssl_input);
	tls_shrink_istream(ssl_io->plain_input);
	tls_shrink_plain_ostream(ssl_io->plain_output);
}

static void tls_unshrink(struct ssl_iostream *ssl_io)
{
	BIO *bio_int = SSL_get_rbio(ssl_io->ssl);

	/* these fail and do nothing if they are a pair still */
	BIO_set_write_buf_size(bio_int, TLS_BIO_BUFFER_SIZE);
	BIO_set_write_buf_size(ssl_io->bio_ext, TLS_BIO_BUFFER_SIZE);
	if (BIO_make_bio_pair(bio_int, ssl_io->bio_ext) != 1)
		ERR_clear_error();
}

int listener_tls_check(struct ssl_iostream *ssl_io)
{
	ssize_t ret;

	tls_unshrink(ssl_io);
	ret = i_stream_read(ssl_io->ssl_input);
	if (ret < 0)
		return -1;
	if (ret > 0)
		return 1;
	listener_tls_shrink(ssl_io);
	return 0;
}

void listener_tls_attach(struct http_server_connection *conn,
			 struct ssl_iostream *ssl_io)
{
	tls_unshrink(ssl_io);
	connection_input_halt(&conn->conn);
	/* as lib-http does after a handshake */
	roost_http_connection_new_parser(conn, ssl_io->ssl_input);
	i_stream_unref(&conn->conn.input);
	o_stream_unref(&conn->conn.output);
	conn->conn.input = ssl_io->ssl_input;
	conn->conn.output = ssl_io->ssl_output;
	conn->ssl_iostream = ssl_io;
	conn->ssl = TRUE;
	o_stream_set_finish_via_child(conn->conn.output, FALSE);
	o_stream_set_flush_callback(conn->conn.output,
				    http_server_connection_output, conn);
	connection_input_resume(&conn->conn);
	if (i_stream_get_data_size(conn->conn.input) > 0)
		i_stream_set_input_pending(conn->conn.input, TRUE);
}

void listener_tls_destroy(struct ssl_iostream **_ssl_io)
{
	struct ssl_iostream *ssl_io = *_ssl_io;
	struct istream *input = ssl_io->ssl_input;
	struct ostream *output = ssl_io->ssl_output;

	*_ssl_io = NULL;
	tls_unshrink(ssl_io);
	SSL_set_quiet_shutdown(ssl_io->ssl, 1);
	i_stream_unref(&input);
	o_stream_unref(&output);
	ssl_iostream_destroy(&ssl_io);
}
