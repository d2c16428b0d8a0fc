#ifndef AUTODISCOVER_REQUEST_H
#define AUTODISCOVER_REQUEST_H

/* Autodiscover version 1: the request's document ([MS-ASCMD] 2.2.1.1, [MS-OXDSCLI]). */

/* larger requests are none of a mail program's */
#define AUTODISCOVER_MAX_REQUEST_SIZE (64*1024)

#define AUTODISCOVER_NS_RESPONSE \
	"http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006"
#define AUTODISCOVER_NS_MOBILESYNC \
	"http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006"
#define AUTODISCOVER_NS_OUTLOOK \
	"http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"

struct autodiscover_request {
	const char *email;		/* EMailAddress */
	const char *schema;		/* AcceptableResponseSchema */
};

/* Reads the document: no DTD, no entities but XML's own, nothing from the net or the disk. Strings are
   allocated from pool. Returns 0, or -1 and a sentence if it isn't a request with one
   Request that has both elements. */
int autodiscover_request_parse(const void *data, size_t size, pool_t pool,
			       struct autodiscover_request *request_r,
			       const char **error_r);

#endif
