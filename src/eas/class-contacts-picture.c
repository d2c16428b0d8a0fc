/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "base64.h"
#include "buffer.h"
#include "str.h"
#include "pim-vcard.h"
#include "class-contacts.h"

#include <ctype.h>

/* [MS-ASCNTC] 2.2.2.58 */
#define CONTACTS_MAX_PICTURE_BASE64 (48*1024)
#define CONTACTS_MAX_PICTURE (CONTACTS_MAX_PICTURE_BASE64 / 4 * 3)

static const struct {
	const char *magic;
	size_t size;
	const char *media_type;
} contacts_pictures[] = {
	{ "\xff\xd8\xff", 3, "image/jpeg" },
	{ "\x89PNG", 4, "image/png" },
	{ "GIF8", 4, "image/gif" },
	{ "BM", 2, "image/bmp" },
};

/* The photo that devices are shown. FALSE = there is none. */
static bool
contacts_get_picture(const struct pim_component *card, buffer_t *picture)
{
	const struct pim_property *prop = pim_property_find(card, "PHOTO");
	const char *media_type;

	return prop != NULL &&
		pim_vcard_binary(prop, CONTACTS_MAX_PICTURE, picture,
				 &media_type);
}

void eas_contacts_write_picture(struct wbxml_writer *writer,
				struct pim_component *card)
{
	buffer_t *picture;
	string_t *base64;

	if (pim_property_find(card, "PHOTO") == NULL)
		return;
	picture = t_buffer_create(4096);
	if (!contacts_get_picture(card, picture))
		return;
	base64 = t_str_new(MAX_BASE64_ENCODED_SIZE(picture->used) + 1);
	base64_encode(picture->data, picture->used, base64);
	wbxml_text(writer, EAS_CONTACTS_PICTURE, str_c(base64));
}

/* Some break lines within it. */
static void contacts_strip_blanks(buffer_t *base64)
{
	unsigned char *data = buffer_get_modifiable_data(base64, NULL);
	size_t i, used = 0;

	for (i = 0; i < base64->used; i++) {
		if (!i_isspace(data[i]))
			data[used++] = data[i];
	}
	buffer_set_used_size(base64, used);
}

static const char *contacts_picture_type(const buffer_t *picture)
{
	for (unsigned int i = 0; i < N_ELEMENTS(contacts_pictures); i++) {
		if (picture->used > contacts_pictures[i].size &&
		    memcmp(picture->data, contacts_pictures[i].magic,
			   contacts_pictures[i].size) == 0)
			return contacts_pictures[i].media_type;
	}
	return NULL;
}

static void contacts_remove_picture(struct pim_component *card)
{
	struct pim_property *prop = pim_property_find(card, "PHOTO");

	/* an empty Picture says nothing of a photo that was not shown */
	if (prop != NULL && contacts_get_picture(card, t_buffer_create(4096)))
		pim_vcard_remove(prop);
}

int eas_contacts_apply_picture(struct eas_class_apply *apply,
			       struct pim_component *card)
{
	const struct wbxml_node *node;
	struct base64_decoder decoder;
	buffer_t *base64, *picture;

	/* [MS-ASCMD] 2.2.3.24: an absent one leaves it as it is */
	node = wbxml_node_child(apply->data, EAS_CONTACTS_PICTURE);
	if (node == NULL)
		return 0;
	base64 = eas_class_read_data(apply->req, node);
	contacts_strip_blanks(base64);
	if (base64->used == 0) {
		contacts_remove_picture(card);
		return 0;
	}
	if (base64->used > CONTACTS_MAX_PICTURE_BASE64) {
		apply->error = "Picture is too large";
		return -1;
	}
	picture = t_buffer_create(base64->used);
	base64_decode_init(&decoder, &base64_scheme, 0);
	if (base64_decode_more(&decoder, base64->data, base64->used, NULL,
			       picture) < 0 ||
	    base64_decode_finish(&decoder) < 0 || picture->used == 0) {
		apply->error = "Picture is no base64";
		return -1;
	}
	pim_vcard_set_binary(card, "PHOTO", picture->data, picture->used,
			     contacts_picture_type(picture));
	return 0;
}
