/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "base64.h"
#include "buffer.h"
#include "str.h"
#include "pim-text.h"
#include "pim-vcard.h"
#include "gal-ldap.h"

#ifdef ROOST_HAVE_LDAP
#  include <sys/time.h>
#  include <ldap.h>
#endif

/* seconds */
#define GAL_LDAP_CONNECT_TIMEOUT 5
#define GAL_LDAP_TIMEOUT 15
#define GAL_LDAP_FILTER "(mail=*)"

bool gal_ldap_is_url(const char *path)
{
	return strncasecmp(path, "ldap://", 7) == 0 ||
		strncasecmp(path, "ldaps://", 8) == 0 ||
		strncasecmp(path, "ldapi://", 8) == 0;
}

#ifdef ROOST_HAVE_LDAP

struct gal_ldap {
	/* scheme, host and port: what sentences name */
	char *uri;
	char *base, *filter;
	char *bind_name, *bind_password;
	int scope;
	bool starttls;

	LDAP *conn;
};

/* what an entry becomes; the first attribute that has a value is taken */
static const struct {
	const char *property;
	const char *attributes[3];
} ldap_texts[] = {
	{ "FN", { "displayName", "cn" } },
	{ "NICKNAME", { "mailNickname", "uid", "sAMAccountName" } },
	{ "TITLE", { "title" } },
	{ "X-OFFICE", { "physicalDeliveryOfficeName", "roomNumber" } },
};
static const struct {
	const char *attribute, *type;
} ldap_phones[] = {
	{ "telephoneNumber", "WORK" },
	{ "homePhone", "HOME" },
	{ "mobile", "CELL" },
};
static const struct {
	const char *attribute, *property;
} ldap_binaries[] = {
	{ "jpegPhoto", "PHOTO" },
	{ "thumbnailPhoto", "PHOTO" },
	{ "userCertificate;binary", "KEY" },
	{ "userCertificate", "KEY" },
	{ "userSMIMECertificate", "KEY" },
};
/* addresses beside mail, with what stands before them */
static const struct {
	const char *attribute, *prefix;
} ldap_addresses[] = {
	{ "mail", "" },
	{ "mailAlternateAddress", "" },
	{ "mailLocalAddress", "" },
	{ "proxyAddresses", "smtp:" },
};

/* -- the URL -- */

static int
gal_ldap_set_extension(struct gal_ldap *ldap, const char *ext,
		       const char **error_r)
{
	const char *value;

	if (*ext == '!')
		ext++;
	value = strchr(ext, '=');
	value = value == NULL ? "" : value + 1;
	if (strncasecmp(ext, "bindname=", 9) == 0 &&
	    ldap->bind_name == NULL)
		ldap->bind_name = i_strdup(value);
	else if (strncasecmp(ext, "x-bindpw=", 9) == 0 &&
		 ldap->bind_password == NULL)
		ldap->bind_password = i_strdup(value);
	else if (strcasecmp(ext, "starttls") == 0)
		ldap->starttls = TRUE;
	else {
		*error_r = t_strdup_printf("The LDAP URL's extension %s is "
			"unknown", t_strcut(ext, '='));
		return -1;
	}
	return 0;
}

static int
gal_ldap_set_url(struct gal_ldap *ldap, const LDAPURLDesc *url,
		 const char **error_r)
{
	const char *host = url->lud_host == NULL ? "" : url->lud_host;

	/* (a socket's path is the host of ldapi) */
	if (strcasecmp(url->lud_scheme, "ldapi") == 0) {
		string_t *str = t_str_new(64);

		for (; *host != '\0'; host++) {
			if (*host == '/')
				str_append(str, "%2f");
			else
				str_append_c(str, *host);
		}
		ldap->uri = i_strdup_printf("ldapi://%s", str_c(str));
	} else {
		ldap->uri = i_strdup_printf(strchr(host, ':') == NULL ?
					    "%s://%s:%d" : "%s://[%s]:%d",
					    url->lud_scheme, host,
					    url->lud_port);
	}
	ldap->base = i_strdup(url->lud_dn == NULL ? "" : url->lud_dn);
	ldap->filter = i_strdup(url->lud_filter == NULL ? GAL_LDAP_FILTER :
				url->lud_filter);
	ldap->scope = url->lud_scope == LDAP_SCOPE_DEFAULT ?
		LDAP_SCOPE_SUBTREE : url->lud_scope;
	for (char *const *ext = url->lud_exts; ext != NULL && *ext != NULL;
	     ext++) {
		if (gal_ldap_set_extension(ldap, *ext, error_r) < 0)
			return -1;
	}
	return 0;
}

int gal_ldap_init(const char *url, struct gal_ldap **ldap_r,
		  const char **error_r)
{
	struct gal_ldap *ldap;
	LDAPURLDesc *desc;
	int ret;

	ret = ldap_url_parse(url, &desc);
	if (ret != LDAP_URL_SUCCESS) {
		*error_r = t_strdup_printf(
			"It is no valid LDAP URL (error %d)", ret);
		return -1;
	}
	ldap = i_new(struct gal_ldap, 1);
	ret = gal_ldap_set_url(ldap, desc, error_r);
	ldap_free_urldesc(desc);
	if (ret < 0)
		gal_ldap_deinit(&ldap);
	*ldap_r = ldap;
	return ret;
}

/* -- the connection -- */

static void gal_ldap_disconnect(struct gal_ldap *ldap)
{
	if (ldap->conn != NULL)
		(void)ldap_unbind_ext(ldap->conn, NULL, NULL);
	ldap->conn = NULL;
}

void gal_ldap_deinit(struct gal_ldap **_ldap)
{
	struct gal_ldap *ldap = *_ldap;

	*_ldap = NULL;
	if (ldap == NULL)
		return;
	gal_ldap_disconnect(ldap);
	i_free(ldap->uri);
	i_free(ldap->base);
	i_free(ldap->filter);
	i_free(ldap->bind_name);
	i_free(ldap->bind_password);
	i_free(ldap);
}

static int
gal_ldap_failed(struct gal_ldap *ldap, const char *what, int ret,
		const char **error_r)
{
	*error_r = t_strdup_printf("%s: %s failed: %s", ldap->uri, what,
				   ldap_err2string(ret));
	/* whatever it was, the next look-up starts anew */
	gal_ldap_disconnect(ldap);
	return -1;
}

static int
gal_ldap_failed_connect(struct gal_ldap *ldap, const char *what, int ret,
			const char **error_r)
{
	(void)gal_ldap_failed(ldap, what, ret, error_r);
	return GAL_LDAP_GONE;
}

static void gal_ldap_set_options(struct gal_ldap *ldap)
{
	static const int version = LDAP_VERSION3;
	const struct timeval connect_timeout = {
		.tv_sec = GAL_LDAP_CONNECT_TIMEOUT
	};
	const struct timeval timeout = { .tv_sec = GAL_LDAP_TIMEOUT };

	(void)ldap_set_option(ldap->conn, LDAP_OPT_PROTOCOL_VERSION, &version);
	(void)ldap_set_option(ldap->conn, LDAP_OPT_NETWORK_TIMEOUT,
			      &connect_timeout);
	(void)ldap_set_option(ldap->conn, LDAP_OPT_TIMEOUT, &timeout);
	/* a referral would send us, and the password, anywhere */
	(void)ldap_set_option(ldap->conn, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
	(void)ldap_set_option(ldap->conn, LDAP_OPT_RESTART, LDAP_OPT_ON);
}

static int gal_ldap_connect(struct gal_ldap *ldap, const char **error_r)
{
	const char *password = ldap->bind_password == NULL ? "" :
		ldap->bind_password;
	struct berval cred = {
		.bv_val = t_strdup_noconst(password),
		.bv_len = strlen(password),
	};
	int ret;

	if (ldap->conn != NULL)
		return 0;
	ret = ldap_initialize(&ldap->conn, ldap->uri);
	if (ret != LDAP_SUCCESS)
		return gal_ldap_failed_connect(ldap, "ldap_initialize()", ret,
					       error_r);
	gal_ldap_set_options(ldap);
	if (ldap->starttls) {
		ret = ldap_start_tls_s(ldap->conn, NULL, NULL);
		if (ret != LDAP_SUCCESS)
			return gal_ldap_failed_connect(ldap, "StartTLS", ret,
						       error_r);
	}
	ret = ldap_sasl_bind_s(ldap->conn, ldap->bind_name, LDAP_SASL_SIMPLE,
			       &cred, NULL, NULL, NULL);
	if (ret != LDAP_SUCCESS)
		return gal_ldap_failed_connect(ldap, "Logging in", ret,
					       error_r);
	return 0;
}

/* One search. A connection that the server has closed meanwhile is made once
   more. Returns as gal_ldap_search(). */
static int
gal_ldap_run(struct gal_ldap *ldap, const char *base, int scope,
	     const char *filter, char **attributes, int limit,
	     LDAPMessage **result_r, const char **error_r)
{
	struct timeval timeout = { .tv_sec = GAL_LDAP_TIMEOUT };
	bool fresh = ldap->conn == NULL;
	int ret;

	*result_r = NULL;
	ret = gal_ldap_connect(ldap, error_r);
	if (ret < 0)
		return ret;
	ret = ldap_search_ext_s(ldap->conn, base, scope, filter, attributes, 0,
				NULL, NULL, &timeout, limit, result_r);
	if ((ret == LDAP_SERVER_DOWN || ret == LDAP_UNAVAILABLE) && !fresh) {
		ldap_msgfree(*result_r);
		gal_ldap_disconnect(ldap);
		return gal_ldap_run(ldap, base, scope, filter, attributes,
				    limit, result_r, error_r);
	}
	switch (ret) {
	case LDAP_SUCCESS:
	/* what there is of a long list is shown */
	case LDAP_SIZELIMIT_EXCEEDED:
	case LDAP_TIMELIMIT_EXCEEDED:
	case LDAP_ADMINLIMIT_EXCEEDED:
	case LDAP_NO_SUCH_OBJECT:
		return 0;
	}
	ldap_msgfree(*result_r);
	*result_r = NULL;
	switch (ret) {
	case LDAP_SERVER_DOWN:
	case LDAP_TIMEOUT:
	case LDAP_CONNECT_ERROR:
	case LDAP_UNAVAILABLE:
	case LDAP_BUSY:
		return gal_ldap_failed_connect(ldap, "Searching", ret, error_r);
	}
	return gal_ldap_failed(ldap, "Searching", ret, error_r);
}

/* -- what is found -- */

/* The text of a value without what XML and lines can't hold, or NULL. */
static const char *ldap_value_text(const struct berval *value)
{
	const char *text;

	text = pim_text_clean_line(t_strndup(value->bv_val, value->bv_len));
	return *text == '\0' ? NULL : text;
}

static const char *
ldap_entry_text(LDAP *conn, LDAPMessage *entry, const char *attribute)
{
	struct berval **values = ldap_get_values_len(conn, entry, attribute);
	const char *text;

	if (values == NULL)
		return NULL;
	text = values[0] == NULL ? NULL : ldap_value_text(values[0]);
	ldap_value_free_len(values);
	return text;
}

static void
ldap_add_entry(struct gal_ldap *ldap, LDAPMessage *message, pool_t pool,
	       ARRAY_TYPE(gal_ldap_entry) *entries)
{
	struct gal_ldap_entry *entry;
	const char *name;
	char *dn = ldap_get_dn(ldap->conn, message);

	if (dn == NULL)
		return;
	name = ldap_entry_text(ldap->conn, message, "displayName");
	if (name == NULL)
		name = ldap_entry_text(ldap->conn, message, "cn");
	entry = array_append_space(entries);
	entry->dn = p_strdup(pool, dn);
	entry->sort = p_strdup(pool, gal_fold(name == NULL ? dn : name));
	ldap_memfree(dn);
}

static int
ldap_entry_cmp(const struct gal_ldap_entry *e1, const struct gal_ldap_entry *e2)
{
	int ret = strcmp(e1->sort, e2->sort);

	return ret != 0 ? ret : strcmp(e1->dn, e2->dn);
}

int gal_ldap_search(struct gal_ldap *ldap, const char *text, bool exact,
		    pool_t pool, ARRAY_TYPE(gal_ldap_entry) *entries,
		    const char **error_r)
{
	char displayname[] = "displayName", cn[] = "cn";
	char *attributes[] = { displayname, cn, NULL };
	LDAPMessage *result, *entry;
	const char *filter;
	int ret;

	/* no word, no entries */
	if (*t_strsplit_spaces(text, " \t\r\n,;") == NULL)
		return 0;
	filter = gal_ldap_filter(ldap->filter, text, exact);
	ret = gal_ldap_run(ldap, ldap->base, ldap->scope, filter, attributes,
			   GAL_LDAP_MAX_ENTRIES, &result, error_r);
	if (ret < 0)
		return ret;
	for (entry = ldap_first_entry(ldap->conn, result); entry != NULL &&
	     array_count(entries) < GAL_LDAP_MAX_ENTRIES;
	     entry = ldap_next_entry(ldap->conn, entry)) T_BEGIN {
		ldap_add_entry(ldap, entry, pool, entries);
	} T_END;
	ldap_msgfree(result);
	array_sort(entries, ldap_entry_cmp);
	return 0;
}

/* -- an entry as a vCard -- */

static void
card_add_texts(struct pim_component *card, LDAP *conn, LDAPMessage *entry)
{
	for (unsigned int i = 0; i < N_ELEMENTS(ldap_texts); i++) {
		const char *text = NULL;

		for (unsigned int j = 0; text == NULL &&
		     j < N_ELEMENTS(ldap_texts[i].attributes) &&
		     ldap_texts[i].attributes[j] != NULL; j++) {
			text = ldap_entry_text(conn, entry,
					       ldap_texts[i].attributes[j]);
		}
		if (text != NULL) {
			pim_component_set_text(card, ldap_texts[i].property,
					       text);
		}
	}
}

static void
card_add_field(struct pim_component *card, const char *name, unsigned int idx,
	       const char *text)
{
	struct pim_property *prop;

	if (text == NULL)
		return;
	prop = pim_property_find(card, name);
	if (prop == NULL)
		prop = pim_property_add(card, name, "");
	pim_property_set_field(prop, idx, text);
}

static void
card_add_fields(struct pim_component *card, LDAP *conn, LDAPMessage *entry)
{
	const char *company = ldap_entry_text(conn, entry, "company");

	if (company == NULL)
		company = ldap_entry_text(conn, entry, "o");
	card_add_field(card, "N", PIM_VCARD_N_FAMILY,
		       ldap_entry_text(conn, entry, "sn"));
	card_add_field(card, "N", PIM_VCARD_N_GIVEN,
		       ldap_entry_text(conn, entry, "givenName"));
	card_add_field(card, "ORG", PIM_VCARD_ORG_NAME, company);
	for (unsigned int i = 0; i < N_ELEMENTS(ldap_phones); i++) {
		const char *text = ldap_entry_text(conn, entry,
						   ldap_phones[i].attribute);
		struct pim_property *prop;

		if (text == NULL)
			continue;
		prop = pim_property_add(card, "TEL", "");
		pim_property_set_text(prop, text);
		pim_property_set_param(prop, "TYPE", ldap_phones[i].type);
	}
}

static bool
card_has_address(struct pim_component *card, const char *address)
{
	struct pim_property *prop;

	for (prop = pim_property_find(card, "EMAIL"); prop != NULL;
	     prop = pim_property_next(prop, "EMAIL")) {
		if (strcasecmp(pim_property_text(prop), address) == 0)
			return TRUE;
	}
	return FALSE;
}

static void
card_add_addresses(struct pim_component *card, LDAP *conn, LDAPMessage *entry)
{
	for (unsigned int i = 0; i < N_ELEMENTS(ldap_addresses); i++) {
		const char *prefix = ldap_addresses[i].prefix;
		struct berval **values = ldap_get_values_len(conn, entry,
			ldap_addresses[i].attribute);

		for (unsigned int j = 0; values != NULL && values[j] != NULL;
		     j++) {
			const char *text = ldap_value_text(values[j]);

			if (text == NULL || strncasecmp(text, prefix,
							strlen(prefix)) != 0)
				continue;
			text += strlen(prefix);
			if (!card_has_address(card, text)) {
				pim_property_set_text(pim_property_add(
					card, "EMAIL", ""), text);
			}
		}
		if (values != NULL)
			ldap_value_free_len(values);
	}
}

static void
card_add_binaries(struct pim_component *card, LDAP *conn, LDAPMessage *entry)
{
	for (unsigned int i = 0; i < N_ELEMENTS(ldap_binaries); i++) {
		const char *name = ldap_binaries[i].property;
		struct berval **values = ldap_get_values_len(conn, entry,
			ldap_binaries[i].attribute);

		for (unsigned int j = 0; values != NULL && values[j] != NULL &&
		     values[j]->bv_len <= GAL_MAX_CARD; j++) T_BEGIN {
			string_t *str = t_str_new(values[j]->bv_len * 4 / 3 + 8);
			struct pim_property *prop;

			/* one photo, but all certificates */
			if (strcmp(name, "KEY") == 0 ||
			    pim_property_find(card, name) == NULL) {
				base64_encode(values[j]->bv_val,
					      values[j]->bv_len, str);
				prop = pim_property_add(card, name, str_c(str));
				pim_property_set_param(prop, "ENCODING", "b");
			}
		} T_END;
		if (values != NULL)
			ldap_value_free_len(values);
	}
}

static struct pim_lines *ldap_entry_card(LDAP *conn, LDAPMessage *entry)
{
	struct pim_lines *doc = pim_lines_create();
	struct pim_component *card =
		pim_component_add(pim_lines_root(doc), "VCARD");

	(void)pim_property_add(card, "VERSION", "3.0");
	card_add_texts(card, conn, entry);
	card_add_fields(card, conn, entry);
	card_add_addresses(card, conn, entry);
	card_add_binaries(card, conn, entry);
	return doc;
}

int gal_ldap_read(struct gal_ldap *ldap, const char *dn,
		  struct pim_lines **doc_r, const char **error_r)
{
	LDAPMessage *result, *entry;
	int ret;

	*doc_r = NULL;
	ret = gal_ldap_run(ldap, dn, LDAP_SCOPE_BASE, "(objectClass=*)", NULL,
			   1, &result, error_r);
	if (ret < 0)
		return ret;
	entry = ldap_first_entry(ldap->conn, result);
	if (entry != NULL) T_BEGIN {
		*doc_r = ldap_entry_card(ldap->conn, entry);
	} T_END;
	ldap_msgfree(result);
	return entry != NULL ? 1 : 0;
}

#else

int gal_ldap_init(const char *url ATTR_UNUSED, struct gal_ldap **ldap_r,
		  const char **error_r)
{
	*ldap_r = NULL;
	*error_r = "Roost was built without LDAP";
	return -1;
}

void gal_ldap_deinit(struct gal_ldap **ldap)
{
	*ldap = NULL;
}

int gal_ldap_search(struct gal_ldap *ldap ATTR_UNUSED,
		    const char *text ATTR_UNUSED, bool exact ATTR_UNUSED,
		    pool_t pool ATTR_UNUSED,
		    ARRAY_TYPE(gal_ldap_entry) *entries ATTR_UNUSED,
		    const char **error_r ATTR_UNUSED)
{
	i_unreached();
}

int gal_ldap_read(struct gal_ldap *ldap ATTR_UNUSED,
		  const char *dn ATTR_UNUSED,
		  struct pim_lines **doc_r ATTR_UNUSED,
		  const char **error_r ATTR_UNUSED)
{
	i_unreached();
}

#endif
