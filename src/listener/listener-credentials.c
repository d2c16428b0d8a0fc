#include "lib.h"
#include "str.h"
#include "base64.h"
#include "hex-binary.h"
#include "unichar.h"
#include "listener-credentials.h"

/* A JWT may name its user in any of these; whether that is true is for auth
   to find out. */
static const char *const jwt_user_claims[] = {
	"email", "preferred_username", "upn", "unique_name", "sub",
};

/* The octets as UTF-8: unchanged if they are that, else as ISO-8859-1 (old
   devices send the password in their own charset, RFC 7617 section 2). */
static const char *credentials_to_utf8(const unsigned char *data, size_t size)
{
	string_t *str;
	size_t i;

	if (uni_utf8_data_is_valid(data, size))
		return t_strndup(data, size);
	str = t_str_new(size * 2);
	for (i = 0; i < size; i++)
		uni_ucs4_to_utf8_c(data[i], str);
	return str_c(str);
}

static void
credentials_add_plain(struct listener_credentials *cred, const char *user,
		      const char *password)
{
	struct listener_login *login = &cred->logins[cred->logins_count++];
	buffer_t *resp = t_buffer_create(256);
	string_t *base64 = t_str_new(256);

	/* RFC 4616: [authzid] NUL authcid NUL passwd */
	buffer_append_c(resp, '\0');
	buffer_append(resp, user, strlen(user));
	buffer_append_c(resp, '\0');
	buffer_append(resp, password, strlen(password));
	base64_encode(resp->data, resp->used, base64);

	login->user = user;
	login->mech = "PLAIN";
	login->initial_resp_base64 = str_c(base64);
}

static int
credentials_parse_basic(const char *data, struct listener_credentials *cred)
{
	buffer_t *decoded = t_buffer_create(128);
	const char *both, *user, *password, *separator, *domain;

	if (base64_scheme_decode(&base64_scheme,
				 BASE64_DECODE_FLAG_NO_WHITESPACE |
				 BASE64_DECODE_FLAG_IGNORE_PADDING,
				 data, strlen(data), decoded) < 0 ||
	    memchr(decoded->data, '\0', decoded->used) != NULL)
		return -1;
	both = credentials_to_utf8(decoded->data, decoded->used);
	password = strchr(both, ':');
	if (password == NULL || password == both)
		return -1;
	user = t_strdup_until(both, password++);

	separator = strpbrk(user, "\\/");
	if (separator == NULL) {
		credentials_add_plain(cred, user, password);
		return 0;
	}
	domain = t_strdup_until(user, separator);
	user = separator + 1;
	if (*user == '\0')
		return -1;
	if (strchr(user, '@') == NULL && strchr(domain, '.') != NULL) {
		credentials_add_plain(cred,
			t_strconcat(user, "@", domain, NULL), password);
	}
	credentials_add_plain(cred, user, password);
	return 0;
}

/* "key" : "value" with nothing but plain characters in the value, anywhere in
   the JSON text. A claim that isn't written like that names nobody. */
static const char *json_find_plain_string(const char *json, const char *key)
{
	const char *p, *end, *name = t_strdup_printf("\"%s\"", key);

	for (p = json; (p = strstr(p, name)) != NULL; ) {
		p += strlen(name);
		p += strspn(p, " \t\r\n");
		if (*p != ':')
			continue;
		p++;
		p += strspn(p, " \t\r\n");
		if (*p != '"')
			continue;
		end = p + 1 + strcspn(p + 1, "\\\"");
		if (*end == '"' && end > p + 1)
			return t_strdup_until(p + 1, end);
	}
	return NULL;
}

static const char *credentials_jwt_user(const char *token)
{
	const char *payload, *end, *json, *user;
	buffer_t *decoded = t_buffer_create(256);
	unsigned int i;

	payload = strchr(token, '.');
	if (payload == NULL || (end = strchr(++payload, '.')) == NULL)
		return NULL;
	if (base64url_decode(BASE64_DECODE_FLAG_IGNORE_PADDING,
			     payload, end - payload, decoded) < 0)
		return NULL;
	json = t_strndup(decoded->data, decoded->used);
	for (i = 0; i < N_ELEMENTS(jwt_user_claims); i++) {
		user = json_find_plain_string(json, jwt_user_claims[i]);
		if (user != NULL)
			return user;
	}
	return NULL;
}

/* Decodes %XX of a query's value; NULL if it is broken or holds a NUL. */
static const char *query_value_decode(const char *value, size_t len)
{
	string_t *str = t_str_new(len);
	size_t i;

	for (i = 0; i < len; i++) {
		if (value[i] != '%') {
			str_append_c(str, value[i] == '+' ? ' ' : value[i]);
			continue;
		}
		if (len - i < 3 || hex_to_binary(
				t_strndup(value + i + 1, 2), str) < 0)
			return NULL;
		i += 2;
	}
	if (strlen(str_c(str)) != str_len(str))
		return NULL;
	return str_c(str);
}

static const char *query_get_user(const char *query)
{
	const char *const *args;

	if (query == NULL)
		return NULL;
	for (args = t_strsplit(query, "&"); *args != NULL; args++) {
		if (strncasecmp(*args, "User=", 5) == 0)
			return query_value_decode(*args + 5,
						  strlen(*args + 5));
	}
	return NULL;
}

static void
credentials_add_bearer(struct listener_credentials *cred, const char *user,
		       const char *token, bool xoauth2)
{
	struct listener_login *login = &cred->logins[cred->logins_count++];
	string_t *resp = t_str_new(256), *base64 = t_str_new(256);
	const char *p;

	if (xoauth2) {
		str_printfa(resp, "user=%s\001auth=Bearer %s\001\001",
			    user, token);
	} else {
		/* RFC 5801: saslname writes "," and "=" as =2C and =3D */
		str_append(resp, "n,a=");
		for (p = user; *p != '\0'; p++) {
			if (*p == ',')
				str_append(resp, "=2C");
			else if (*p == '=')
				str_append(resp, "=3D");
			else
				str_append_c(resp, *p);
		}
		str_printfa(resp, ",\001auth=Bearer %s\001\001", token);
	}
	base64_encode(str_data(resp), str_len(resp), base64);
	login->user = user;
	login->mech = xoauth2 ? "XOAUTH2" : "OAUTHBEARER";
	login->initial_resp_base64 = str_c(base64);
}

static int
credentials_parse_bearer(const char *token, const char *query,
			 struct listener_credentials *cred)
{
	const char *user;

	/* b64token of RFC 6750; excludes ^A, which would end the field */
	if (token[0] == '\0' ||
	    strspn(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
		   "abcdefghijklmnopqrstuvwxyz0123456789-._~+/=") !=
	    strlen(token))
		return -1;
	user = query_get_user(query);
	if (user == NULL || *user == '\0')
		user = credentials_jwt_user(token);
	if (user == NULL || *user == '\0' || strchr(user, '\001') != NULL ||
	    !uni_utf8_str_is_valid(user))
		return -1;
	cred->bearer = TRUE;
	credentials_add_bearer(cred, user, token, FALSE);
	credentials_add_bearer(cred, user, token, TRUE);
	return 0;
}

int listener_credentials_parse(const char *authorization, const char *query,
			       struct listener_credentials *cred_r)
{
	const char *data;

	i_zero(cred_r);
	data = strchr(authorization, ' ');
	if (data == NULL)
		return -1;
	while (*data == ' ')
		data++;
	if (strncasecmp(authorization, "Basic ", 6) == 0)
		return credentials_parse_basic(data, cred_r);
	if (strncasecmp(authorization, "Bearer ", 7) == 0)
		return credentials_parse_bearer(data, query, cred_r);
	return -1;
}
