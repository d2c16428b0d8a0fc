/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "base64.h"
#include "buffer.h"
#include "str.h"
#include "pim-vcard.h"
#include "roost-addresses.h"
#include "eas-address-book.h"
#include "eas-cert.h"
#include "eas-commands.h"
#include "eas-people.h"
#include "cmd-resolverecipients.h"

/* [MS-ASCMD] 2.2.1.15 ResolveRecipients: names and addresses to people of the
   address book, contacts and recent recipients, with certificates and photos. It changes
   nothing.

   An address, a name or an alias that is somebody's as a whole stands for him,
   even if others' begin so. The user's own address is found without any book.
   Mini certificates ([MS-ASCMD] 2.2.3.112) have no published form: who asks for
   them hears that there is none. */

#define RESOLVE_MAX_TO 100
#define RESOLVE_MAX_TO_LENGTH 256
#define RESOLVE_MAX_LIMIT 9999
/* suggestions to who does not say how many, and to anybody */
#define RESOLVE_MAX_SUGGESTIONS 100

/* [MS-ASCMD] 2.2.3.177.12 */
enum resolve_status {
	RESOLVE_SUCCESS = 1,
	RESOLVE_AMBIGUOUS = 2,
	RESOLVE_AMBIGUOUS_PARTIAL = 3,
	RESOLVE_NONE = 4,
	RESOLVE_PROTOCOL_ERROR = 5,
	RESOLVE_SERVER_ERROR = 6,
	RESOLVE_NO_CERTIFICATE = 7,
	RESOLVE_CERTIFICATE_LIMIT = 8,
};

/* [MS-ASCMD] 2.2.3.22 */
enum resolve_retrieval {
	RESOLVE_RETRIEVE_NONE = 1,
	RESOLVE_RETRIEVE_FULL = 2,
	RESOLVE_RETRIEVE_MINI = 3,
};

/* [MS-ASCMD] 2.2.3.186.4 */
enum resolve_type {
	RESOLVE_TYPE_GAL = 1,
	RESOLVE_TYPE_CONTACT = 2,
};

struct resolve {
	struct eas_request *req;
	struct wbxml_writer *writer;
	const struct wbxml_node *options;
	unsigned int retrieval, max_certs, max_ambiguous;
	/* written so far */
	unsigned int certs;
	struct gal_picture_limits picture;
	struct resolve_availability availability;
	bool want_picture;
};

/*
 * Reading
 */

static int
resolve_read_limit(struct resolve *cmd, unsigned int tag, unsigned int *value)
{
	if (wbxml_child_uint(cmd->options, tag, value) < 0 ||
	    *value > RESOLVE_MAX_LIMIT)
		return -1;
	return 0;
}

static int resolve_read_options(struct resolve *cmd)
{
	int ret;

	cmd->options = wbxml_node_child(cmd->req->root,
					EAS_RESOLVERECIPIENTS_OPTIONS);
	cmd->retrieval = RESOLVE_RETRIEVE_NONE;
	cmd->max_certs = RESOLVE_MAX_LIMIT;
	cmd->max_ambiguous = RESOLVE_MAX_SUGGESTIONS;
	if (resolve_read_limit(cmd, EAS_RESOLVERECIPIENTS_CERTIFICATE_RETRIEVAL,
			       &cmd->retrieval) < 0 ||
	    cmd->retrieval < RESOLVE_RETRIEVE_NONE ||
	    cmd->retrieval > RESOLVE_RETRIEVE_MINI ||
	    resolve_read_limit(cmd, EAS_RESOLVERECIPIENTS_MAX_CERTIFICATES,
			       &cmd->max_certs) < 0 ||
	    resolve_read_limit(cmd,
			       EAS_RESOLVERECIPIENTS_MAX_AMBIGUOUS_RECIPIENTS,
			       &cmd->max_ambiguous) < 0)
		return -1;
	cmd->max_ambiguous = I_MIN(cmd->max_ambiguous, RESOLVE_MAX_SUGGESTIONS);
	ret = eas_people_read_picture(cmd->options,
				      EAS_RESOLVERECIPIENTS_PICTURE,
				      EAS_RESOLVERECIPIENTS_MAX_SIZE,
				      EAS_RESOLVERECIPIENTS_MAX_PICTURES,
				      &cmd->picture);
	if (ret < 0)
		return -1;
	cmd->want_picture = ret > 0 && cmd->req->version >= EAS_VERSION_14_1;
	return resolve_availability_read(&cmd->availability, cmd->req,
					 cmd->options);
}

static int resolve_check_to(struct resolve *cmd)
{
	const struct wbxml_node *node =
		wbxml_node_child(cmd->req->root, EAS_RESOLVERECIPIENTS_TO);
	unsigned int count = 0;

	for (; node != NULL; node = wbxml_node_next_same(node)) {
		const char *text = wbxml_node_text(node);

		if (text == NULL || *text == '\0' ||
		    strlen(text) > RESOLVE_MAX_TO_LENGTH ||
		    ++count > RESOLVE_MAX_TO)
			return -1;
	}
	return count == 0 ? -1 : 0;
}

/*
 * Writing
 */

/* Adds those of a card that can be used, in base64. */
static void
resolve_add_certificates(const struct gal_entry *entry,
			 ARRAY_TYPE(const_string) *certs)
{
	buffer_t *key = t_buffer_create(2048), *der = t_buffer_create(2048);
	struct pim_property *prop;
	const char *cert, *media_type;

	for (prop = pim_property_find(entry->card, "KEY"); prop != NULL;
	     prop = pim_property_next(prop, "KEY")) {
		buffer_set_used_size(key, 0);
		buffer_set_used_size(der, 0);
		if (!pim_vcard_binary(prop, EAS_CERT_MAX_SIZE, key,
				      &media_type) ||
		    !eas_cert_for_encryption(key->data, key->used, der))
			continue;
		cert = str_c(t_base64_encode(0, 0, der->data, der->used));
		array_push_back(certs, &cert);
	}
}

/* Those of the user's contact with this address. */
static void
resolve_add_contact_certificates(struct resolve *cmd, const char *address,
				 ARRAY_TYPE(const_string) *certs)
{
	struct gal_result *result =
		eas_address_book_search(cmd->req, address, TRUE);
	const struct gal_entry *entry;
	unsigned int i, count;

	count = result == NULL ? 0 : gal_result_count(result);
	for (i = 0; i < count && array_is_empty(certs); i++) {
		if (gal_result_get(result, i, &entry) == 0)
			resolve_add_certificates(entry, certs);
	}
	gal_result_free(&result);
}

/* Of one who is in both books, too: that he has no valid certificate (Status 7) is said only if
   neither book has one. */
static void
resolve_find_certificates(struct resolve *cmd, const struct eas_person *person,
			  ARRAY_TYPE(const_string) *certs)
{
	const struct gal_entry *entry = person->entry;
	const char *const *email = entry->emails;

	resolve_add_certificates(entry, certs);
	if (!person->in_gal || entry->members > 0)
		return;
	for (; *email != NULL && array_is_empty(certs); email++)
		resolve_add_contact_certificates(cmd, *email, certs);
}

static void
resolve_write_certificates(struct resolve *cmd, const struct eas_person *person)
{
	const struct gal_entry *entry = person->entry;
	ARRAY_TYPE(const_string) certs;
	enum resolve_status status = RESOLVE_SUCCESS;
	const char *cert;
	unsigned int count;

	t_array_init(&certs, 4);
	resolve_find_certificates(cmd, person, &certs);
	count = array_count(&certs);
	if (count == 0 || cmd->retrieval == RESOLVE_RETRIEVE_MINI)
		status = RESOLVE_NO_CERTIFICATE;
	else if (count > cmd->max_certs - cmd->certs)
		status = RESOLVE_CERTIFICATE_LIMIT;

	wbxml_open(cmd->writer, EAS_RESOLVERECIPIENTS_CERTIFICATES);
	wbxml_uint(cmd->writer, EAS_RESOLVERECIPIENTS_STATUS, status);
	wbxml_uint(cmd->writer, EAS_RESOLVERECIPIENTS_CERTIFICATE_COUNT,
		   status == RESOLVE_NO_CERTIFICATE ? 0 : count);
	wbxml_uint(cmd->writer, EAS_RESOLVERECIPIENTS_RECIPIENT_COUNT,
		   I_MAX(entry->members, 1));
	if (status == RESOLVE_SUCCESS) {
		array_foreach_elem(&certs, cert) {
			wbxml_text(cmd->writer,
				   EAS_RESOLVERECIPIENTS_CERTIFICATE, cert);
		}
		cmd->certs += count;
	}
	wbxml_close(cmd->writer);
}

/* resolved: it is the one, no suggestion */
static void
resolve_write_recipient(struct resolve *cmd, const struct eas_person *person,
			bool resolved, struct gal_picture_limits *picture)
{
	const struct gal_entry *entry = person->entry;

	wbxml_open(cmd->writer, EAS_RESOLVERECIPIENTS_RECIPIENT);
	wbxml_uint(cmd->writer, EAS_RESOLVERECIPIENTS_TYPE, person->in_gal ?
		   RESOLVE_TYPE_GAL : RESOLVE_TYPE_CONTACT);
	wbxml_text(cmd->writer, EAS_RESOLVERECIPIENTS_DISPLAY_NAME,
		   entry->display_name);
	wbxml_text(cmd->writer, EAS_RESOLVERECIPIENTS_EMAIL_ADDRESS,
		   entry->email == NULL ? "" : entry->email);
	if (resolved && cmd->availability.wanted) {
		resolve_availability_write(&cmd->availability, cmd->writer,
					   entry);
	}
	if (resolved && cmd->retrieval != RESOLVE_RETRIEVE_NONE)
		resolve_write_certificates(cmd, person);
	if (cmd->want_picture) {
		eas_people_write_picture(cmd->writer,
			EAS_RESOLVERECIPIENTS_PICTURE,
			EAS_RESOLVERECIPIENTS_STATUS,
			EAS_RESOLVERECIPIENTS_DATA, person, picture);
	}
	wbxml_close(cmd->writer);
}

static void
resolve_open_response(struct resolve *cmd, const char *to,
		      enum resolve_status status, unsigned int total)
{
	wbxml_open(cmd->writer, EAS_RESOLVERECIPIENTS_RESPONSE);
	wbxml_text(cmd->writer, EAS_RESOLVERECIPIENTS_TO, to);
	wbxml_uint(cmd->writer, EAS_RESOLVERECIPIENTS_STATUS, status);
	wbxml_uint(cmd->writer, EAS_RESOLVERECIPIENTS_RECIPIENT_COUNT, total);
}

/* The user himself, who is in no book. */
static void
resolve_write_own(struct resolve *cmd, const char *to, const char *address)
{
	struct roost_user *user = cmd->req->req->user;
	struct pim_lines *no_card = pim_lines_create();
	struct gal_picture_limits picture = cmd->picture;
	const char *name = roost_user_display_name(user);
	const char *const emails[] = { address, NULL };
	const struct gal_entry entry = {
		.display_name = name != NULL ? name : address,
		.email = address, .emails = emails,
		.card = pim_lines_root(no_card),
	};
	const struct eas_person person = { .entry = &entry, .in_gal = TRUE };

	resolve_open_response(cmd, to, RESOLVE_SUCCESS, 1);
	resolve_write_recipient(cmd, &person, TRUE, &picture);
	wbxml_close(cmd->writer);
	pim_lines_free(&no_card);
}

static void
resolve_write(struct resolve *cmd, const char *to, struct eas_people *people)
{
	unsigned int total = eas_people_count(people);
	unsigned int count = I_MIN(total, cmd->max_ambiguous);
	struct gal_picture_limits picture = cmd->picture;
	enum resolve_status status;
	struct eas_person person;

	if (total <= 1) {
		count = total;
		status = total == 0 ? RESOLVE_NONE : RESOLVE_SUCCESS;
	} else {
		status = count < total ? RESOLVE_AMBIGUOUS_PARTIAL :
			RESOLVE_AMBIGUOUS;
	}
	resolve_open_response(cmd, to, status, total);
	for (unsigned int i = 0; i < count; i++) T_BEGIN {
		if (eas_people_get(people, i, &person) == 0) {
			resolve_write_recipient(cmd, &person, total == 1,
						&picture);
		}
	} T_END;
	wbxml_close(cmd->writer);
}

/* The address in "Name <address>", else the text itself. */
static const char *resolve_get_query(const char *to)
{
	const char *start = strrchr(to, '<'), *end;

	if (start == NULL || (end = strchr(start, '>')) == NULL)
		return to;
	return t_strdup_until(start + 1, end);
}

static int resolve_one(struct resolve *cmd, const char *to)
{
	const char *query = resolve_get_query(to);
	struct eas_people *people;

	if (eas_people_search(cmd->req, TRUE, query, TRUE, &people) < 0)
		return -1;
	/* a whole address is nobody else's beginning */
	if (eas_people_count(people) == 0 && strchr(query, '@') == NULL) {
		eas_people_free(&people);
		if (eas_people_search(cmd->req, TRUE, query, FALSE,
				      &people) < 0)
			return -1;
	}
	if (eas_people_count(people) == 0 &&
	    roost_address_is_own(cmd->req->req->user, query))
		resolve_write_own(cmd, to, query);
	else
		resolve_write(cmd, to, people);
	eas_people_free(&people);
	return 0;
}

/* Writes all Responses. Returns 0 or -1 (logged). */
static int resolve_all(struct resolve *cmd)
{
	const struct wbxml_node *node =
		wbxml_node_child(cmd->req->root, EAS_RESOLVERECIPIENTS_TO);
	int ret = 0;

	for (; node != NULL && ret == 0; node = wbxml_node_next_same(node)) {
		T_BEGIN {
			ret = resolve_one(cmd, wbxml_node_text(node));
		} T_END;
	}
	return ret;
}

int eas_cmd_resolverecipients(struct eas_request *req)
{
	struct resolve cmd = { .req = req };

	if (resolve_check_to(&cmd) < 0 || resolve_read_options(&cmd) < 0)
		return eas_request_fail(req, RESOLVE_PROTOCOL_ERROR);
	cmd.writer = eas_request_writer(req);
	wbxml_open(cmd.writer, EAS_RESOLVERECIPIENTS_RESOLVE_RECIPIENTS);
	wbxml_uint(cmd.writer, EAS_RESOLVERECIPIENTS_STATUS, RESOLVE_SUCCESS);
	if (resolve_all(&cmd) < 0)
		return eas_request_fail(req, RESOLVE_SERVER_ERROR);
	wbxml_close(cmd.writer);
	return 1;
}
