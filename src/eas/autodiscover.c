#include "lib.h"
#include "array.h"
#include "hostpid.h"
#include "ioloop.h"
#include "istream.h"
#include "ostream.h"
#include "str.h"
#include "uri-util.h"
#include "mail-user.h"
#include "roost-compat.h"
#include "roost-settings.h"
#include "autodiscover-request.h"
#include "autodiscover.h"

#include <time.h>

#define AUTODISCOVER_PATH_XML "/autodiscover/autodiscover.xml"
#define AUTODISCOVER_PATH_JSON "/autodiscover/autodiscover.json"
#define AUTODISCOVER_PATH_EAS "/Microsoft-Server-ActiveSync"
#define AUTODISCOVER_HOST_CHARS \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.:[]_"

/* MS-ASCMD 2.2.3.64 */
enum autodiscover_error {
	AUTODISCOVER_ERROR_INVALID_REQUEST = 600,
	AUTODISCOVER_ERROR_NO_PROVIDER = 601,
};

static const struct {
	const char *protocol, *path;
} autodiscover_json_protocols[] = {
	{ "ActiveSync", AUTODISCOVER_PATH_EAS },
	{ "AutodiscoverV1", AUTODISCOVER_PATH_XML },
};

const char *autodiscover_base_url(const struct roost_request *req)
{
	const char *host = req->user->set->roost_autodiscover_host;

	if (*host != '\0' && *host != '@')
		return t_strconcat("https://", host, NULL);

	if (roost_str_begins(req->scheme_host, "https://", &host))
		;
	else if (!roost_str_begins(req->scheme_host, "http://", &host))
		return NULL;
	if (*host == '\0' ||
	    host[strspn(host, AUTODISCOVER_HOST_CHARS)] != '\0')
		return NULL;
	/* Behind a proxy that doesn't tell: phones accept https only. A port
	   that was given is a plain one. */
	if (!req->secured && strchr(host, ':') != NULL)
		return t_strconcat("http://", host, NULL);
	return t_strconcat("https://", host, NULL);
}

/* The domain of roost_autodiscover_host = @domain: the user's account is elsewhere, the client
   shall ask there. NULL: it is here. */
static const char *
autodiscover_redirect(const struct roost_request *req, const char *email)
{
	const char *redirect = req->user->set->roost_autodiscover_host;
	const char *domain = strrchr(email, '@');

	if (*redirect != '@')
		return NULL;
	/* the client has come from there */
	if (domain != NULL && strcasecmp(domain, redirect) == 0)
		return NULL;
	return redirect;
}

/* A login name with a domain is the address. For one without we know no better than what the
   user typed: aliases aren't known to us. */
static const char *
autodiscover_email(const struct roost_request *req, const char *email)
{
	const char *username = req->user->mail_user->username;

	if (email == NULL || strchr(username, '@') != NULL ||
	    strchr(email, '@') == NULL)
		return username;
	return email;
}

static void
autodiscover_xml_element(string_t *str, const char *name, const char *value)
{
	str_printfa(str, "<%s>", name);
	for (; *value != '\0'; value++) {
		switch (*value) {
		case '<': str_append(str, "&lt;"); break;
		case '>': str_append(str, "&gt;"); break;
		case '&': str_append(str, "&amp;"); break;
		default: str_append_c(str, *value); break;
		}
	}
	str_printfa(str, "</%s>", name);
}

static string_t *autodiscover_xml_begin(const char *response_ns)
{
	string_t *str = t_str_new(1024);

	str_append(str, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
		   "<Autodiscover xmlns=\""AUTODISCOVER_NS_RESPONSE"\">");
	if (response_ns == NULL)
		str_append(str, "<Response>");
	else
		str_printfa(str, "<Response xmlns=\"%s\">", response_ns);
	return str;
}

static int autodiscover_xml_finish(struct roost_request *req, string_t *str)
{
	str_append(str, "</Response></Autodiscover>\n");
	roost_answer_add_header(req, "Content-Type", "text/xml; charset=utf-8");
	req->answer.gzip = TRUE;
	o_stream_nsend(roost_answer_output(req), str_data(str), str_len(str));
	return 0;
}

static int
autodiscover_xml_error(struct roost_request *req, enum autodiscover_error code,
		       const char *message)
{
	string_t *str = autodiscover_xml_begin(NULL);
	struct tm *tm = gmtime(&ioloop_time);

	/* MS-ASCMD 2.2.3.63: seven digits of a second; Id names the server */
	str_printfa(str, "<Error Time=\"%02d:%02d:%02d.%06u0\" Id=\"%s\">",
		    tm->tm_hour, tm->tm_min, tm->tm_sec,
		    (unsigned int)ioloop_timeval.tv_usec, my_pid);
	str_printfa(str, "<ErrorCode>%u</ErrorCode>", code);
	autodiscover_xml_element(str, "Message", message);
	str_append(str, "<DebugData/></Error>");
	req->log_status = code == AUTODISCOVER_ERROR_INVALID_REQUEST ?
		"600" : "601";
	return autodiscover_xml_finish(req, str);
}

static void
autodiscover_mobilesync_settings(const char *base_url, string_t *str)
{
	const char *url = t_strconcat(base_url, AUTODISCOVER_PATH_EAS, NULL);

	/* old Androids want Type before Url */
	str_append(str, "<Settings><Server><Type>MobileSync</Type>");
	autodiscover_xml_element(str, "Url", url);
	autodiscover_xml_element(str, "Name", url);
	str_append(str, "</Server></Settings>");
}

static int
autodiscover_mobilesync(struct roost_request *req, const char *base_url,
			const char *email)
{
	const char *address = autodiscover_email(req, email);
	const char *redirect = autodiscover_redirect(req, email);
	string_t *str = autodiscover_xml_begin(AUTODISCOVER_NS_MOBILESYNC);

	str_append(str, "<Culture>en:us</Culture><User>");
	autodiscover_xml_element(str, "EMailAddress", address);
	str_append(str, "</User><Action>");
	if (redirect != NULL) {
		autodiscover_xml_element(str, "Redirect",
			t_strconcat(t_strcut(address, '@'), redirect, NULL));
	} else {
		autodiscover_mobilesync_settings(base_url, str);
	}
	str_append(str, "</Action>");
	return autodiscover_xml_finish(req, str);
}

/* [MS-OXDSCLI]: this schema can't say ActiveSync, and we have nothing of what it can. But it
   can send the client elsewhere. */
static int autodiscover_outlook(struct roost_request *req, const char *email)
{
	const char *redirect = autodiscover_redirect(req, email);
	const char *address = autodiscover_email(req, email);
	string_t *str;

	if (redirect == NULL) {
		return autodiscover_xml_error(req,
			AUTODISCOVER_ERROR_NO_PROVIDER,
			"Provider is not available");
	}
	str = autodiscover_xml_begin(AUTODISCOVER_NS_OUTLOOK);
	str_append(str, "<Account><AccountType>email</AccountType>"
		   "<Action>redirectAddr</Action>");
	autodiscover_xml_element(str, "RedirectAddr",
		t_strconcat(t_strcut(address, '@'), redirect, NULL));
	str_append(str, "</Account>");
	return autodiscover_xml_finish(req, str);
}

static int
autodiscover_read_body(struct roost_request *req, buffer_t *body)
{
	const unsigned char *data;
	size_t size;

	if (req->body == NULL)
		return 0;
	while (body->used <= AUTODISCOVER_MAX_REQUEST_SIZE &&
	       i_stream_read_more(req->body, &data, &size) > 0) {
		buffer_append(body, data, size);
		i_stream_skip(req->body, size);
	}
	if (req->body->stream_errno != 0) {
		e_error(req->event, "Reading the request failed: %s",
			i_stream_get_error(req->body));
		return -1;
	}
	return 0;
}

static int autodiscover_xml(struct roost_request *req, const char *base_url)
{
	struct autodiscover_request request;
	buffer_t *body = t_buffer_create(1024);
	const char *error;

	if (!req->user->set->roost_enabled) {
		return autodiscover_xml_error(req,
			AUTODISCOVER_ERROR_NO_PROVIDER,
			"Provider is not available");
	}
	if (autodiscover_read_body(req, body) < 0)
		return -1;
	if (body->used == 0 && strcmp(req->method, "POST") == 0) {
		/* old Androids send nothing but their credentials */
		return autodiscover_mobilesync(req, base_url,
					       req->user->mail_user->username);
	}
	if (autodiscover_request_parse(body->data, body->used, req->pool,
				       &request, &error) < 0) {
		e_debug(req->event, "Invalid request: %s", error);
		return autodiscover_xml_error(req,
			AUTODISCOVER_ERROR_INVALID_REQUEST, "Invalid Request");
	}
	if (strcmp(request.schema, AUTODISCOVER_NS_MOBILESYNC) == 0)
		return autodiscover_mobilesync(req, base_url, request.email);
	if (strcmp(request.schema, AUTODISCOVER_NS_OUTLOOK) == 0)
		return autodiscover_outlook(req, request.email);
	return autodiscover_xml_error(req, AUTODISCOVER_ERROR_NO_PROVIDER,
				      "Provider is not available");
}

static const char *
autodiscover_query_value(const struct roost_request *req, const char *name)
{
	const char *const *params, *value;
	struct uri_parser parser;
	size_t len = strlen(name);

	if (req->query == NULL)
		return NULL;
	for (params = t_strsplit(req->query, "&"); *params != NULL; params++) {
		if (strncasecmp(*params, name, len) != 0 ||
		    (*params)[len] != '=')
			continue;
		uri_parser_init(&parser, req->pool, *params + len + 1);
		if (uri_data_decode(&parser, *params + len + 1, NULL, &value))
			return value;
		return NULL;
	}
	return NULL;
}

/* All texts are ours or checked: none needs escaping. */
static int
autodiscover_json_answer(struct roost_request *req, unsigned int status,
			 const char *name1, const char *value1,
			 const char *name2, const char *value2)
{
	req->answer.status = status;
	roost_answer_add_header(req, "Content-Type",
				"application/json; charset=utf-8");
	o_stream_nsend_str(roost_answer_output(req), t_strdup_printf(
		"{\"%s\":\"%s\",\"%s\":\"%s\"}", name1, value1, name2, value2));
	return 0;
}

static int autodiscover_json(struct roost_request *req, const char *base_url)
{
	const char *protocol = autodiscover_query_value(req, "Protocol");
	unsigned int i;

	if (protocol == NULL) {
		return autodiscover_json_answer(req, 400, "ErrorCode",
			"MandatoryParameterMissing", "ErrorMessage",
			"The parameter Protocol is missing.");
	}
	for (i = 0; i < N_ELEMENTS(autodiscover_json_protocols); i++) {
		if (req->user->set->roost_enabled &&
		    strcasecmp(autodiscover_json_protocols[i].protocol,
			       protocol) == 0) {
			return autodiscover_json_answer(req, 200, "Protocol",
				autodiscover_json_protocols[i].protocol, "Url",
				t_strconcat(base_url,
				    autodiscover_json_protocols[i].path, NULL));
		}
	}
	return autodiscover_json_answer(req, 404, "ErrorCode",
		"InvalidProtocol", "ErrorMessage",
		"The protocol is not offered to this user.");
}

static int autodiscover_run(struct roost_request *req)
{
	bool json = str_begins_icase_with(req->path, AUTODISCOVER_PATH_JSON);
	bool get = strcmp(req->method, "GET") == 0;
	const char *base_url = autodiscover_base_url(req);

	req->log_command = "Autodiscover";
	if (base_url == NULL) {
		roost_answer_fail(req, 400, "Invalid Host");
		return 0;
	}
	if (!get && (json || strcmp(req->method, "POST") != 0)) {
		roost_answer_fail(req, 405, "Method Not Allowed");
		roost_answer_add_header(req, "Allow", json ? "GET" : "GET, POST");
		return 0;
	}
	return json ? autodiscover_json(req, base_url) :
		autodiscover_xml(req, base_url);
}

static const char *const autodiscover_paths[] = {
	AUTODISCOVER_PATH_XML,
	AUTODISCOVER_PATH_JSON,
	/* version 2 with the address in the path: .../v1.0/<address> */
	AUTODISCOVER_PATH_JSON"/",
	NULL
};

const struct roost_protocol autodiscover_protocol = {
	.name = "autodiscover",
	.paths = autodiscover_paths,
	.run = autodiscover_run,
};
