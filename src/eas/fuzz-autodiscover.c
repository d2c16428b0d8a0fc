#include "lib.h"
#include "autodiscover-request.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc ATTR_UNUSED, char ***argv ATTR_UNUSED)
{
	lib_init();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct autodiscover_request request;
	const char *error = NULL;
	pool_t pool = pool_alloconly_create("fuzz", 1024);

	T_BEGIN {
		if (autodiscover_request_parse(data, size, pool, &request,
					       &error) == 0) {
			/* both were there, and bounded */
			i_assert(strlen(request.email) <= 1024);
			i_assert(strlen(request.schema) <= 1024);
		} else {
			i_assert(error != NULL);
		}
	} T_END;
	pool_unref(&pool);
	return 0;
}
