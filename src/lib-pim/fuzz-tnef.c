/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "istream.h"
#include "ostream.h"
#include "str.h"
#include "pim-body.h"
#include "pim-itip.h"
#include "pim-text.h"
#include "pim-timezone.h"
#include "pim-tnef.h"

/* A winmail.dat: the meeting that is in it can be said to a device, its text is
   text in both forms, each attachment is there by its number and whole. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* As a calendar object it is the same meeting. */
static void check_written(pool_t pool, const struct pim_itip *itip)
{
	string_t *str = t_str_new(512);
	struct pim_itip *again;
	const char *error;

	pim_itip_write(str, itip, "subject", "o@example.test",
		       "a@example.test");
	i_assert(pim_itip_read(pool, str_data(str), str_len(str), NULL, NULL,
			       &again, &error) == 1);
	i_assert(again->method == itip->method &&
		 again->partstat == itip->partstat &&
		 again->has_recurrence_id == itip->has_recurrence_id);
}

static void check_meeting(pool_t pool, const struct pim_tnef *tnef)
{
	struct pim_itip *itip;
	const char *error;
	string_t *str = t_str_new(256);

	if (pim_tnef_meeting(pool, tnef, NULL, &itip, &error) <= 0)
		return;
	i_assert(*itip->uid != '\0' && itip->tz != NULL);
	i_assert(itip->end >= itip->start);
	pim_global_obj_id_append(str, itip->uid, itip->has_recurrence_id,
		pim_timezone_to_local(itip->tz, itip->recurrence_id));
	pim_timezone_append_structure(str, itip->tz, itip->start);
	if (itip->has_recurrence) {
		i_assert(pim_recurrence_to_rrule(&itip->recurrence, itip->tz,
						 FALSE, str) == 0);
	}
	check_written(pool, itip);
}

static void
check_body(const struct pim_message *msg, struct istream *input,
	   enum pim_body_type type)
{
	struct pim_body_result result;
	struct pim_text_check check;
	buffer_t *text = buffer_create_dynamic(default_pool, 256);
	struct ostream *output = o_stream_create_buffer(text);

	i_assert(pim_body_write(msg, input, type, UOFF_T_MAX, output,
				&result) == 0);
	i_assert(o_stream_finish(output) >= 0);
	o_stream_unref(&output);
	pim_text_check_init(&check);
	pim_text_check_more(&check, text->data, text->used);
	i_assert(pim_text_check_finish(&check, FALSE));
	buffer_free(&text);
}

static void
check_part(const struct pim_tnef *tnef, struct pim_part *part,
	   struct istream *input)
{
	buffer_t *content = buffer_create_dynamic(default_pool, 256);
	struct ostream *output = o_stream_create_buffer(content);

	i_assert(pim_tnef_find_part(tnef, part->number) == part);
	i_assert(*pim_part_file_name(part, input) != '\0');
	i_assert(pim_part_write(part, input, output) == 0);
	i_assert(o_stream_finish(output) >= 0);
	o_stream_unref(&output);
	i_assert(part->message ? content->used > 0 :
		 content->used == part->body_size);
	buffer_free(&content);
}

static void check(pool_t pool, const uint8_t *data, size_t size)
{
	struct pim_part *part, *outer = p_new(pool, struct pim_part, 1);
	struct istream *input = i_stream_create_from_data(data, size);
	struct pim_message msg;
	struct pim_tnef *tnef;
	const char *error;

	outer->number = "1";
	outer->type = "application/ms-tnef";
	outer->encoding = PIM_ENCODING_BINARY;
	outer->body_size = size;
	i_zero(&msg);
	p_array_init(&msg.sections, pool, 1);
	p_array_init(&msg.attachments, pool, 4);
	array_push_back(&msg.attachments, &outer);
	if (pim_tnef_read(pool, outer, input, &tnef, &error) > 0) {
		check_meeting(pool, tnef);
		i_assert(pim_tnef_show(tnef, input, &msg, FALSE) == 0);
		check_body(&msg, input, PIM_BODY_PLAIN);
		check_body(&msg, input, PIM_BODY_HTML);
		array_foreach_elem(&msg.attachments, part) {
			if (part != outer)
				check_part(tnef, part, input);
		}
	}
	i_stream_unref(&input);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	pool_t pool;

	if (!lib_is_initialized())
		lib_init();
	pool = pool_alloconly_create("fuzz", 4096);

	T_BEGIN {
		check(pool, data, size);
	} T_END;
	pool_unref(&pool);
	return 0;
}
