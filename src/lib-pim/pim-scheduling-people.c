/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "pim-scheduling-private.h"

/* The people of an event, and what in it is the user's own. */

const char *sched_address(const struct pim_property *prop)
{
	const char *value = pim_property_value(prop), *email;

	if (strncasecmp(value, "mailto:", 7) == 0)
		value += 7;
	else if ((email = pim_property_param(prop, "EMAIL")) != NULL)
		value = email;
	while (*value == ' ' || *value == '<')
		value++;
	return t_strdup_until(value, value + strcspn(value, " >"));
}

bool pim_scheduling_address_is_valid(const char *address)
{
	const char *at = strchr(address, '@'), *p;

	if (at == NULL || at == address || at[1] == '\0' ||
	    strchr(at + 1, '@') != NULL || strlen(address) > 320)
		return FALSE;
	for (p = address; *p != '\0'; p++) {
		if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f ||
		    strchr("<>()[]\\,;:\"", *p) != NULL)
			return FALSE;
	}
	return TRUE;
}

struct pim_property *
sched_attendee(const struct pim_component *event, const char *address)
{
	struct pim_property *prop;
	bool found;

	for (prop = pim_property_find(event, "ATTENDEE"); prop != NULL;
	     prop = pim_property_next(prop, "ATTENDEE")) {
		T_BEGIN {
			found = strcasecmp(sched_address(prop), address) == 0;
		} T_END;
		if (found)
			break;
	}
	return prop;
}

bool sched_is_own(const struct pim_scheduling_user *user,
		  const struct pim_property *prop)
{
	bool own;

	T_BEGIN {
		own = user->is_own(sched_address(prop), user->context);
	} T_END;
	return own;
}

struct pim_property *
sched_own_attendee(const struct pim_scheduling_user *user,
		   const struct pim_component *event)
{
	struct pim_property *prop;

	for (prop = pim_property_find(event, "ATTENDEE"); prop != NULL;
	     prop = pim_property_next(prop, "ATTENDEE")) {
		if (sched_is_own(user, prop))
			return prop;
	}
	return NULL;
}

struct pim_property *sched_organizer(const struct sched_doc *doc)
{
	struct pim_component *event = sched_master(doc);
	struct pim_property *prop = NULL;

	if (event != NULL)
		prop = pim_property_find(event, "ORGANIZER");
	for (event = sched_event_first(doc); event != NULL && prop == NULL;
	     event = sched_event_next(doc, event))
		prop = pim_property_find(event, "ORGANIZER");
	return prop;
}

enum pim_partstat sched_partstat(const struct pim_property *attendee)
{
	return pim_partstat_find(pim_property_param(attendee, "PARTSTAT"));
}

/* -- what is one's own -- */

/* How busy those are who come. */
static const char *sched_intended(const struct pim_component *event)
{
	const char *value = pim_component_value(event, SCHED_INTENDED);

	if (value != NULL)
		return value;
	value = pim_component_value(event, SCHED_BUSY);
	if (value != NULL && strcasecmp(value, "TENTATIVE") != 0)
		return value;
	value = pim_component_value(event, "TRANSP");
	return value != NULL && strcasecmp(value, "TRANSPARENT") == 0 ?
		"FREE" : "BUSY";
}

void sched_set_busy(struct pim_component *event, enum pim_partstat partstat)
{
	const char *intended = t_strdup(sched_intended(event));
	const char *busy = intended, *transp;

	if (partstat != PIM_PARTSTAT_ACCEPTED &&
	    strcasecmp(intended, "FREE") != 0)
		busy = "TENTATIVE";
	pim_component_set_value(event, SCHED_INTENDED, intended);
	pim_component_set_value(event, SCHED_BUSY, busy);
	transp = strcasecmp(busy, "FREE") == 0 ? "TRANSPARENT" : "OPAQUE";
	if (pim_property_find(event, "TRANSP") != NULL ||
	    strcmp(transp, "OPAQUE") != 0)
		pim_component_set_value(event, "TRANSP", transp);
}

void sched_strip_own(struct pim_component *event)
{
	static const char *const params[] = { SCHED_STAMP, SCHED_PROPOSED };
	struct pim_property *prop, *next;
	const char *name;

	for (prop = pim_property_find(event, NULL); prop != NULL; prop = next) {
		next = pim_property_next(prop, NULL);
		name = pim_property_name(prop);
		if (strncasecmp(name, SCHED_OWN_PREFIX,
				strlen(SCHED_OWN_PREFIX)) == 0) {
			pim_property_remove(prop);
			continue;
		}
		if (strcasecmp(name, "ATTENDEE") != 0)
			continue;
		for (unsigned int i = 0; i < N_ELEMENTS(params); i++) {
			if (pim_property_param(prop, params[i]) != NULL)
				pim_property_set_param(prop, params[i], NULL);
		}
	}
}

void sched_strip_alarms(struct pim_component *event)
{
	struct pim_component *comp, *next;

	for (comp = pim_component_find(event, NULL); comp != NULL;
	     comp = next) {
		next = pim_component_next(comp, NULL);
		pim_component_remove(comp);
	}
}
