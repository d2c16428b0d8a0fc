/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "istream.h"
#include "str.h"
#include "message-parser.h"
#include "message-snippet.h"
#include "mail-storage-private.h"
#include "roost-settings.h"
#include "roost-addresses.h"
#include "eas-folders.h"
#include "eas-meeting.h"
#include "class-email.h"
#include "test-class-common.h"

/* Any mail can be shown, at each version and with all options: its elements are
   well-formed WBXML. The input's first bytes are the version and the options.
   The mail is none of a mailbox, but answers as one would: no index, no store,
   no settings but the spool and no time zone. The user's addresses, and what his
   calendar has of a meeting, are ours: the program is linked with --wrap. */

#define FUZZ_HEAD_SIZE 4
#define FUZZ_SNIPPET_CHARS 200
#define FUZZ_RECEIVED 1795858200	/* 2026-11-28 09:30 */

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
bool __wrap_roost_address_is_own(struct roost_user *user, const char *address);
void __wrap_eas_meeting_user(struct eas_request *req,
			     struct pim_scheduling_user *user_r);
int __wrap_eas_meeting_find(struct eas_request *req, pool_t pool,
			    const char *uid, struct store_item *item_r);
int __wrap_eas_meeting_is_cancelled(struct eas_request *req,
				    const struct pim_scheduling_peek *peek);

struct fuzz_mail {
	struct mail_private mail;
	pool_t pool;
	struct istream *input;
	const unsigned char *data;
	size_t size;
	enum mail_flags flags;
};

static const unsigned int versions[] = {
	EAS_VERSION_2_5, EAS_VERSION_12_0, EAS_VERSION_12_1, EAS_VERSION_14_0,
	EAS_VERSION_14_1, EAS_VERSION_16_0, EAS_VERSION_16_1
};
static const uint32_t truncations[] = {
	UINT32_MAX, 0, 1, 7, 64, 500, 4096
};
static const enum eas_folder_type folder_types[] = {
	EAS_FOLDER_INBOX, EAS_FOLDER_DRAFTS, EAS_FOLDER_SENT_ITEMS
};

static const char stored_event[] =
	"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Fuzz//EN\r\n"
	"BEGIN:VEVENT\r\nUID:0a1b2c3d-board\r\nDTSTAMP:20240305T083000Z\r\n"
	"SEQUENCE:1\r\nDTSTART:20240318T130000Z\r\nDTEND:20240318T140000Z\r\n"
	"RRULE:FREQ=WEEKLY;COUNT=5\r\nSUMMARY:Board\r\n"
	"ORGANIZER:mailto:marta@example.test\r\n"
	"ATTENDEE;PARTSTAT=ACCEPTED:mailto:u1@example.test\r\n"
	"END:VEVENT\r\nEND:VCALENDAR\r\n";

static const char *const own_addresses[] = {
	"u1@example.test", "ursula@example.test", NULL
};

bool __wrap_roost_address_is_own(struct roost_user *user ATTR_UNUSED,
				 const char *address)
{
	return roost_addresses_have(own_addresses, "+-", address);
}

static bool fuzz_is_own(const char *address, void *context ATTR_UNUSED)
{
	return __wrap_roost_address_is_own(NULL, address);
}

void __wrap_eas_meeting_user(struct eas_request *req ATTR_UNUSED,
			     struct pim_scheduling_user *user_r)
{
	i_zero(user_r);
	user_r->is_own = fuzz_is_own;
	user_r->address = own_addresses[0];
	user_r->name = "Ursula One";
}

/* Meetings whose UIDs have an odd length are in the calendar. */
int __wrap_eas_meeting_find(struct eas_request *req ATTR_UNUSED,
			    pool_t pool ATTR_UNUSED, const char *uid,
			    struct store_item *item_r)
{
	if (strlen(uid) % 2 == 0)
		return 0;
	item_r->text = stored_event;
	item_r->size = strlen(stored_event);
	return 1;
}

int __wrap_eas_meeting_is_cancelled(struct eas_request *req ATTR_UNUSED,
				    const struct pim_scheduling_peek *peek)
{
	return peek->sequence % 2;
}

static struct fuzz_mail *fuzz_mail(struct mail *mail)
{
	return container_of(mail, struct fuzz_mail, mail.mail);
}

static enum mail_flags fuzz_mail_get_flags(struct mail *mail)
{
	return fuzz_mail(mail)->flags;
}

static const char *const *
fuzz_mail_get_keywords(struct mail *mail ATTR_UNUSED)
{
	static const char *const keywords[] = {
		"$Forwarded", "Two_words", NULL
	};

	return keywords;
}

static int
fuzz_mail_get_received_date(struct mail *mail ATTR_UNUSED, time_t *date_r)
{
	*date_r = FUZZ_RECEIVED;
	return 0;
}

static int fuzz_mail_get_virtual_size(struct mail *mail, uoff_t *size_r)
{
	const struct fuzz_mail *fmail = fuzz_mail(mail);

	*size_r = fmail->size;
	for (size_t i = 0; i < fmail->size; i++) {
		if (fmail->data[i] == '\n' &&
		    (i == 0 || fmail->data[i - 1] != '\r'))
			*size_r += 1;
	}
	return 0;
}

static int
fuzz_mail_get_stream(struct mail *mail, bool get_body ATTR_UNUSED,
		     struct message_size *hdr_size ATTR_UNUSED,
		     struct message_size *body_size ATTR_UNUSED,
		     struct istream **stream_r)
{
	*stream_r = fuzz_mail(mail)->input;
	return 0;
}

static int
fuzz_mail_get_parts(struct mail *mail, struct message_part **parts_r)
{
	const struct message_parser_settings set = { .hdr_flags = 0 };
	struct fuzz_mail *fmail = fuzz_mail(mail);
	struct message_parser_ctx *parser;
	struct message_block block;

	i_stream_seek(fmail->input, 0);
	parser = message_parser_init(fmail->pool, fmail->input, &set);
	while (message_parser_parse_next_block(parser, &block) > 0) ;
	message_parser_deinit(&parser, parts_r);
	return 0;
}

/* The snippet is what the mail's own text/ part would give. */
static int
fuzz_mail_get_special(struct mail *mail, enum mail_fetch_field field,
		      const char **value_r)
{
	struct fuzz_mail *fmail = fuzz_mail(mail);
	string_t *str = str_new(fmail->pool, 256);

	*value_r = "";
	if (field != MAIL_FETCH_BODY_SNIPPET)
		return -1;
	i_stream_seek(fmail->input, 0);
	str_append_c(str, '1');
	if (message_snippet_generate(fmail->input, FUZZ_SNIPPET_CHARS,
				     str) < 0)
		return -1;
	*value_r = str_c(str);
	return 0;
}

/* Calendars that can't be read are nearly all. */
static void ATTR_FORMAT(2, 0)
fuzz_log_nothing(const struct failure_context *ctx ATTR_UNUSED,
		 const char *format ATTR_UNUSED, va_list args ATTR_UNUSED)
{
}

int LLVMFuzzerInitialize(int *argc ATTR_UNUSED, char ***argv ATTR_UNUSED)
{
	lib_init();
	i_set_info_handler(fuzz_log_nothing);
	return 0;
}

static void
fuzz_mail_init(struct fuzz_mail *fmail, pool_t pool, const uint8_t *data,
	       size_t size)
{
	struct mail_vfuncs *v = &fmail->mail.v;

	i_zero(fmail);
	fmail->pool = pool;
	fmail->data = data;
	fmail->size = size;
	fmail->input = i_stream_create_from_data(data, size);
	fmail->mail.mail.seq = fmail->mail.mail.uid = 1;
	v->get_flags = fuzz_mail_get_flags;
	v->get_keywords = fuzz_mail_get_keywords;
	v->get_received_date = fuzz_mail_get_received_date;
	v->get_virtual_size = fuzz_mail_get_virtual_size;
	v->get_stream = fuzz_mail_get_stream;
	v->get_parts = fuzz_mail_get_parts;
	v->get_special = fuzz_mail_get_special;
}

static void
fuzz_options(struct eas_item_options *options, unsigned int version,
	     const uint8_t head[FUZZ_HEAD_SIZE])
{
	struct eas_body_preference *pref;

	for (unsigned int i = EAS_BODY_PLAIN; i <= EAS_BODY_MIME; i++) {
		pref = &options->body[i];
		pref->set = (head[1] & (1 << (i - 1))) != 0;
		pref->all_or_none = (head[1] & 0x10) != 0;
		pref->truncation_size =
			truncations[head[2] % N_ELEMENTS(truncations)];
		pref->preview = version < EAS_VERSION_14_0 ? 0 : head[3];
	}
	if (version >= EAS_VERSION_14_1 && (head[1] & 0x80) != 0)
		options->body_part = options->body[EAS_BODY_HTML];
	options->mime_support = ((head[1] >> 5) & 3) % 3;
}

static void
fuzz_write(struct test_class *test, struct mail *mail,
	   struct eas_folder *folder, bool find)
{
	struct wbxml_writer *writer = test_class_data_begin(test);
	const char *error = "";
	int ret;

	T_BEGIN {
		ret = find ? eas_email_write_find(&test->req, folder, mail,
						  writer, &error) :
			eas_email_write(&test->req, folder, mail,
					&test->options, EAS_MAIL_WRITE_ALL,
					writer, &error);
		if (ret <= 0)
			i_panic("Can't be shown: %s", error);
	} T_END;
	if (test_class_data_end(test, &writer) == NULL)
		i_panic("Nothing is shown");
}

static void
fuzz_mime(const uint8_t head[FUZZ_HEAD_SIZE], const uint8_t *data, size_t size)
{
	unsigned int version = versions[head[0] % N_ELEMENTS(versions)];
	struct eas_quirks quirks = { .no_opaque = (head[0] & 0x80) != 0 };
	struct roost_settings set = {
		.roost_spool_dir = "/tmp",
		.roost_timezone = "",
	};
	struct roost_user user = { .set = &set };
	struct eas_folder folder = { .id = "5", .name = "Fuzz" };
	struct test_class test;
	struct fuzz_mail fmail;

	test_class_init(&test, NULL, version);
	test.req.quirks = &quirks;
	test.roost_req.user = &user;
	fuzz_options(&test.options, version, head);
	folder.type = folder_types[(head[2] >> 4) % N_ELEMENTS(folder_types)];
	fuzz_mail_init(&fmail, test.pool, data, size);
	fmail.flags = MAIL_SEEN | MAIL_FLAGGED;
	if ((head[0] & 0x40) != 0)
		fmail.flags |= MAIL_DRAFT;
	fuzz_write(&test, &fmail.mail.mail, &folder, FALSE);
	if (version >= EAS_VERSION_16_1)
		fuzz_write(&test, &fmail.mail.mail, &folder, TRUE);
	i_stream_unref(&fmail.input);
	test_class_deinit(&test);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < FUZZ_HEAD_SIZE || size > 65536)
		return 0;
	T_BEGIN {
		fuzz_mime(data, data + FUZZ_HEAD_SIZE, size - FUZZ_HEAD_SIZE);
	} T_END;
	return 0;
}
