/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "pim-freebusy.h"
#include "pim-lines.h"
#include "pim-occurrence.h"
#include "pim-recurrence.h"
#include "pim-timezone.h"

/* A calendar object: its occurrences are in order, in the window and found by their
   ids, and nothing takes long. */

#define FUZZ_FROM INT64_C(1764547200)
#define FUZZ_TO (FUZZ_FROM + INT64_C(400)*24*60*60)
#define FUZZ_MAX 50

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool fuzz_is_own(const char *address, void *context ATTR_UNUSED)
{
	return *address == 'm';
}

static void check_series(const struct pim_series *series)
{
	ARRAY_TYPE(pim_occurrence) found;
	const struct pim_occurrence *occ;
	struct pim_occurrence one;
	struct pim_recurrence rec;
	int64_t first, last, before = INT64_MIN;

	t_array_init(&found, 16);
	(void)pim_series_get(series, FUZZ_FROM, FUZZ_TO, FUZZ_MAX, &found);
	i_assert(array_count(&found) <= FUZZ_MAX);
	array_foreach(&found, occ) {
		i_assert(occ->start >= before && occ->end >= occ->start);
		i_assert(occ->start < FUZZ_TO);
		i_assert(occ->end > FUZZ_FROM || occ->start >= FUZZ_FROM);
		i_assert(occ->comp != NULL);
		before = occ->start;
	}
	/* one is enough: it may cost as much as all together */
	if (array_count(&found) > 0) {
		occ = array_front(&found);
		if (pim_series_find(series, occ->id, &one))
			i_assert(one.id == occ->id);
	}
	(void)pim_series_get_kind(series, &rec);
	(void)pim_series_get_range(series, &first, &last);
	i_assert(last >= first);
}

static void check(pool_t pool, const uint8_t *data, size_t size)
{
	const struct pim_freebusy_user user = { .is_own = fuzz_is_own };
	struct pim_component *calendar, *event = NULL;
	const struct pim_series *series;
	struct pim_freebusy fb;
	struct pim_lines *doc;
	const char *error;

	if (pim_lines_parse(data, size, NULL, &doc, &error) < 0)
		return;
	calendar = pim_component_find(pim_lines_root(doc), "VCALENDAR");
	if (calendar != NULL)
		event = pim_component_find(calendar, "VEVENT");
	if (event != NULL) {
		series = pim_series_read(pool, event,
					 pim_timezone_find("Europe/Berlin"));
		if (series != NULL)
			check_series(series);
	}
	pim_lines_free(&doc);
	pim_freebusy_init(&fb, pool, FUZZ_FROM, FUZZ_FROM + 86401);
	pim_freebusy_add(&fb, &user, data, size);
	i_assert(strspn(fb.digits, "0123") == fb.count);
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
