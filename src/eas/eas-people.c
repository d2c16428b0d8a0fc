/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "base64.h"
#include "buffer.h"
#include "message-address.h"
#include "str.h"
#include "pim-contact.h"
#include "pim-header.h"
#include "roost-addresses.h"
#include "roost-settings.h"
#include "store-recipient.h"
#include "eas-address-book.h"
#include "eas-people.h"

#include <time.h>

/* of one mail */
#define EAS_PEOPLE_MAX_RECIPIENTS 100
/* what a client gets that does not say how large; the largest that it may
   ask for ([MS-ASCMD] 2.2.3.105.2) */
#define EAS_PICTURE_MAX_SIZE 102400

/* More contacts of one query are not compared with the address book: it is ambiguous
   anyway. */
#define EAS_PEOPLE_MAX_COMPARED 20

struct eas_people {
	pool_t pool;			/* the request's */
	const char *query;
	struct gal_result *gal, *contacts;
	/* indexes of contacts */
	ARRAY_TYPE(uint32_t) contact_idx;
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

/* NULL: it was said before. */
static void people_gal_failed(struct eas_request *req, const char *error)
{
	if (error != NULL)
		e_error(req->event, "roost_gal: %s", error);
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
		people_gal_failed(req, error);
		*gal = NULL;
		return FALSE;
	}
	found = gal_result_count(result) > 0;
	gal_result_free(&result);
	return found;
}

/* The address of a contact that stands for him: the one that was asked for, or the
   preferred one, if it is one to which mail can be sent. */
static const char *
people_contact_address(const struct gal_entry *entry, const char *query)
{
	ARRAY_TYPE(const_string) addresses;
	const char *address, *preferred = NULL;

	t_array_init(&addresses, 8);
	pim_contact_get_addresses(entry->card, EAS_PEOPLE_MAX_RECIPIENTS,
				  &addresses);
	array_foreach_elem(&addresses, address) {
		if (strcasecmp(address, query) == 0)
			return address;
		if (entry->email != NULL &&
		    strcasecmp(address, entry->email) == 0)
			preferred = address;
	}
	if (preferred == NULL && !array_is_empty(&addresses))
		preferred = array_idx_elem(&addresses, 0);
	return preferred;
}

/* Is somebody with this address among those of the address book that were found? *gal is as
   above. */
static bool
people_result_has(struct eas_request *req, const struct gal_result *result,
		  struct gal **gal, const char *address)
{
	struct gal_result *other;
	const char *error;
	bool ret;

	if (result == NULL || *gal == NULL || gal_result_count(result) == 0)
		return FALSE;
	other = gal_find(*gal, address, &error);
	if (other == NULL) {
		people_gal_failed(req, error);
		*gal = NULL;
		return FALSE;
	}
	ret = gal_result_overlaps(result, other);
	gal_result_free(&other);
	return ret;
}

/* The same for the contacts that were found. */
static bool
people_contacts_have(struct eas_request *req, const struct gal_result *contacts,
		     const char *address)
{
	struct gal_result *other;
	bool ret;

	if (contacts == NULL || gal_result_count(contacts) == 0)
		return FALSE;
	other = eas_address_book_search(req, address, TRUE);
	if (other == NULL)
		return FALSE;
	ret = gal_result_overlaps(other, contacts);
	gal_result_free(&other);
	return ret;
}

static bool
people_wants_contact(struct eas_request *req, struct eas_people *people,
		     struct gal **gal, unsigned int idx)
{
	const struct gal_entry *entry;
	const char *address;

	/* gone, or written anew, since the contacts were read */
	if (gal_result_get(people->contacts, idx, &entry) < 0)
		return FALSE;
	address = people_contact_address(entry, people->query);
	return address != NULL &&
		!people_result_has(req, people->gal, gal, address);
}

/* Those who are in both books are shown as the operator's book has them. */
static void
people_add_contacts(struct eas_request *req, struct eas_people *people,
		    struct gal **gal)
{
	unsigned int count = people->contacts == NULL ? 0 :
		gal_result_count(people->contacts);
	bool wanted = TRUE;

	for (uint32_t idx = 0; idx < count; idx++) {
		if (count <= EAS_PEOPLE_MAX_COMPARED) T_BEGIN {
			wanted = people_wants_contact(req, people, gal, idx);
		} T_END;
		if (wanted)
			array_push_back(&people->contact_idx, &idx);
	}
}

static void
people_add_recent(struct eas_request *req, struct eas_people *people,
		  struct gal **gal, bool exact)
{
	ARRAY_TYPE(store_recipient) all;
	const struct store_recipient *recipient;

	p_array_init(&all, req->pool, 32);
	if (store_recipient_list(req->store, req->pool, &all) < 0)
		return;
	array_foreach(&all, recipient) T_BEGIN {
		if (recipient_matches(recipient, people->query, exact) &&
		    !people_gal_has(req, gal, recipient->address) &&
		    !people_contacts_have(req, people->contacts,
					  recipient->address))
			array_push_back(&people->recent, recipient);
	} T_END;
}

/* Returns 0, or -1 (logged). */
static int
people_ask(struct eas_request *req, struct gal *gal, const char *query,
	   bool exact, struct gal_result **result_r)
{
	const char *error;

	if (gal == NULL)
		return 0;
	*result_r = exact ? gal_find(gal, query, &error) :
		gal_search(gal, query, &error);
	if (*result_r != NULL)
		return 0;
	people_gal_failed(req, error);
	return -1;
}

int eas_people_search(struct eas_request *req, bool contacts,
		      const char *query, bool exact,
		      struct eas_people **people_r)
{
	struct eas_people *people;
	struct gal *gal = NULL;
	const char *error;

	if (gal_open(req->req->user->set->roost_gal, req->event,
		     req->req->user->mail_user, &gal, &error) < 0) {
		people_gal_failed(req, error);
		return -1;
	}
	people = p_new(req->pool, struct eas_people, 1);
	people->pool = req->pool;
	people->query = p_strdup(req->pool, query);
	if (contacts)
		people->contacts = eas_address_book_search(req, query, exact);
	if ((contacts && people->contacts == NULL) ||
	    people_ask(req, gal, query, exact, &people->gal) < 0) {
		eas_people_free(&people);
		return -1;
	}
	p_array_init(&people->contact_idx, req->pool, 8);
	p_array_init(&people->recent, req->pool, 8);
	people_add_contacts(req, people, &gal);
	people_add_recent(req, people, &gal, exact);
	*people_r = people;
	return 0;
}

void eas_people_free(struct eas_people **_people)
{
	struct eas_people *people = *_people;

	*_people = NULL;
	if (people == NULL)
		return;
	gal_result_free(&people->gal);
	gal_result_free(&people->contacts);
	pim_lines_free(&people->no_card);
}

static unsigned int people_gal_count(const struct eas_people *people)
{
	return people->gal == NULL ? 0 : gal_result_count(people->gal);
}

unsigned int eas_people_count(const struct eas_people *people)
{
	return people_gal_count(people) + array_count(&people->contact_idx) +
		array_count(&people->recent);
}

static int
people_get_contact(struct eas_people *people, uint32_t idx,
		   struct eas_person *person_r)
{
	const struct gal_entry *entry;

	if (gal_result_get(people->contacts, idx, &entry) < 0)
		return -1;
	people->entry = *entry;
	people->entry.email = p_strdup(people->pool,
		people_contact_address(entry, people->query));
	person_r->entry = &people->entry;
	return people->entry.email == NULL ? -1 : 0;
}

static void
people_get_recent(struct eas_people *people,
		  const struct store_recipient *recipient,
		  struct eas_person *person_r)
{
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
}

int eas_people_get(struct eas_people *people, unsigned int idx,
		   struct eas_person *person_r)
{
	unsigned int count = people_gal_count(people);
	const uint32_t *contact;

	i_zero(person_r);
	if (idx < count) {
		person_r->in_gal = TRUE;
		return gal_result_get(people->gal, idx, &person_r->entry);
	}
	idx -= count;
	count = array_count(&people->contact_idx);
	if (idx < count) {
		contact = array_idx(&people->contact_idx, idx);
		return people_get_contact(people, *contact, person_r);
	}
	people_get_recent(people, array_idx(&people->recent, idx - count),
			  person_r);
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
