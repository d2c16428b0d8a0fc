/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "pim-lines.h"
#include "pim-values.h"

bool pim_values_next(const char **pos, const char **value_r)
{
	const char *start = *pos + strspn(*pos, ",");
	const char *end = start + strcspn(start, ",");

	*pos = end;
	if (start == end)
		return FALSE;
	*value_r = t_strdup_until(start, end);
	return TRUE;
}

static unsigned int
pim_values_remove_some(struct pim_property *prop,
		       bool (*match)(const struct pim_property *prop,
				     const char *value, void *context),
		       void *context)
{
	const char *pos = pim_property_value(prop), *value;
	string_t *left = str_new(default_pool, 256);
	unsigned int removed = 0;
	bool more = TRUE;

	while (more) T_BEGIN {
		more = pim_values_next(&pos, &value);
		if (!more)
			;
		else if (match(prop, value, context))
			removed++;
		else {
			if (str_len(left) > 0)
				str_append_c(left, ',');
			str_append(left, value);
		}
	} T_END;
	if (removed > 0 && str_len(left) == 0)
		pim_property_remove(prop);
	else if (removed > 0)
		pim_property_set_value(prop, str_c(left));
	str_free(&left);
	return removed;
}

unsigned int
pim_values_remove(struct pim_component *comp, const char *name,
		  bool (*match)(const struct pim_property *prop,
				const char *value, void *context),
		  void *context)
{
	struct pim_property *prop, *next;
	unsigned int removed = 0;

	for (prop = pim_property_find(comp, name); prop != NULL; prop = next) {
		next = pim_property_next(prop, name);
		removed += pim_values_remove_some(prop, match, context);
	}
	return removed;
}

struct pim_property *
pim_values_add_like(struct pim_component *comp, const char *name,
		    const struct pim_property *like)
{
	static const char *const params[] = { "TZID", "VALUE" };
	struct pim_property *prop =
		pim_property_add(comp, name, pim_property_value(like));

	for (unsigned int i = 0; i < N_ELEMENTS(params); i++) {
		pim_property_set_param(prop, params[i], t_strdup(
			pim_property_param(like, params[i])));
	}
	return prop;
}
