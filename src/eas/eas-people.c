/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "base64.h"
#include "buffer.h"
#include "message-address.h"
#include "str.h"
#include "pim-header.h"
#include "pim-lines.h"
#include "roost-addresses.h"
#include "roost-settings.h"
#include "store-recipient.h"
#include "eas-people.h"

#include <time.h>

/* of one mail */
#define EAS_PEOPLE_MAX_RECIPIENTS 100
/* what a client gets that does not say how large; the largest that it may
   ask for ([MS-ASCMD] 2.2.3.105.2) */
#define EAS_PICTURE_MAX_SIZE 102400

struct eas_people {
	struct gal_result *gal;
	ARRAY_TYPE(store_recipient) recent;
	struct gal_entry entry;
	const char *emails[2];
	struct pim_lines *no_card;
};

static bool
recipient_matches(const struct store_recipient *recipient, const char *query,
		  bool exact)
{
	if (exact) {
		return strcasecmp(recipient->address, query) == 0 ||
			(recipient->name != NULL &&
			 gal_text_equals(recipient->name, query));
	}
	return gal_text_matches(t_strconcat(recipient->address, " ",
					    recipient->name, NULL), query);
}

/* A directory that is gone meanwhile (*gal = NULL) isn't waited for again. */
static bool
people_gal_has(struct eas_request *req, struct gal **gal, const char *address)
{
	struct gal_result *result;
	const char *error;
	bool found;

	if (*gal == NULL)
		return FALSE;
	result = gal_find(*gal, address, &error);
	if (result == NULL) {
		e_error(req->event, "roost_gal: %s", error);
		*gal = NULL;
		return FALSE;
	}
	found = gal_result_count(result) > 0;
	gal_result_free(&result);
	return found;
}

static void
people_add_recent(struct eas_request *req, struct eas_people *people,
		  struct gal *gal, const char *query, bool exact)
{
	ARRAY_TYPE(store_recipient) all;
	const struct store_recipient *recipient;

	p_array_init(&all, req->pool, 32);
	if (store_recipient_list(req->store, req->pool, &all) < 0)
		return;
	array_foreach(&all, recipient) T_BEGIN {
		if (recipient_matches(recipient, query, exact) &&
		    !people_gal_has(req, &gal, recipient->address))
			array_push_back(&people->recent, recipient);
	} T_END;
}

int eas_people_search(struct eas_request *req, const char *query, bool exact,
		      struct eas_people **people_r)
{
	struct eas_people *people;
	struct gal *gal = NULL;
	const char *error;

	if (gal_open(req->req->user->set->roost_gal, req->event, &gal,
		     &error) < 0) {
		e_error(req->event, "roost_gal: %s", error);
		return -1;
	}
	people = p_new(req->pool, struct eas_people, 1);
	if (gal != NULL) {
		people->gal = exact ? gal_find(gal, query, &error) :
			gal_search(gal, query, &error);
		if (people->gal == NULL) {
			e_error(req->event, "roost_gal: %s", error);
			return -1;
		}
	}
	p_array_init(&people->recent, req->pool, 8);
	people_add_recent(req, people, gal, query, exact);
	*people_r = people;
	return 0;
}

void eas_people_free(struct eas_people **_people)
{
	struct eas_people *people = *_people;

	*_people = NULL;
	if (people == NULL)
		return;
	if (people->gal != NULL)
		gal_result_free(&people->gal);
	pim_lines_free(&people->no_card);
}

static unsigned int people_gal_count(const struct eas_people *people)
{
	return people->gal == NULL ? 0 : gal_result_count(people->gal);
}

unsigned int eas_people_count(const struct eas_people *people)
{
	return people_gal_count(people) + array_count(&people->recent);
}

int eas_people_get(struct eas_people *people, unsigned int idx,
		   struct eas_person *person_r)
{
	unsigned int gal_count = people_gal_count(people);
	const struct store_recipient *recipient;

	i_zero(person_r);
	if (idx < gal_count) {
		person_r->in_gal = TRUE;
		return gal_result_get(people->gal, idx, &person_r->entry);
	}
	recipient = array_idx(&people->recent, idx - gal_count);
	if (people->no_card == NULL)
		people->no_card = pim_lines_create();
	i_zero(&people->entry);
	people->emails[0] = recipient->address;
	people->entry.display_name = recipient->name != NULL ?
		recipient->name : recipient->address;
	people->entry.email = recipient->address;
	people->entry.emails = people->emails;
	people->entry.card = pim_lines_root(people->no_card);
	person_r->entry = &people->entry;
	return 0;
}

/*
 * Recipients
 */

static void
recipients_add_header(struct eas_request *req, const char *header,
		      ARRAY_TYPE(store_recipient) *recipients)
{
	const struct message_address *addr;
	struct store_recipient *recipient;
	const char *address;

	addr = message_address_parse(req->pool, (const unsigned char *)header,
				     strlen(header), EAS_PEOPLE_MAX_RECIPIENTS,
				     0);
	for (; addr != NULL; addr = addr->next) {
		if (addr->domain == NULL || *addr->domain == '\0' ||
		    addr->mailbox == NULL || *addr->mailbox == '\0' ||
		    array_count(recipients) >= EAS_PEOPLE_MAX_RECIPIENTS)
			continue;
		address = p_strdup_printf(req->pool, "%s@%s", addr->mailbox,
					  addr->domain);
		if (roost_address_is_own(req->req->user, address))
			continue;
		recipient = array_append_space(recipients);
		recipient->address = address;
		if (addr->name != NULL && *addr->name != '\0') {
			recipient->name = p_strdup(req->pool,
				pim_header_decode(addr->name));
		}
	}
}

void eas_people_add_recipients(struct eas_request *req,
			       const char *const *headers, unsigned int count)
{
	ARRAY_TYPE(store_recipient) recipients;
	const struct store_recipient *all;
	unsigned int all_count;

	p_array_init(&recipients, req->pool, 8);
	for (unsigned int i = 0; i < count; i++) T_BEGIN {
		if (headers[i] != NULL)
			recipients_add_header(req, headers[i], &recipients);
	} T_END;
	all = array_get(&recipients, &all_count);
	/* the store logs its failures */
	(void)store_recipient_add(req->store, all, all_count, time(NULL));
}

/*
 * Writing
 */

int eas_people_read_picture(const struct wbxml_node *options,
			    unsigned int picture_tag, unsigned int size_tag,
			    unsigned int count_tag,
			    struct gal_picture_limits *limits_r)
{
	const struct wbxml_node *node = wbxml_node_child(options, picture_tag);

	i_zero(limits_r);
	limits_r->max_size = EAS_PICTURE_MAX_SIZE;
	limits_r->max_pictures = UINT_MAX;
	if (node == NULL)
		return 0;
	if (wbxml_child_uint(node, size_tag, &limits_r->max_size) < 0 ||
	    wbxml_child_uint(node, count_tag, &limits_r->max_pictures) < 0)
		return -1;
	limits_r->max_size = I_MIN(limits_r->max_size, EAS_PICTURE_MAX_SIZE);
	return 1;
}

void eas_people_write_picture(struct wbxml_writer *writer,
			      unsigned int picture_tag, unsigned int status_tag,
			      unsigned int data_tag,
			      const struct eas_person *person,
			      struct gal_picture_limits *limits)
{
	buffer_t *photo = buffer_create_dynamic(default_pool, 1024);
	buffer_t *text = buffer_create_dynamic(default_pool, 1024);
	enum gal_picture_status status =
		gal_entry_picture(person->entry, limits, photo);

	wbxml_open(writer, picture_tag);
	wbxml_uint(writer, status_tag, status);
	if (status == GAL_PICTURE_OK) {
		base64_encode(photo->data, photo->used, text);
		wbxml_text(writer, data_tag, str_c(text));
	}
	wbxml_close(writer);
	buffer_free(&photo);
	buffer_free(&text);
}

void eas_people_write(struct wbxml_writer *writer,
		      const struct eas_person *person,
		      struct gal_picture_limits *limits)
{
	const struct gal_entry *entry = person->entry;
	const struct {
		unsigned int tag;
		const char *text;
	} elements[] = {
		{ EAS_GAL_DISPLAY_NAME, entry->display_name },
		{ EAS_GAL_PHONE, entry->phone },
		{ EAS_GAL_OFFICE, entry->office },
		{ EAS_GAL_TITLE, entry->title },
		{ EAS_GAL_COMPANY, entry->company },
		{ EAS_GAL_ALIAS, entry->alias },
		{ EAS_GAL_FIRST_NAME, entry->first_name },
		{ EAS_GAL_LAST_NAME, entry->last_name },
		{ EAS_GAL_HOME_PHONE, entry->home_phone },
		{ EAS_GAL_MOBILE_PHONE, entry->mobile_phone },
		{ EAS_GAL_EMAIL_ADDRESS, entry->email },
	};

	for (unsigned int i = 0; i < N_ELEMENTS(elements); i++)
		wbxml_text(writer, elements[i].tag, elements[i].text);
	if (limits != NULL) {
		eas_people_write_picture(writer, EAS_GAL_PICTURE,
					 EAS_GAL_STATUS, EAS_GAL_DATA, person,
					 limits);
	}
}
