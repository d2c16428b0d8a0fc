/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "base64.h"
#include "buffer.h"
#include "pim-decode.h"
#include "roost-settings.h"
#include "eas-cert.h"
#include "eas-commands.h"

/* [MS-ASCMD] 2.2.1.22 ValidateCert: is a certificate that came with a mail good
   for signing? It changes nothing. */

/* [MS-ASCMD] 2.2.3.177.18, below ValidateCert */
enum validatecert_status {
	VALIDATECERT_SUCCESS = 1,
	VALIDATECERT_PROTOCOL_ERROR = 2,
};

struct validatecert {
	struct eas_request *req;
	ARRAY_TYPE(eas_cert_data) certs, chain;
	bool check_crl;
};

/* A certificate is base64; some clients send its bytes. */
static void
validatecert_read_cert(struct eas_request *req, const struct wbxml_node *node,
		       struct eas_cert_data *cert_r)
{
	struct pim_decoder *dec;
	buffer_t *buf;

	i_zero(cert_r);
	/* one that is so large that it was left in the body is none */
	if (node->external || node->data == NULL ||
	    node->size > EAS_CERT_MAX_SIZE * 2)
		return;
	cert_r->data = (const unsigned char *)node->data;
	cert_r->size = node->size;
	/* DER begins so, base64 never */
	if (*cert_r->data == 0x30 && node->opaque)
		return;
	buf = buffer_create_dynamic(req->pool, node->size / 4 * 3 + 4);
	dec = pim_decoder_init(PIM_ENCODING_BASE64);
	pim_decoder_more(dec, cert_r->data, cert_r->size, buf);
	pim_decoder_finish(dec, buf);
	pim_decoder_deinit(&dec);
	cert_r->data = buf->data;
	cert_r->size = buf->used;
}

/* Returns 0, or -1 if there are none or too many. */
static int
validatecert_read_list(struct eas_request *req, const struct wbxml_node *parent,
		       ARRAY_TYPE(eas_cert_data) *certs)
{
	const struct wbxml_node *node =
		wbxml_node_child(parent, EAS_VALIDATECERT_CERTIFICATE);

	p_array_init(certs, req->pool, 4);
	for (; node != NULL; node = wbxml_node_next_same(node)) {
		if (array_count(certs) == EAS_CERT_MAX_COUNT)
			return -1;
		validatecert_read_cert(req, node, array_append_space(certs));
	}
	return array_count(certs) == 0 ? -1 : 0;
}

static int validatecert_read(struct validatecert *cmd)
{
	const struct wbxml_node *root = cmd->req->root, *node;

	if (validatecert_read_list(cmd->req, wbxml_node_child(root,
			EAS_VALIDATECERT_CERTIFICATES), &cmd->certs) < 0)
		return -1;
	node = wbxml_node_child(root, EAS_VALIDATECERT_CERTIFICATE_CHAIN);
	if (node != NULL &&
	    validatecert_read_list(cmd->req, node, &cmd->chain) < 0)
		return -1;
	return wbxml_child_bool(root, EAS_VALIDATECERT_CHECK_CRL,
				&cmd->check_crl) < 0 ? -1 : 0;
}

static void
validatecert_write(struct validatecert *cmd, struct eas_cert_trust *trust)
{
	struct wbxml_writer *writer = eas_request_writer(cmd->req);
	const struct eas_cert_data *cert;

	if (trust != NULL && array_is_created(&cmd->chain)) {
		array_foreach(&cmd->chain, cert)
			eas_cert_trust_add_chain(trust, cert);
	}
	wbxml_open(writer, EAS_VALIDATECERT_VALIDATE_CERT);
	wbxml_uint(writer, EAS_VALIDATECERT_STATUS, VALIDATECERT_SUCCESS);
	array_foreach(&cmd->certs, cert) {
		wbxml_open(writer, EAS_VALIDATECERT_CERTIFICATE);
		wbxml_uint(writer, EAS_VALIDATECERT_STATUS, trust == NULL ?
			EAS_CERT_SERVER_ERROR :
			eas_cert_validate(trust, cert, cmd->check_crl));
		wbxml_close(writer);
	}
	wbxml_close(writer);
}

int eas_cmd_validatecert(struct eas_request *req)
{
	const struct roost_settings *set = req->req->user->set;
	struct validatecert cmd = { .req = req };
	struct eas_cert_trust *trust = NULL;
	const char *error;

	if (validatecert_read(&cmd) < 0)
		return eas_request_fail(req, VALIDATECERT_PROTOCOL_ERROR);
	if (eas_cert_trust_init(set->roost_smime_ca, set->roost_smime_crl,
				&trust, &error) < 0)
		e_error(req->event, "ValidateCert: %s", error);
	validatecert_write(&cmd, trust);
	if (trust != NULL)
		eas_cert_trust_deinit(&trust);
	return 1;
}
