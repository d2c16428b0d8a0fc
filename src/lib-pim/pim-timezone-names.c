/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "hash.h"
#include "str.h"
#include "path-util.h"
#include "pim-date.h"
#include "pim-timezone-private.h"

#include <ctype.h>

/* Where the tz database is installed, on every system that we know of. */
#define ZONEINFO "/usr/share/zoneinfo"
/* The longest name has 32 characters. */
#define ZONE_NAME_MAX 64

struct pim_windows_name {
	const char *windows, *zone;
};
struct pim_windows_zone {
	const char *zone;
	unsigned int windows;		/* in pim_windows_names */
};
struct pim_tz_link {
	const char *old_name, *new_name;
};

#include "pim-windows-zones.inc"

/* Several zones may have a rule; nobody can tell which one was meant. This is
   where most people with that rule live. */
static const char *const pim_tz_preferred[] = {
	"Etc/UTC",
	"Europe/Berlin", "Europe/London", "Europe/Helsinki", "Europe/Moscow",
	"America/New_York", "America/Chicago", "America/Denver",
	"America/Los_Angeles", "America/Phoenix", "America/Anchorage",
	"America/Halifax", "America/Sao_Paulo", "America/Mexico_City",
	"America/Bogota", "America/Puerto_Rico",
	"Asia/Kolkata", "Asia/Shanghai", "Asia/Tokyo", "Asia/Dubai",
	"Asia/Karachi", "Asia/Dhaka", "Asia/Bangkok",
	"Australia/Sydney", "Australia/Brisbane", "Pacific/Auckland",
	"Africa/Lagos", "Africa/Johannesburg", "Africa/Nairobi",
	/* Windows has no name for this one */
	"Antarctica/Troll",
};

struct pim_tz_cache {
	pool_t pool;
	HASH_TABLE(char *, struct pim_timezone *) zones;
};
static struct pim_tz_cache *pim_tz_cache;
static char *pim_home_name;

void pim_timezones_deinit(void)
{
	i_free(pim_home_name);
	if (pim_tz_cache == NULL)
		return;
	hash_table_destroy(&pim_tz_cache->zones);
	pool_unref(&pim_tz_cache->pool);
	i_free(pim_tz_cache);
}

static bool pim_zone_name_is_safe(const char *name)
{
	if (!i_isalpha(*name) || strlen(name) > ZONE_NAME_MAX ||
	    strstr(name, "..") != NULL)
		return FALSE;
	for (; *name != '\0'; name++) {
		if (!i_isalnum(*name) && strchr("/_+-", *name) == NULL)
			return FALSE;
	}
	return TRUE;
}

static struct pim_timezone *pim_zone_read(const char *name)
{
	struct pim_timezone *tz;
	pool_t pool;

	if (pim_tz_cache == NULL) {
		pool = pool_alloconly_create("time zones", 64*1024);
		pim_tz_cache = i_new(struct pim_tz_cache, 1);
		pim_tz_cache->pool = pool;
		hash_table_create(&pim_tz_cache->zones, default_pool, 0,
				  str_hash, strcmp);
	}
	tz = hash_table_lookup(pim_tz_cache->zones, name);
	if (tz != NULL)
		return tz;
	T_BEGIN {
		tz = pim_tzif_read(pim_tz_cache->pool, name,
				   t_strconcat(ZONEINFO"/", name, NULL));
	} T_END;
	if (tz != NULL) {
		char *key = p_strdup(pim_tz_cache->pool, name);

		hash_table_insert(pim_tz_cache->zones, key, tz);
	}
	return tz;
}

static int pim_windows_zone_cmp(const void *key, const void *item)
{
	const struct pim_windows_zone *zone = item;

	return strcasecmp(key, zone->zone);
}

static int pim_windows_name_cmp(const void *key, const void *item)
{
	const struct pim_windows_name *name = item;

	return strcasecmp(key, name->windows);
}

static int pim_tz_link_cmp(const void *key, const void *item)
{
	const struct pim_tz_link *tz_link = item;

	return strcasecmp(key, tz_link->old_name);
}

static const struct pim_windows_zone *pim_windows_zone_find(const char *name)
{
	return bsearch(name, pim_windows_zones, N_ELEMENTS(pim_windows_zones),
		       sizeof(pim_windows_zones[0]), pim_windows_zone_cmp);
}

/* The name as the database writes it. */
static const struct pim_timezone *pim_zone_find(const char *name)
{
	const struct pim_windows_zone *zone;
	const struct pim_tz_link *tz_link;
	const struct pim_timezone *tz;

	if (!pim_zone_name_is_safe(name))
		return NULL;
	if ((zone = pim_windows_zone_find(name)) != NULL)
		name = zone->zone;
	tz_link = bsearch(name, pim_tz_links, N_ELEMENTS(pim_tz_links),
			  sizeof(pim_tz_links[0]), pim_tz_link_cmp);
	if (tz_link != NULL) {
		/* a zone has one name, or two would never be the same */
		tz = pim_zone_read(tz_link->new_name);
		if (tz != NULL)
			return tz;
	}
	return pim_zone_read(name);
}

const struct pim_timezone *pim_timezone_find(const char *name)
{
	const struct pim_timezone *tz;

	/* what is before the name is the vendor's */
	while (*name != '\0') {
		while (*name == '/')
			name++;
		if ((tz = pim_zone_find(name)) != NULL)
			return tz;
		if ((name = strchr(name, '/')) == NULL)
			break;
	}
	return NULL;
}

const struct pim_timezone *pim_timezone_find_windows(const char *name)
{
	const struct pim_windows_name *found;

	found = bsearch(name, pim_windows_names, N_ELEMENTS(pim_windows_names),
			sizeof(pim_windows_names[0]), pim_windows_name_cmp);
	return found == NULL ? NULL : pim_zone_find(found->zone);
}

const struct pim_timezone *pim_timezone_utc(void)
{
	static const struct pim_timezone utc = {
		.name = "Etc/UTC", .known = TRUE, .has_rule = TRUE,
	};
	const struct pim_timezone *tz = pim_zone_find("Etc/UTC");

	/* without a tz database there is still this one */
	return tz != NULL ? tz : &utc;
}

/* What /etc/localtime links to, below the database's folder. */
static const char *pim_timezone_localtime(void)
{
	static const char mark[] = "/zoneinfo/";
	const char *target, *name, *error;

	if (t_readlink("/etc/localtime", &target, &error) < 0)
		return NULL;
	name = strstr(target, mark);
	return name == NULL ? NULL : name + strlen(mark);
}

const struct pim_timezone *pim_timezone_home(void)
{
	const struct pim_timezone *tz;
	const char *name;

	if (pim_home_name == NULL) T_BEGIN {
		name = getenv("TZ");
		if (name != NULL && *name == ':')
			name++;
		if (name == NULL || pim_timezone_find(name) == NULL)
			name = pim_timezone_localtime();
		pim_home_name = i_strdup(name == NULL ? "Etc/UTC" : name);
	} T_END;
	tz = pim_timezone_find(pim_home_name);
	return tz == NULL ? pim_timezone_utc() : tz;
}

const char *pim_timezone_windows_name(const struct pim_timezone *tz)
{
	const struct pim_windows_zone *zone;

	if (!tz->known || (zone = pim_windows_zone_find(tz->name)) == NULL)
		return NULL;
	return pim_windows_names[zone->windows].windows;
}

static bool
pim_timezone_has_rule(const struct pim_timezone *tz,
		      const struct pim_tz_rule *rule, int64_t t)
{
	struct pim_tz_rule own;

	if (tz == NULL)
		return FALSE;
	pim_timezone_rule(tz, t, &own);
	return pim_tz_rule_equals(rule, &own, pim_year_of(t + own.standard_offset));
}

/* The same, and the rule is all that happens in that year: a zone of which
   nothing else is known is taken for this one only then. */
static bool
pim_timezone_is_rule(const struct pim_timezone *tz,
		     const struct pim_tz_rule *rule, int64_t t)
{
	struct pim_tz_transition found[PIM_TZ_YEAR_MAX];
	int year = pim_year_of(t + rule->standard_offset);

	return pim_timezone_has_rule(tz, rule, t) &&
		pim_timezone_year(tz, year, found, N_ELEMENTS(found)) ==
		(rule->has_daylight ? 2 : 0);
}

/* The hints' zones, in their order. */
static const struct pim_timezone *
pim_timezone_match_hints(const struct pim_tz_rule *rule,
			 const struct pim_timezone_hints *hints)
{
	const struct pim_timezone *tz;

	if (pim_timezone_has_rule(hints->previous, rule, hints->time))
		return hints->previous;
	if (pim_timezone_has_rule(hints->home, rule, hints->time))
		return hints->home;
	if (hints->name == NULL)
		return NULL;
	tz = pim_timezone_find_windows(hints->name);
	if (tz == NULL)
		tz = pim_timezone_find(hints->name);
	return tz != NULL && pim_timezone_is_rule(tz, rule, hints->time) ?
		tz : NULL;
}

const struct pim_timezone *
pim_timezone_match(const struct pim_tz_rule *rule,
		   const struct pim_timezone_hints *hints)
{
	const struct pim_timezone *tz;
	unsigned int i;

	if ((tz = pim_timezone_match_hints(rule, hints)) != NULL)
		return tz;
	for (i = 0; i < N_ELEMENTS(pim_tz_preferred); i++) {
		tz = pim_zone_find(pim_tz_preferred[i]);
		if (pim_timezone_is_rule(tz, rule, hints->time))
			return tz;
	}
	for (i = 0; i < N_ELEMENTS(pim_windows_names); i++) {
		tz = pim_zone_find(pim_windows_names[i].zone);
		if (pim_timezone_is_rule(tz, rule, hints->time))
			return tz;
	}
	for (i = 0; i < N_ELEMENTS(pim_windows_zones); i++) {
		tz = pim_zone_find(pim_windows_zones[i].zone);
		if (pim_timezone_is_rule(tz, rule, hints->time))
			return tz;
	}
	return NULL;
}

const struct pim_timezone *
pim_timezone_resolve(const char *tzid, const struct pim_timezone *described,
		     const struct pim_timezone_hints *hints)
{
	const struct pim_timezone *tz;
	struct pim_timezone_hints own = *hints;
	struct pim_tz_rule rule;

	tz = pim_timezone_find(tzid);
	/* "EST" is a zone, and what people write who mean New York's */
	if (tz != NULL && strchr(tzid, '/') != NULL)
		return tz;
	if (tz == NULL)
		tz = pim_timezone_find_windows(tzid);
	if (described == NULL)
		return tz;
	pim_timezone_rule(described, hints->time, &rule);
	if (pim_timezone_has_rule(tz, &rule, hints->time))
		return tz;
	own.name = tzid;
	/* "UTC+1 for ever" is nobody's zone, unless somebody says so */
	tz = rule.has_daylight ? pim_timezone_match(&rule, &own) :
		pim_timezone_match_hints(&rule, &own);
	return tz != NULL ? tz : described;
}
