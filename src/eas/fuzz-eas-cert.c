/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "buffer.h"
#include "eas-cert.h"

/* Whatever a certificate is: it has a Status, and what is fit for encryption is
   written as what it was. */

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct eas_cert_trust *trust;

int LLVMFuzzerInitialize(int *argc ATTR_UNUSED, char ***argv ATTR_UNUSED)
{
	const char *error;

	lib_init();
	if (eas_cert_trust_init("", "", &trust, &error) < 0)
		i_fatal("%s", error);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct eas_cert_data cert = { .data = data, .size = size };
	enum eas_cert_status status;

	T_BEGIN {
		buffer_t *der = t_buffer_create(1024);
		buffer_t *again = t_buffer_create(1024);

		status = eas_cert_validate(trust, &cert, size % 2 == 0);
		i_assert(status == EAS_CERT_VALID ||
			 (status >= EAS_CERT_BAD_SIGNATURE &&
			  status <= EAS_CERT_SERVER_ERROR));
		if (eas_cert_for_encryption(data, size, der)) {
			i_assert(eas_cert_for_encryption(der->data, der->used,
							 again));
			i_assert(buffer_cmp(der, again));
		}
	} T_END;
	return 0;
}
