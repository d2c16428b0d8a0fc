/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "buffer.h"
#include "eas-cert.h"

#include <dirent.h>
#include <sys/stat.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#define CERT_MAX_DEPTH 10
/* a folder of revocation lists */
#define CRL_MAX_FILES 1000
#define CRL_MAX_FILE_SIZE (16*1024*1024)

struct eas_cert_trust {
	X509_STORE *store;
	STACK_OF(X509) *chain;
	bool have_crls;
};

/* What OpenSSL found → Status, of the certificate itself (depth 0) and of one
   above it. What is not here is EAS_CERT_SERVER_ERROR. */
static const struct {
	int error;
	enum eas_cert_status leaf, chain;
} cert_errors[] = {
	{ X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE,
	  EAS_CERT_BAD_SIGNATURE, EAS_CERT_BAD_SIGNATURE },
	{ X509_V_ERR_CERT_SIGNATURE_FAILURE,
	  EAS_CERT_BAD_SIGNATURE, EAS_CERT_BAD_SIGNATURE },
	{ X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY,
	  EAS_CERT_BAD_SIGNATURE, EAS_CERT_BAD_SIGNATURE },
	{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT,
	  EAS_CERT_UNTRUSTED, EAS_CERT_UNTRUSTED },
	{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
	  EAS_CERT_UNTRUSTED, EAS_CERT_UNTRUSTED },
	{ X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE,
	  EAS_CERT_UNTRUSTED, EAS_CERT_UNTRUSTED },
	{ X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
	  EAS_CERT_UNTRUSTED, EAS_CERT_UNTRUSTED },
	{ X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
	  EAS_CERT_UNTRUSTED, EAS_CERT_UNTRUSTED },
	{ X509_V_ERR_CERT_UNTRUSTED, EAS_CERT_UNTRUSTED, EAS_CERT_UNTRUSTED },
	{ X509_V_ERR_CERT_REJECTED, EAS_CERT_UNTRUSTED, EAS_CERT_UNTRUSTED },
	{ X509_V_ERR_CERT_CHAIN_TOO_LONG,
	  EAS_CERT_BAD_CHAIN, EAS_CERT_BAD_CHAIN },
	{ X509_V_ERR_INVALID_PURPOSE,
	  EAS_CERT_NOT_FOR_MAIL, EAS_CERT_CHAIN_MISUSED },
	{ X509_V_ERR_CERT_HAS_EXPIRED,
	  EAS_CERT_EXPIRED, EAS_CERT_CHAIN_EXPIRED },
	{ X509_V_ERR_CERT_NOT_YET_VALID,
	  EAS_CERT_EXPIRED, EAS_CERT_CHAIN_EXPIRED },
	{ X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD,
	  EAS_CERT_MALFORMED, EAS_CERT_BAD_CHAIN },
	{ X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD,
	  EAS_CERT_MALFORMED, EAS_CERT_BAD_CHAIN },
	{ X509_V_ERR_INVALID_EXTENSION,
	  EAS_CERT_MALFORMED, EAS_CERT_BAD_CHAIN },
	{ X509_V_ERR_INVALID_CA, EAS_CERT_CA_MISUSED, EAS_CERT_CA_MISUSED },
	{ X509_V_ERR_INVALID_NON_CA, EAS_CERT_CA_MISUSED, EAS_CERT_CA_MISUSED },
	{ X509_V_ERR_PATH_LENGTH_EXCEEDED,
	  EAS_CERT_CA_MISUSED, EAS_CERT_CA_MISUSED },
	{ X509_V_ERR_KEYUSAGE_NO_CERTSIGN,
	  EAS_CERT_CA_MISUSED, EAS_CERT_CA_MISUSED },
	{ X509_V_ERR_CERT_REVOKED, EAS_CERT_REVOKED, EAS_CERT_CHAIN_REVOKED },
	{ X509_V_ERR_UNABLE_TO_GET_CRL,
	  EAS_CERT_REVOCATION_UNKNOWN, EAS_CERT_REVOCATION_UNKNOWN },
	{ X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER,
	  EAS_CERT_REVOCATION_UNKNOWN, EAS_CERT_REVOCATION_UNKNOWN },
	{ X509_V_ERR_CRL_SIGNATURE_FAILURE,
	  EAS_CERT_REVOCATION_UNKNOWN, EAS_CERT_REVOCATION_UNKNOWN },
	{ X509_V_ERR_CRL_NOT_YET_VALID,
	  EAS_CERT_REVOCATION_UNKNOWN, EAS_CERT_REVOCATION_UNKNOWN },
	/* a newer list could not be had */
	{ X509_V_ERR_CRL_HAS_EXPIRED,
	  EAS_CERT_REVOCATION_OFFLINE, EAS_CERT_REVOCATION_OFFLINE },
};

static enum eas_cert_status cert_error_status(int error, int depth)
{
	for (unsigned int i = 0; i < N_ELEMENTS(cert_errors); i++) {
		if (cert_errors[i].error == error) {
			return depth > 0 ? cert_errors[i].chain :
				cert_errors[i].leaf;
		}
	}
	return EAS_CERT_SERVER_ERROR;
}

static bool error_is_unknown_revocation(int error)
{
	enum eas_cert_status status = cert_error_status(error, 0);

	return status == EAS_CERT_REVOCATION_UNKNOWN ||
		status == EAS_CERT_REVOCATION_OFFLINE;
}

static const char *cert_ssl_error(void)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	ERR_clear_error();
	return reason == NULL ? "Unknown error" : reason;
}

/*
 * Trust
 */

static int
trust_load_ca(struct eas_cert_trust *trust, const char *ca,
	      const char **error_r)
{
	struct stat st;
	bool dir;

	if (*ca == '\0') {
		if (X509_STORE_set_default_paths(trust->store) == 1)
			return 0;
		*error_r = t_strdup_printf("Loading the default certificate "
			"authorities failed: %s", cert_ssl_error());
		return -1;
	}
	if (stat(ca, &st) < 0) {
		*error_r = t_strdup_printf("roost_smime_ca: "
					   "stat(%s) failed: %m", ca);
		return -1;
	}
	dir = S_ISDIR(st.st_mode);
	if (X509_STORE_load_locations(trust->store, dir ? NULL : ca,
				      dir ? ca : NULL) != 1) {
		*error_r = t_strdup_printf("roost_smime_ca: "
			"Loading %s failed: %s", ca, cert_ssl_error());
		return -1;
	}
	return 0;
}

/* All lists of one PEM file. */
static int
trust_load_crl_file(struct eas_cert_trust *trust, const char *path,
		    const char **error_r)
{
	BIO *bio = BIO_new_file(path, "r");
	unsigned int count = 0;
	X509_CRL *crl;

	if (bio == NULL) {
		*error_r = t_strdup_printf("roost_smime_crl: "
			"Opening %s failed: %s", path, cert_ssl_error());
		return -1;
	}
	while ((crl = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL)) != NULL) {
		(void)X509_STORE_add_crl(trust->store, crl);
		X509_CRL_free(crl);
		count++;
	}
	(void)BIO_free(bio);
	/* it ends with "no start line" */
	ERR_clear_error();
	if (count > 0)
		trust->have_crls = TRUE;
	return 0;
}

static int
trust_load_crl_dir(struct eas_cert_trust *trust, const char *path,
		   const char **error_r)
{
	DIR *dir = opendir(path);
	unsigned int count = 0;
	struct dirent *d;
	struct stat st;
	int ret = 0;

	if (dir == NULL) {
		*error_r = t_strdup_printf("roost_smime_crl: "
					   "opendir(%s) failed: %m", path);
		return -1;
	}
	while (ret == 0 && (d = readdir(dir)) != NULL &&
	       count < CRL_MAX_FILES) {
		const char *file = t_strdup_printf("%s/%s", path, d->d_name);

		if (*d->d_name == '.' || stat(file, &st) < 0 ||
		    !S_ISREG(st.st_mode) || st.st_size > CRL_MAX_FILE_SIZE)
			continue;
		count++;
		ret = trust_load_crl_file(trust, file, error_r);
	}
	(void)closedir(dir);
	return ret;
}

static int
trust_load_crl(struct eas_cert_trust *trust, const char *crl,
	       const char **error_r)
{
	struct stat st;

	if (*crl == '\0')
		return 0;
	if (stat(crl, &st) < 0) {
		*error_r = t_strdup_printf("roost_smime_crl: "
					   "stat(%s) failed: %m", crl);
		return -1;
	}
	return S_ISDIR(st.st_mode) ?
		trust_load_crl_dir(trust, crl, error_r) :
		trust_load_crl_file(trust, crl, error_r);
}

int eas_cert_trust_init(const char *ca, const char *crl,
			struct eas_cert_trust **trust_r, const char **error_r)
{
	struct eas_cert_trust *trust = i_new(struct eas_cert_trust, 1);

	trust->store = X509_STORE_new();
	trust->chain = sk_X509_new_null();
	if (trust->store == NULL || trust->chain == NULL)
		i_fatal_status(FATAL_OUTOFMEM, "X509_STORE_new() failed");
	if (trust_load_ca(trust, ca, error_r) < 0 ||
	    trust_load_crl(trust, crl, error_r) < 0) {
		eas_cert_trust_deinit(&trust);
		return -1;
	}
	*trust_r = trust;
	return 0;
}

void eas_cert_trust_deinit(struct eas_cert_trust **_trust)
{
	struct eas_cert_trust *trust = *_trust;

	*_trust = NULL;
	sk_X509_pop_free(trust->chain, X509_free);
	X509_STORE_free(trust->store);
	i_free(trust);
}

/*
 * Certificates
 */

static X509 *cert_parse_pem(const void *data, size_t size)
{
	BIO *bio = BIO_new_mem_buf(data, size);
	X509 *cert;

	if (bio == NULL)
		return NULL;
	cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	(void)BIO_free(bio);
	return cert;
}

static X509 *cert_parse(const void *data, size_t size)
{
	const unsigned char *p = data;
	X509 *cert;

	if (size == 0 || size > EAS_CERT_MAX_SIZE)
		return NULL;
	cert = *p == '-' ? cert_parse_pem(data, size) :
		d2i_X509(NULL, &p, size);
	ERR_clear_error();
	return cert;
}

void eas_cert_trust_add_chain(struct eas_cert_trust *trust,
			      const struct eas_cert_data *data)
{
	X509 *cert = cert_parse(data->data, data->size);

	if (cert != NULL && sk_X509_push(trust->chain, cert) <= 0)
		X509_free(cert);
}

static int cert_verify_ignore_unknown(int ok, X509_STORE_CTX *ctx)
{
	if (!ok &&
	    error_is_unknown_revocation(X509_STORE_CTX_get_error(ctx))) {
		X509_STORE_CTX_set_error(ctx, X509_V_OK);
		return 1;
	}
	return ok;
}

static void
cert_verify_params(struct eas_cert_trust *trust, X509_STORE_CTX *ctx,
		   bool check_crl)
{
	X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);

	(void)X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_SMIME_SIGN);
	X509_VERIFY_PARAM_set_depth(param, CERT_MAX_DEPTH);
	if (check_crl || trust->have_crls) {
		(void)X509_VERIFY_PARAM_set_flags(param,
			X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
	}
	if (!check_crl)
		X509_STORE_CTX_set_verify_cb(ctx, cert_verify_ignore_unknown);
}

enum eas_cert_status
eas_cert_validate(struct eas_cert_trust *trust,
		  const struct eas_cert_data *data, bool check_crl)
{
	X509 *cert = cert_parse(data->data, data->size);
	enum eas_cert_status status = EAS_CERT_SERVER_ERROR;
	X509_STORE_CTX *ctx;

	if (cert == NULL)
		return EAS_CERT_MALFORMED;
	ctx = X509_STORE_CTX_new();
	if (ctx != NULL &&
	    X509_STORE_CTX_init(ctx, trust->store, cert, trust->chain) == 1) {
		cert_verify_params(trust, ctx, check_crl);
		if (X509_verify_cert(ctx) == 1)
			status = EAS_CERT_VALID;
		else {
			status = cert_error_status(
				X509_STORE_CTX_get_error(ctx),
				X509_STORE_CTX_get_error_depth(ctx));
		}
	}
	X509_STORE_CTX_free(ctx);
	X509_free(cert);
	ERR_clear_error();
	return status;
}

static bool cert_is_for_encryption(X509 *cert)
{
	return X509_cmp_current_time(X509_get0_notBefore(cert)) < 0 &&
		X509_cmp_current_time(X509_get0_notAfter(cert)) > 0 &&
		X509_check_purpose(cert, X509_PURPOSE_SMIME_ENCRYPT, 0) == 1;
}

bool eas_cert_for_encryption(const void *data, size_t size, buffer_t *der)
{
	X509 *cert = cert_parse(data, size);
	unsigned char *bytes = NULL;
	int len = -1;

	if (cert != NULL && cert_is_for_encryption(cert))
		len = i2d_X509(cert, &bytes);
	if (len > 0)
		buffer_append(der, bytes, len);
	OPENSSL_free(bytes);
	X509_free(cert);
	ERR_clear_error();
	return len > 0;
}
