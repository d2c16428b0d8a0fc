#include "lib.h"
#include "str.h"
#include "autodiscover-request.h"

#include <libxml/xmlreader.h>

#define AUTODISCOVER_MAX_VALUE_LEN 1024

/* depths of xmlTextReader */
enum autodiscover_depth {
	AUTODISCOVER_DEPTH_ROOT = 0,
	AUTODISCOVER_DEPTH_REQUEST,
	AUTODISCOVER_DEPTH_VALUE,
	AUTODISCOVER_DEPTH_TEXT,
};

struct autodiscover_parser {
	xmlTextReaderPtr reader;
	/* the element below Request that we are in, NULL: one we don't know */
	string_t *value;
	string_t *email, *schema;
	unsigned int requests;
};

/* The namespaces differ by schema and by client; the local names say enough. */
static int
autodiscover_parse_element(struct autodiscover_parser *parser, int depth,
			   const char *name, const char **error_r)
{
	switch (depth) {
	case AUTODISCOVER_DEPTH_ROOT:
		if (strcmp(name, "Autodiscover") != 0) {
			*error_r = "The document isn't an Autodiscover";
			return -1;
		}
		break;
	case AUTODISCOVER_DEPTH_REQUEST:
		/* MS-ASCMD 2.2.3.150.1: more than one is an error */
		if (strcmp(name, "Request") != 0 || parser->requests++ > 0) {
			*error_r = "There must be one Request and nothing else";
			return -1;
		}
		break;
	case AUTODISCOVER_DEPTH_VALUE:
		parser->value = strcmp(name, "EMailAddress") == 0 ?
			parser->email :
			strcmp(name, "AcceptableResponseSchema") == 0 ?
			parser->schema : NULL;
		break;
	}
	return 0;
}

static int
autodiscover_parse_text(struct autodiscover_parser *parser, int depth,
			const char *text, const char **error_r)
{
	if (depth != AUTODISCOVER_DEPTH_TEXT || parser->value == NULL ||
	    text == NULL)
		return 0;
	if (str_len(parser->value) + strlen(text) >
	    AUTODISCOVER_MAX_VALUE_LEN) {
		*error_r = "A value is too long";
		return -1;
	}
	str_append(parser->value, text);
	return 0;
}

static int
autodiscover_parse_node(struct autodiscover_parser *parser,
			const char **error_r)
{
	int depth = xmlTextReaderDepth(parser->reader);
	const xmlChar *text;

	switch (xmlTextReaderNodeType(parser->reader)) {
	case XML_READER_TYPE_ELEMENT:
		text = xmlTextReaderConstLocalName(parser->reader);
		return autodiscover_parse_element(parser, depth,
						  (const char *)text, error_r);
	case XML_READER_TYPE_TEXT:
	case XML_READER_TYPE_CDATA:
		text = xmlTextReaderConstValue(parser->reader);
		return autodiscover_parse_text(parser, depth,
					       (const char *)text, error_r);
	case XML_READER_TYPE_DOCUMENT_TYPE:
	case XML_READER_TYPE_ENTITY_REFERENCE:
		*error_r = "A document type or entities are not accepted";
		return -1;
	}
	return 0;
}

static int
autodiscover_parse(struct autodiscover_parser *parser, const char **error_r)
{
	int ret;

	while ((ret = xmlTextReaderRead(parser->reader)) > 0) {
		if (autodiscover_parse_node(parser, error_r) < 0)
			return -1;
	}
	if (ret < 0) {
		*error_r = "The document isn't well-formed XML";
		return -1;
	}
	if (str_len(parser->email) == 0 || str_len(parser->schema) == 0) {
		*error_r = "EMailAddress or AcceptableResponseSchema is missing";
		return -1;
	}
	return 0;
}

int autodiscover_request_parse(const void *data, size_t size, pool_t pool,
			       struct autodiscover_request *request_r,
			       const char **error_r)
{
	struct autodiscover_parser parser;
	int ret;

	i_zero(request_r);
	if (size > AUTODISCOVER_MAX_REQUEST_SIZE) {
		*error_r = "The document is too large";
		return -1;
	}
	i_zero(&parser);
	parser.email = t_str_new(128);
	parser.schema = t_str_new(128);
	parser.reader = xmlReaderForMemory(data, (int)size, NULL, NULL,
		XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	if (parser.reader == NULL) {
		*error_r = "The document isn't XML";
		return -1;
	}
	ret = autodiscover_parse(&parser, error_r);
	xmlFreeTextReader(parser.reader);
	if (ret < 0)
		return -1;
	request_r->email = p_strdup(pool, t_str_trim(str_c(parser.email),
						     " \t\r\n"));
	request_r->schema = p_strdup(pool, t_str_trim(str_c(parser.schema),
						      " \t\r\n"));
	return 0;
}
