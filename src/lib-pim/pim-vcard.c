/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "base64.h"
#include "buffer.h"
#include "str.h"
#include "pim-decode.h"
#include "pim-text.h"
#include "pim-vcard.h"

#include <ctype.h>

static const struct {
	const char *name;
	enum pim_vcard_type type;
} vcard_types[] = {
	{ "HOME", PIM_VCARD_TYPE_HOME },
	{ "WORK", PIM_VCARD_TYPE_WORK },
	{ "PREF", PIM_VCARD_TYPE_PREF },
	{ "VOICE", PIM_VCARD_TYPE_VOICE },
	{ "FAX", PIM_VCARD_TYPE_FAX },
	{ "CELL", PIM_VCARD_TYPE_CELL },
	{ "PAGER", PIM_VCARD_TYPE_PAGER },
	{ "CAR", PIM_VCARD_TYPE_CAR },
	{ "VIDEO", PIM_VCARD_TYPE_VIDEO },
	{ "MSG", PIM_VCARD_TYPE_MSG },
	{ "TEXT", PIM_VCARD_TYPE_TEXT },
	{ "MODEM", PIM_VCARD_TYPE_MODEM },
	{ "ISDN", PIM_VCARD_TYPE_ISDN },
	{ "MAIN", PIM_VCARD_TYPE_MAIN },
	{ "OTHER", PIM_VCARD_TYPE_OTHER },
	{ "X400", PIM_VCARD_TYPE_X400 },
	/* Outlook's; the first name of each is the one that is written */
	{ "X-RADIO", PIM_VCARD_TYPE_RADIO },
	{ "RADIO", PIM_VCARD_TYPE_RADIO },
	{ "X-EVOLUTION-RADIO", PIM_VCARD_TYPE_RADIO },
	{ "X-ASSISTANT", PIM_VCARD_TYPE_ASSISTANT },
	{ "ASSISTANT", PIM_VCARD_TYPE_ASSISTANT },
	{ "X-EVOLUTION-ASSISTANT", PIM_VCARD_TYPE_ASSISTANT },
	{ "X-COMPANY", PIM_VCARD_TYPE_COMPANY },
	{ "COMPANY", PIM_VCARD_TYPE_COMPANY },
	{ "X-EVOLUTION-COMPANY", PIM_VCARD_TYPE_COMPANY },
};

/* The names that 2.1 and 3.0 have for media types. */
static const struct {
	const char *property, *type, *media_type;
} vcard_media[] = {
	{ "PHOTO", "JPEG", "image/jpeg" },
	{ "PHOTO", "JPG", "image/jpeg" },
	{ "PHOTO", "PNG", "image/png" },
	{ "PHOTO", "GIF", "image/gif" },
	{ "PHOTO", "BMP", "image/bmp" },
	{ "PHOTO", "TIFF", "image/tiff" },
	{ "PHOTO", "WEBP", "image/webp" },
	{ "KEY", "X509", "application/pkix-cert" },
	{ "KEY", "X.509", "application/pkix-cert" },
	{ "KEY", "PGP", "application/pgp-keys" },
};

struct pim_component *pim_vcard_first(struct pim_lines *doc)
{
	return pim_component_find(pim_lines_root(doc), "VCARD");
}

struct pim_component *
pim_vcard_create(enum pim_vcard_version version, struct pim_lines **doc_r)
{
	static const char *const versions[] = { "2.1", "3.0", "4.0" };
	struct pim_lines *doc;
	const char *text, *error;

	text = t_strdup_printf("BEGIN:VCARD\r\nVERSION:%s\r\nEND:VCARD\r\n",
			       versions[version]);
	if (pim_lines_parse(text, strlen(text), NULL, &doc, &error) < 0)
		i_unreached();
	*doc_r = doc;
	return pim_vcard_first(doc);
}

enum pim_vcard_version pim_vcard_version(const struct pim_component *card)
{
	const char *version = pim_component_text(card, "VERSION");

	if (pim_component_is_legacy(card))
		return PIM_VCARD_2_1;
	return version != NULL && *version == '4' ?
		PIM_VCARD_4_0 : PIM_VCARD_3_0;
}

/*
 * Names
 */

static const char *vcard_name_of_n(const struct pim_property *n)
{
	static const enum pim_vcard_n order[] = {
		PIM_VCARD_N_PREFIX, PIM_VCARD_N_GIVEN,
		PIM_VCARD_N_ADDITIONAL, PIM_VCARD_N_FAMILY,
		PIM_VCARD_N_SUFFIX
	};
	string_t *name = t_str_new(64);

	for (unsigned int i = 0; i < N_ELEMENTS(order); i++) {
		const char *field = pim_property_field(n, order[i]);

		if (*field == '\0')
			continue;
		if (str_len(name) > 0)
			str_append_c(name, ' ');
		str_append(name, field);
	}
	return str_c(name);
}

const char *pim_vcard_display_name(const struct pim_component *card)
{
	static const char *const others[] = { "ORG", "NICKNAME", "EMAIL" };
	struct pim_property *prop;
	const char *name;

	name = pim_component_text(card, "FN");
	if (name != NULL && *(name = pim_text_clean_line(name)) != '\0')
		return name;
	prop = pim_property_find(card, "N");
	if (prop != NULL && *(name = vcard_name_of_n(prop)) != '\0')
		return pim_text_clean_line(name);
	for (unsigned int i = 0; i < N_ELEMENTS(others); i++) {
		prop = pim_property_find(card, others[i]);
		if (prop == NULL)
			continue;
		name = pim_text_clean_line(pim_property_field(prop, 0));
		if (*name != '\0')
			return name;
	}
	return "";
}

/*
 * Types
 */

static enum pim_vcard_type vcard_type_find(const char *name)
{
	for (unsigned int i = 0; i < N_ELEMENTS(vcard_types); i++) {
		if (strcasecmp(vcard_types[i].name, name) == 0)
			return vcard_types[i].type;
	}
	return 0;
}

enum pim_vcard_type pim_vcard_types(const struct pim_property *prop)
{
	enum pim_vcard_type types = 0;
	const char *const *values;

	T_BEGIN {
		values = pim_property_params(prop, "TYPE");
		for (; *values != NULL; values++) {
			/* TYPE="work,voice" means the list */
			const char *const *names = t_strsplit(*values, ",");

			for (; *names != NULL; names++)
				types |= vcard_type_find(*names);
		}
		if (pim_property_param(prop, "PREF") != NULL)
			types |= PIM_VCARD_TYPE_PREF;
	} T_END;
	return types;
}

/* 1 is the most preferred, 101 = not at all */
static unsigned int vcard_pref(const struct pim_property *prop)
{
	unsigned int pref = 101, value;
	const char *param;

	T_BEGIN {
		param = pim_property_param(prop, "PREF");
		if (param != NULL && str_to_uint(param, &value) == 0)
			pref = I_MIN(value, 100);
		else if ((pim_vcard_types(prop) & PIM_VCARD_TYPE_PREF) != 0)
			pref = 1;
	} T_END;
	return pref;
}

void pim_vcard_set_types(struct pim_property *prop, enum pim_vcard_type types)
{
	bool v4 = pim_vcard_version(pim_property_component(prop)) ==
		PIM_VCARD_4_0;
	ARRAY_TYPE(const_string) values;
	const char *const *old;

	if (pim_vcard_types(prop) == types)
		return;
	T_BEGIN {
		t_array_init(&values, 8);
		old = pim_property_params(prop, "TYPE");
		for (; *old != NULL; old++) {
			const char *const *names = t_strsplit(*old, ",");

			for (; *names != NULL; names++) {
				if (vcard_type_find(*names) == 0)
					array_push_back(&values, names);
			}
		}
		for (unsigned int i = 0; i < N_ELEMENTS(vcard_types); i++) {
			if ((types & vcard_types[i].type) == 0 ||
			    (i > 0 &&
			     vcard_types[i].type == vcard_types[i-1].type) ||
			    (v4 && vcard_types[i].type == PIM_VCARD_TYPE_PREF))
				continue;
			array_push_back(&values, &vcard_types[i].name);
		}
		array_append_zero(&values);
		pim_property_set_params(prop, "TYPE", array_front(&values));
		if ((types & PIM_VCARD_TYPE_PREF) == 0)
			pim_property_set_param(prop, "PREF", NULL);
		else if (v4 && pim_property_param(prop, "PREF") == NULL)
			pim_property_set_param(prop, "PREF", "1");
	} T_END;
}

struct pim_property *
pim_vcard_find(const struct pim_component *card, const char *name,
	       enum pim_vcard_type with, enum pim_vcard_type without)
{
	struct pim_property *prop, *best = NULL;
	unsigned int pref, best_pref = UINT_MAX;

	for (prop = pim_property_find(card, name); prop != NULL;
	     prop = pim_property_next(prop, name)) {
		enum pim_vcard_type types = pim_vcard_types(prop);

		if ((types & with) != with || (types & without) != 0)
			continue;
		pref = vcard_pref(prop);
		if (pref < best_pref) {
			best = prop;
			best_pref = pref;
		}
	}
	return best;
}

struct vcard_listed {
	struct pim_property *prop;
	unsigned int pref, idx;
};

static int
vcard_listed_cmp(const struct vcard_listed *l1, const struct vcard_listed *l2)
{
	if (l1->pref != l2->pref)
		return l1->pref < l2->pref ? -1 : 1;
	return l1->idx < l2->idx ? -1 : 1;
}

unsigned int
pim_vcard_list(const struct pim_component *card, const char *name,
	       struct pim_property *const **props_r)
{
	ARRAY(struct vcard_listed) list;
	const struct vcard_listed *listed;
	ARRAY(struct pim_property *) props;
	struct pim_property *prop;

	t_array_init(&list, 8);
	for (prop = pim_property_find(card, name); prop != NULL;
	     prop = pim_property_next(prop, name)) {
		struct vcard_listed *new = array_append_space(&list);

		new->prop = prop;
		new->pref = vcard_pref(prop);
		new->idx = array_count(&list);
	}
	array_sort(&list, vcard_listed_cmp);
	t_array_init(&props, array_count(&list) + 1);
	array_foreach(&list, listed) {
		prop = listed->prop;
		array_push_back(&props, &prop);
	}
	array_append_zero(&props);
	*props_r = array_front(&props);
	return array_count(&list);
}

const char *pim_vcard_address(const struct pim_property *prop)
{
	const char *text = pim_property_text(prop);

	if (strncasecmp(text, "mailto:", 7) == 0)
		return text + 7;
	if (strncasecmp(text, "tel:", 4) == 0)
		return text + 4;
	return text;
}

void pim_vcard_remove(struct pim_property *prop)
{
	struct pim_component *card = pim_property_component(prop);
	const char *group = pim_property_group(prop);
	struct pim_property *other, *next;

	pim_property_remove(prop);
	if (group == NULL)
		return;
	for (other = pim_property_find(card, NULL); other != NULL;
	     other = pim_property_next(other, NULL)) {
		if (pim_property_group(other) != NULL &&
		    strcasecmp(pim_property_group(other), group) == 0 &&
		    strncasecmp(pim_property_name(other), "X-AB", 4) != 0)
			return;
	}
	for (other = pim_property_find(card, NULL); other != NULL;
	     other = next) {
		next = pim_property_next(other, NULL);
		if (pim_property_group(other) != NULL &&
		    strcasecmp(pim_property_group(other), group) == 0)
			pim_property_remove(other);
	}
}

/*
 * Binary values
 */

static const char *vcard_media_type(const struct pim_property *prop)
{
	const char *const *types, *media = pim_property_param(prop,
							      "MEDIATYPE");

	if (media != NULL)
		return t_str_lcase(media);
	for (types = pim_property_params(prop, "TYPE"); *types != NULL;
	     types++) {
		if (strchr(*types, '/') != NULL)
			return t_str_lcase(*types);
		for (unsigned int i = 0; i < N_ELEMENTS(vcard_media); i++) {
			if (strcasecmp(vcard_media[i].type, *types) == 0)
				return vcard_media[i].media_type;
		}
	}
	return NULL;
}

static void vcard_decode_base64(const char *value, buffer_t *dest)
{
	struct pim_decoder *dec = pim_decoder_init(PIM_ENCODING_BASE64);

	pim_decoder_more(dec, (const unsigned char *)value, strlen(value),
			 dest);
	pim_decoder_finish(dec, dest);
	pim_decoder_deinit(&dec);
}

/* RFC 2397: data:[type][;param=value]*[;base64],data */
static bool vcard_decode_data_uri(const char *uri, buffer_t *dest,
				  const char **media_type_r)
{
	const char *comma = strchr(uri, ','), *head, *p;
	unsigned char c;

	if (comma == NULL)
		return FALSE;
	head = t_str_lcase(t_strdup_until(uri, comma));
	p = strchr(head, ';');
	*media_type_r = p == NULL ? head : t_strdup_until(head, p);
	if (**media_type_r == '\0')
		*media_type_r = NULL;
	comma++;
	if (strlen(head) >= 7 &&
	    strcmp(head + strlen(head) - 7, ";base64") == 0) {
		vcard_decode_base64(comma, dest);
		return TRUE;
	}
	for (p = comma; *p != '\0'; p++) {
		c = *p;
		if (c == '%' && i_isxdigit(p[1]) && i_isxdigit(p[2])) {
			char hex[] = { p[1], p[2], '\0' };

			c = strtoul(hex, NULL, 16);
			p += 2;
		}
		buffer_append_c(dest, c);
	}
	return TRUE;
}

static bool
vcard_binary(const struct pim_property *prop, buffer_t *dest,
	     const char **media_type_r)
{
	const char *value = pim_property_value(prop), *encoding;

	*media_type_r = NULL;
	while (*value == ' ' || *value == '\t')
		value++;
	if (strncasecmp(value, "data:", 5) == 0) {
		/* some escape the comma, or the semicolon */
		return vcard_decode_data_uri(pim_value_unescape(value) + 5,
					     dest, media_type_r);
	}
	encoding = pim_property_param(prop, "ENCODING");
	if (encoding == NULL || (strcasecmp(encoding, "b") != 0 &&
				 strcasecmp(encoding, "BASE64") != 0))
		return FALSE;
	vcard_decode_base64(value, dest);
	*media_type_r = vcard_media_type(prop);
	return TRUE;
}

bool pim_vcard_binary(const struct pim_property *prop, size_t max_size,
		      buffer_t *dest, const char **media_type_r)
{
	size_t start = dest->used;
	bool ret;

	*media_type_r = NULL;
	/* base64 without its line breaks */
	if (strlen(pim_property_value(prop)) / 4 * 3 > max_size + 1024)
		return FALSE;
	ret = vcard_binary(prop, dest, media_type_r);
	if (ret && (dest->used == start || dest->used - start > max_size))
		ret = FALSE;
	if (!ret)
		buffer_set_used_size(dest, start);
	return ret;
}

static const char *vcard_media_name(const char *name, const char *media_type)
{
	for (unsigned int i = 0; i < N_ELEMENTS(vcard_media); i++) {
		if (strcasecmp(vcard_media[i].media_type, media_type) == 0 &&
		    strcasecmp(vcard_media[i].property, name) == 0)
			return vcard_media[i].type;
	}
	return NULL;
}

static void
vcard_assign_binary(struct pim_component *card, const char *name,
		    const char *data, const char *media_type)
{
	enum pim_vcard_version version = pim_vcard_version(card);
	struct pim_property *prop = pim_property_find(card, name);

	/* its parameters described the old value */
	if (prop == NULL)
		prop = pim_property_add(card, name, "");
	else {
		static const char *const described[] = {
			"TYPE", "MEDIATYPE", "VALUE", "ENCODING",
			"X-ABCROP-RECTANGLE"
		};
		for (unsigned int i = 0; i < N_ELEMENTS(described); i++)
			pim_property_set_param(prop, described[i], NULL);
	}
	if (version == PIM_VCARD_4_0) {
		pim_property_set_value(prop, t_strconcat("data:", media_type,
			";base64,", data, NULL));
		return;
	}
	pim_property_set_value(prop, data);
	pim_property_set_param(prop, "ENCODING", version == PIM_VCARD_2_1 ?
			       "BASE64" : "b");
	pim_property_set_param(prop, "TYPE",
			       vcard_media_name(name, media_type));
}

void pim_vcard_set_binary(struct pim_component *card, const char *name,
			  const void *data, size_t size,
			  const char *media_type)
{
	struct pim_property *prop = pim_property_find(card, name);
	buffer_t *buf;
	const char *old_type;

	if (size == 0) {
		(void)pim_component_remove_all(card, name);
		return;
	}
	buf = buffer_create_dynamic(default_pool, size / 3 * 4 + 8);
	T_BEGIN {
		if (prop == NULL ||
		    !pim_vcard_binary(prop, size, buf, &old_type) ||
		    buf->used != size || memcmp(buf->data, data, size) != 0) {
			buffer_set_used_size(buf, 0);
			base64_encode(data, size, buf);
			vcard_assign_binary(card, name, str_c(buf),
				media_type == NULL ?
				"application/octet-stream" : media_type);
		}
	} T_END;
	buffer_free(&buf);
}
