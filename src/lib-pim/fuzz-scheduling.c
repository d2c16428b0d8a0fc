/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "pim-lines.h"
#include "pim-scheduling.h"
#include "pim-scheduling-mail.h"
#include "pim-timezone.h"

/* Two calendar objects, divided by a line "==": a stored event and a message. Whatever they
   are, what comes of it can be read again. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool fuzz_is_own(const char *address, void *context ATTR_UNUSED)
{
	return strcasecmp(address, "me@example.org") == 0;
}

static struct pim_scheduling_user fuzz_user = {
	.is_own = fuzz_is_own, .address = "me@example.org", .name = "Me",
};

/* Nothing of our own leaves the house. */
static void fuzz_check_message(const char *text)
{
	struct pim_component *calendar, *event;
	struct pim_property *prop;
	struct pim_lines *doc;
	const char *error;

	if (pim_lines_parse(text, strlen(text), NULL, &doc, &error) < 0)
		i_panic("%s", error);
	calendar = pim_component_find(pim_lines_root(doc), "VCALENDAR");
	event = pim_component_find(calendar, "VEVENT");
	for (prop = pim_property_find(event, NULL); prop != NULL;
	     prop = pim_property_next(prop, NULL)) {
		i_assert(strncasecmp(pim_property_name(prop), "X-ROOST-",
				     8) != 0);
	}
	pim_lines_free(&doc);
}

static void fuzz_answer(const char *text, size_t size)
{
	struct pim_scheduling_answer answer = {
		.partstat = PIM_PARTSTAT_ACCEPTED, .now = 1795860000,
		.comment = "Yes, \"thanks\"",
	};
	const struct pim_scheduling_instance instances[] = {
		{ .start = 1795860000 },
		{ .start = 1795860000, .future = TRUE },
		{ .start = 1795824000, .is_date = TRUE },
		{ .start = 1795946400 },
	};
	const char *organizer;
	string_t *stored, *message;

	for (unsigned int i = 0; i < 4; i++) T_BEGIN {
		stored = t_str_new(512);
		message = t_str_new(512);
		answer.partstat = i == 2 ? PIM_PARTSTAT_DECLINED :
			PIM_PARTSTAT_ACCEPTED;
		answer.instances = instances + (i == 3 ? 1 : 0);
		answer.instances_count = i == 0 || i == 2 ? 0 :
			i == 1 ? 1 : N_ELEMENTS(instances) - 1;
		(void)pim_scheduling_answer(&fuzz_user, text, size, &answer,
					    stored, message, &organizer);
	} T_END;
}

/* What a message is about is answered. */
static void
fuzz_answer_message(const struct pim_scheduling_peek *peek, const char *text,
		    size_t size)
{
	struct pim_scheduling_answer answer = {
		.partstat = PIM_PARTSTAT_DECLINED, .now = 1795860000,
		.instances = peek->instances,
		.instances_count = peek->instances_count,
	};
	const char *organizer;

	(void)pim_scheduling_answer(&fuzz_user, text, size, &answer,
				    t_str_new(512), t_str_new(512), &organizer);
}

static void fuzz_forward(const char *text, size_t size)
{
	enum pim_itip_method method;
	int64_t instance = 1795860000;

	for (unsigned int i = 0; i < 2; i++) T_BEGIN {
		string_t *message = t_str_new(512);

		if (pim_scheduling_forward(&fuzz_user, text, size,
				i == 0 ? NULL : &instance, message,
				&method) == PIM_FORWARD_OK)
			fuzz_check_message(str_c(message));
	} T_END;
}

static void
fuzz_organize(pool_t pool, const char *old, size_t old_size, const char *new,
	      size_t new_size)
{
	ARRAY_TYPE(pim_scheduling_message) messages;
	const struct pim_scheduling_message *message;
	string_t *text = t_str_new(512), *mail = t_str_new(512);
	const char *error;

	p_array_init(&messages, pool, 4);
	if (pim_scheduling_organize(pool, &fuzz_user, old, old_size, new,
				    new_size, 1795860000, text, &messages,
				    &error) <= 0)
		return;
	array_foreach(&messages, message) {
		struct pim_scheduling_letter letter = {
			.method = message->method,
			.from = { "me@example.org", "Me" },
			.message_id = "<1@example.org>",
			.date = "Sat, 28 Nov 2026 10:00:00 +0000",
			.text = message->text,
		};

		i_assert(array_count(&message->people) > 0);
		letter.to = array_get(&message->people, &letter.to_count);
		pim_scheduling_letter_write(&letter, mail);
		fuzz_check_message(message->text);
	}
}

static void fuzz_run(pool_t pool, const char *data, size_t size)
{
	struct pim_scheduling_mail mail = {
		.from = "boss@example.com", .method = "REQUEST",
	};
	const char *p = strstr(data, "\n==\n"), *reason;
	size_t old_size = p == NULL ? 0 : (size_t)(p + 1 - data);
	string_t *text = t_str_new(1024), *again = t_str_new(1024);
	enum pim_scheduling_result result;
	struct pim_scheduling_peek peek;

	mail.data = p == NULL ? data : p + 4;
	mail.size = size - (p == NULL ? 0 : old_size + 3);
	(void)pim_scheduling_message_type(&fuzz_user, &mail, p == NULL ? NULL :
					  data, old_size);
	(void)pim_scheduling_is_cancellation(&fuzz_user, &mail);
	if (pim_scheduling_peek(pool, fuzz_user.home, &mail, &peek,
				&reason) > 0)
		fuzz_answer_message(&peek, data, old_size);
	result = pim_scheduling_apply(&fuzz_user, &mail, p == NULL ? NULL :
				      data, old_size, text, &reason);
	if (result == PIM_SCHEDULING_CHANGED) {
		i_assert(str_len(text) > 0);
		(void)pim_scheduling_apply(&fuzz_user, &mail, str_data(text),
					   str_len(text), again, &reason);
		fuzz_answer(str_c(text), str_len(text));
	}
	fuzz_answer(data, old_size);
	fuzz_forward(data, old_size);
	fuzz_organize(pool, p == NULL ? NULL : data, old_size, mail.data,
		      mail.size);
	if (p != NULL)
		fuzz_organize(pool, data, old_size, NULL, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	pool_t pool;

	if (!lib_is_initialized())
		lib_init();
	if (fuzz_user.home == NULL)
		fuzz_user.home = pim_timezone_find("America/New_York");
	pool = pool_alloconly_create("fuzz", 4096);

	T_BEGIN {
		const char *copy = t_strndup(data, size);

		/* up to the first NUL */
		fuzz_run(pool, copy, strlen(copy));
	} T_END;
	pool_unref(&pool);
	return 0;
}
