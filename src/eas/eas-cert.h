#ifndef EAS_CERT_H
#define EAS_CERT_H

/* X.509 certificates of people (S/MIME), through OpenSSL, whose objects do not
   leave eas-cert.c. Certificates come from strangers: they are DER (or PEM) of
   bounded size, and nothing they name is fetched from anywhere. */

/* a certificate, and how many are looked at in one request */
#define EAS_CERT_MAX_SIZE (64*1024)
#define EAS_CERT_MAX_COUNT 100

/* [MS-ASCMD] 2.2.3.177.18, below Certificate */
enum eas_cert_status {
	EAS_CERT_VALID = 1,
	EAS_CERT_BAD_SIGNATURE = 3,
	EAS_CERT_UNTRUSTED = 4,
	EAS_CERT_BAD_CHAIN = 5,
	EAS_CERT_NOT_FOR_MAIL = 6,
	EAS_CERT_EXPIRED = 7,
	EAS_CERT_CHAIN_EXPIRED = 8,
	EAS_CERT_CHAIN_MISUSED = 9,
	EAS_CERT_MALFORMED = 10,
	EAS_CERT_CA_MISUSED = 11,
	EAS_CERT_OTHER_ADDRESS = 12,
	EAS_CERT_REVOKED = 13,
	EAS_CERT_REVOCATION_OFFLINE = 14,
	EAS_CERT_CHAIN_REVOKED = 15,
	EAS_CERT_REVOCATION_UNKNOWN = 16,
	EAS_CERT_SERVER_ERROR = 17,
};

struct eas_cert_data {
	const unsigned char *data;
	size_t size;
};
ARRAY_DEFINE_TYPE(eas_cert_data, struct eas_cert_data);

struct eas_cert_trust;

/* Loads whom to trust. ca and crl are the settings roost_smime_ca and
   roost_smime_crl. Returns 0, or -1 and a sentence. */
int eas_cert_trust_init(const char *ca, const char *crl,
			struct eas_cert_trust **trust_r, const char **error_r);
void eas_cert_trust_deinit(struct eas_cert_trust **trust);
/* Certificates that may help to build a chain; they are not trusted. Those that
   can't be read are left out. */
void eas_cert_trust_add_chain(struct eas_cert_trust *trust,
			      const struct eas_cert_data *cert);

/* Is it good for signing mail, now? check_crl: a certificate whose revocation is
   not known is not. */
enum eas_cert_status
eas_cert_validate(struct eas_cert_trust *trust,
		  const struct eas_cert_data *cert, bool check_crl);

/* A certificate as it stands in an address book (DER or PEM): may one encrypt
   mail with it (not expired, meant for that)? Whether its issuer is trusted is the
   operator's word. Appends its DER. */
bool eas_cert_for_encryption(const void *data, size_t size, buffer_t *der);

#endif
