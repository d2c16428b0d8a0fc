/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "strnum.h"
#include "eas-options.h"

#define MAX_FILTER_TYPE 8
#define MAX_MIME_SUPPORT 2
#define MAX_CONFLICT 1
#define MAX_PREVIEW 255

/* [MS-ASCMD] 2.2.3.185 Truncation, also of RTFTruncation */
static const uint32_t truncation_sizes[] = {
	0, 512, 1024, 2048, 5120, 10240, 20480, 51200, 102400, UINT32_MAX
};
/* [MS-ASCMD] 2.2.3.111 MIMETruncation */
static const uint32_t mime_truncation_sizes[] = {
	0, 4096, 5120, 7168, 10240, 20480, 51200, 102400, UINT32_MAX
};

/* The child elements that are one number */
struct option_number {
	unsigned int tag;
	unsigned int max;
	size_t offset;
	/* not the number itself but sizes[number] */
	const uint32_t *sizes;
};

#define NUMBER(tag, max, field) \
	{ tag, max, offsetof(struct eas_item_options, field), NULL }
#define SIZE(tag, sizes, field) \
	{ tag, N_ELEMENTS(sizes) - 1, \
	  offsetof(struct eas_item_options, field), sizes }
static const struct option_number option_numbers[] = {
	NUMBER(EAS_AIRSYNC_FILTER_TYPE, MAX_FILTER_TYPE, filter_type),
	NUMBER(EAS_AIRSYNC_CONFLICT, MAX_CONFLICT, conflict),
	NUMBER(EAS_AIRSYNC_MIME_SUPPORT, MAX_MIME_SUPPORT, mime_support),
	NUMBER(EAS_AIRSYNC_MAX_ITEMS, UINT_MAX, max_items),
	SIZE(EAS_AIRSYNC_TRUNCATION, truncation_sizes, truncation),
	SIZE(EAS_AIRSYNC_MIME_TRUNCATION, mime_truncation_sizes,
	     mime_truncation),
};

void eas_item_options_init(struct eas_item_options *options,
			   unsigned int version ATTR_UNUSED)
{
	i_zero(options);
	options->truncation = UINT32_MAX;
	options->mime_truncation = UINT32_MAX;
	options->conflict = 1;
}

/* The children of BodyPreference and BodyPartPreference. */
static int
preference_parse(const struct wbxml_node *node, unsigned int version,
		 unsigned int *type_r, struct eas_body_preference *pref_r)
{
	unsigned int number;
	bool all_or_none;
	int ret;

	i_zero(pref_r);
	pref_r->set = TRUE;
	pref_r->truncation_size = UINT32_MAX;

	if (wbxml_child_uint(node, EAS_AIRSYNCBASE_TYPE, type_r) <= 0)
		return -1;
	ret = wbxml_child_uint(node, EAS_AIRSYNCBASE_TRUNCATION_SIZE, &number);
	if (ret < 0)
		return -1;
	if (ret > 0)
		pref_r->truncation_size = number;
	ret = wbxml_child_bool(node, EAS_AIRSYNCBASE_ALL_OR_NONE, &all_or_none);
	if (ret < 0)
		return -1;
	/* to be ignored without TruncationSize ([MS-ASAIRS] 2.2.2.3.2) */
	if (ret > 0 && pref_r->truncation_size != UINT32_MAX)
		pref_r->all_or_none = all_or_none;
	ret = wbxml_child_uint(node, EAS_AIRSYNCBASE_PREVIEW, &number);
	if (ret < 0 || (ret > 0 && number > MAX_PREVIEW))
		return -1;
	if (ret > 0 && version >= EAS_VERSION_14_0)
		pref_r->preview = number;
	return 0;
}

static int
body_preference_parse(struct eas_item_options *options,
		      const struct wbxml_node *node, unsigned int version,
		      enum eas_status *status_r)
{
	struct eas_body_preference pref;
	unsigned int type;

	if (preference_parse(node, version, &type, &pref) < 0 ||
	    type < EAS_BODY_PLAIN || type > EAS_BODY_MIME) {
		*status_r = EAS_STATUS_INVALID_XML;
		return -1;
	}
	if (version >= EAS_VERSION_12_0)
		options->body[type] = pref;
	return 0;
}

static int
body_part_preference_parse(struct eas_item_options *options,
			   const struct wbxml_node *node, unsigned int version,
			   enum eas_status *status_r)
{
	struct eas_body_preference pref;
	unsigned int type;

	if (preference_parse(node, version, &type, &pref) < 0) {
		*status_r = EAS_STATUS_INVALID_XML;
		return -1;
	}
	if (version < EAS_VERSION_14_1)
		return 0;
	if (type != EAS_BODY_HTML) {
		*status_r = EAS_STATUS_BODY_PART_PREFERENCE_TYPE_NOT_SUPPORTED;
		return -1;
	}
	options->body_part = pref;
	return 0;
}

static int node_uint(const struct wbxml_node *node, unsigned int *value_r)
{
	const char *text = wbxml_node_text(node);

	return text == NULL ? -1 : str_to_uint(text, value_r);
}

/* At 2.5 a device that wants RTF says so by how it wants it cut. */
static int
rtf_truncation_parse(struct eas_item_options *options,
		     const struct wbxml_node *node)
{
	unsigned int number;

	if (node_uint(node, &number) < 0 ||
	    number >= N_ELEMENTS(truncation_sizes))
		return -1;
	options->body[EAS_BODY_RTF].set = TRUE;
	options->body[EAS_BODY_RTF].truncation_size = truncation_sizes[number];
	return 0;
}

static int
number_parse(struct eas_item_options *options, const struct wbxml_node *node)
{
	unsigned int i, number, *field;

	for (i = 0; i < N_ELEMENTS(option_numbers); i++) {
		if (option_numbers[i].tag == node->tag)
			break;
	}
	if (i == N_ELEMENTS(option_numbers))
		return 0;
	if (node_uint(node, &number) < 0 ||
	    number > option_numbers[i].max)
		return -1;
	field = PTR_OFFSET(options, option_numbers[i].offset);
	*field = option_numbers[i].sizes == NULL ? number :
		option_numbers[i].sizes[number];
	return 0;
}

static int
option_parse(struct eas_item_options *options, const struct wbxml_node *node,
	     unsigned int version, enum eas_status *status_r)
{
	int ret;

	switch (node->tag) {
	case EAS_AIRSYNCBASE_BODY_PREFERENCE:
		return body_preference_parse(options, node, version, status_r);
	case EAS_AIRSYNCBASE_BODY_PART_PREFERENCE:
		return body_part_preference_parse(options, node, version,
						  status_r);
	case EAS_AIRSYNC_RTF_TRUNCATION:
		ret = rtf_truncation_parse(options, node);
		break;
	default:
		ret = number_parse(options, node);
		break;
	}
	if (ret < 0)
		*status_r = EAS_STATUS_INVALID_XML;
	return ret;
}

int eas_item_options_parse(struct eas_item_options *options,
			   const struct wbxml_node *node, unsigned int version,
			   enum eas_status *status_r)
{
	const struct wbxml_node *child;

	eas_item_options_init(options, version);
	for (child = node->children; child != NULL; child = child->next) {
		if (option_parse(options, child, version, status_r) < 0)
			return -1;
	}
	return 0;
}

/* The text is one line of blank-separated fields, "1" (its version) first. What is
   not there has its default:
     b<type>,<truncation>,<all or none>,<preview>   BodyPreference; type 5 is
						    BodyPartPreference
     <letter><number>                               the rest */
#define ENCODE_VERSION "1"
#define ENCODE_BODY_PART 5

static const struct {
	char letter;
	size_t offset;
} encode_numbers[] = {
	{ 'f', offsetof(struct eas_item_options, filter_type) },
	{ 'c', offsetof(struct eas_item_options, conflict) },
	{ 'm', offsetof(struct eas_item_options, mime_support) },
	{ 'n', offsetof(struct eas_item_options, max_items) },
	{ 't', offsetof(struct eas_item_options, truncation) },
	{ 'M', offsetof(struct eas_item_options, mime_truncation) },
};

static void
preference_encode(string_t *dest, unsigned int type,
		  const struct eas_body_preference *pref)
{
	if (pref->set) {
		str_printfa(dest, " b%u,%u,%d,%u", type, pref->truncation_size,
			    pref->all_or_none ? 1 : 0, pref->preview);
	}
}

void eas_item_options_encode(const struct eas_item_options *options,
			     string_t *dest)
{
	struct eas_item_options defaults;
	unsigned int i;

	eas_item_options_init(&defaults, 0);
	str_append(dest, ENCODE_VERSION);
	for (i = EAS_BODY_PLAIN; i <= EAS_BODY_MIME; i++)
		preference_encode(dest, i, &options->body[i]);
	preference_encode(dest, ENCODE_BODY_PART, &options->body_part);
	for (i = 0; i < N_ELEMENTS(encode_numbers); i++) {
		size_t offset = encode_numbers[i].offset;
		const unsigned int *value = CONST_PTR_OFFSET(options, offset);
		const unsigned int *def = CONST_PTR_OFFSET(&defaults, offset);

		if (*value != *def) {
			str_printfa(dest, " %c%u", encode_numbers[i].letter,
				    *value);
		}
	}
}

static int
preference_decode(struct eas_item_options *options, const char *str)
{
	const char *const *args = t_strsplit(str, ",");
	struct eas_body_preference pref;
	unsigned int type, all_or_none;

	i_zero(&pref);
	pref.set = TRUE;
	if (str_array_length(args) != 4 ||
	    str_to_uint(args[0], &type) < 0 ||
	    str_to_uint32(args[1], &pref.truncation_size) < 0 ||
	    str_to_uint(args[2], &all_or_none) < 0 || all_or_none > 1 ||
	    str_to_uint32(args[3], &pref.preview) < 0 ||
	    type < EAS_BODY_PLAIN || type > ENCODE_BODY_PART)
		return -1;
	pref.all_or_none = all_or_none == 1;
	if (type == ENCODE_BODY_PART)
		options->body_part = pref;
	else
		options->body[type] = pref;
	return 0;
}

static int field_decode(struct eas_item_options *options, const char *field)
{
	unsigned int i, *value;

	if (field[0] == 'b')
		return preference_decode(options, field + 1);
	for (i = 0; i < N_ELEMENTS(encode_numbers); i++) {
		if (encode_numbers[i].letter != field[0])
			continue;
		value = PTR_OFFSET(options, encode_numbers[i].offset);
		return str_to_uint(field + 1, value);
	}
	return -1;
}

int eas_item_options_decode(struct eas_item_options *options, const char *str)
{
	const char *const *fields;
	int ret = 0;

	eas_item_options_init(options, 0);
	T_BEGIN {
		fields = t_strsplit(str, " ");
		if (*fields == NULL || strcmp(*fields, ENCODE_VERSION) != 0)
			ret = -1;
		else while (*++fields != NULL && ret == 0)
			ret = field_decode(options, *fields);
	} T_END;
	return ret;
}
