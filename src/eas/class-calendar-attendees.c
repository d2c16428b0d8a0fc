/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "hash.h"
#include "str.h"
#include "pim-text.h"
#include "class-calendar-private.h"

/* Attendee ([MS-ASCAL] 2.2.2.3) and ATTENDEE: who is on both sides keeps his line, with its
   unknown parameters, and only what the device changed of him is changed in it.

   element			property
   Email			value
   Name				CN
   AttendeeStatus		PARTSTAT
   AttendeeType			CUTYPE and ROLE
   ProposedStartTime, -EndTime	X-ROOST-PROPOSED (a parameter) */

/* as pim-scheduling.h has it */
#define CAL_PROPOSED "X-ROOST-PROPOSED"

/* 2.2.2.5 and 2.2.2.6 */
static const struct {
	const char *partstat;
	unsigned int status;
} cal_partstats[] = {
	{ "TENTATIVE", 2 },
	{ "ACCEPTED", 3 },
	{ "DECLINED", 4 },
	{ "NEEDS-ACTION", 5 },
};

enum cal_attendee_type {
	CAL_ATTENDEE_REQUIRED = 1,
	CAL_ATTENDEE_OPTIONAL = 2,
	CAL_ATTENDEE_RESOURCE = 3,
};

HASH_TABLE_DEFINE_TYPE(cal_attendees, char *, struct pim_property *);

static const char *cal_attendee_mail(const struct pim_property *prop)
{
	const char *value = cal_mailto_strip(pim_property_value(prop));
	const char *mail;

	/* Google's groups and some servers have a path here */
	if (strchr(value, '@') == NULL &&
	    (mail = pim_property_param(prop, "EMAIL")) != NULL)
		return mail;
	return value;
}

/* Others have the organizer among the attendees; devices have not, and some add him themselves. */
static bool
cal_attendee_is_shown(const struct pim_property *prop, const char *organizer)
{
	const char *mail = cal_attendee_mail(prop);

	return *mail != '\0' &&
		(organizer == NULL || strcasecmp(mail, organizer) != 0);
}

static const char *cal_attendee_name(const struct pim_property *prop)
{
	const char *name = pim_property_param(prop, "CN");

	/* Name is required */
	return name == NULL || *name == '\0' ? cal_attendee_mail(prop) :
		pim_text_clean_line(name);
}

static unsigned int cal_attendee_status(const struct pim_property *prop)
{
	for (unsigned int i = 0; i < N_ELEMENTS(cal_partstats); i++) {
		if (pim_property_has_param(prop, "PARTSTAT",
					   cal_partstats[i].partstat))
			return cal_partstats[i].status;
	}
	return 0;
}

static unsigned int cal_attendee_type(const struct pim_property *prop)
{
	if (pim_property_has_param(prop, "CUTYPE", "RESOURCE") ||
	    pim_property_has_param(prop, "CUTYPE", "ROOM"))
		return CAL_ATTENDEE_RESOURCE;
	if (pim_property_has_param(prop, "ROLE", "OPT-PARTICIPANT") ||
	    pim_property_has_param(prop, "ROLE", "NON-PARTICIPANT"))
		return CAL_ATTENDEE_OPTIONAL;
	return CAL_ATTENDEE_REQUIRED;
}

/* -- write -- */

static void
cal_write_proposed(struct pim_property *prop, struct wbxml_writer *writer)
{
	const char *value = pim_property_param(prop, CAL_PROPOSED);
	const char *const *times;
	int64_t start, end;

	if (value == NULL)
		return;
	times = t_strsplit(value, "/");
	if (str_array_length(times) != 2 ||
	    eas_date_time_parse(times[0], &start) < 0 ||
	    eas_date_time_parse(times[1], &end) < 0)
		return;
	wbxml_text(writer, EAS_MEETINGRESPONSE_PROPOSED_START_TIME,
		   eas_ical_time(start));
	wbxml_text(writer, EAS_MEETINGRESPONSE_PROPOSED_END_TIME,
		   eas_ical_time(end));
}

static void
cal_write_attendee(struct cal_doc *doc, struct pim_property *prop,
		   struct wbxml_writer *writer)
{
	wbxml_open(writer, EAS_CALENDAR_ATTENDEE);
	wbxml_text(writer, EAS_CALENDAR_EMAIL, cal_attendee_mail(prop));
	wbxml_text(writer, EAS_CALENDAR_NAME, cal_attendee_name(prop));
	if (doc->req->version >= EAS_VERSION_12_0) {
		wbxml_uint(writer, EAS_CALENDAR_ATTENDEE_STATUS,
			   cal_attendee_status(prop));
		wbxml_uint(writer, EAS_CALENDAR_ATTENDEE_TYPE,
			   cal_attendee_type(prop));
	}
	if (doc->req->version >= EAS_VERSION_16_1)
		cal_write_proposed(prop, writer);
	wbxml_close(writer);
}

bool cal_write_attendees(struct cal_doc *doc, struct pim_component *comp,
			 struct wbxml_writer *writer)
{
	struct pim_property *prop = pim_property_find(comp, "ATTENDEE");
	const char *organizer = cal_organizer(comp);
	unsigned int count = 0;

	for (; prop != NULL && count < CAL_MAX_ATTENDEES;
	     prop = pim_property_next(prop, "ATTENDEE")) T_BEGIN {
		if (cal_attendee_is_shown(prop, organizer)) {
			if (count++ == 0)
				wbxml_open(writer, EAS_CALENDAR_ATTENDEES);
			cal_write_attendee(doc, prop, writer);
		}
	} T_END;
	if (count > 0)
		wbxml_close(writer);
	return count > 0;
}

bool cal_attendees_equal(struct cal_doc *doc ATTR_UNUSED,
			 struct pim_component *comp1,
			 struct pim_component *comp2)
{
	struct pim_property *prop1 = pim_property_find(comp1, "ATTENDEE");
	struct pim_property *prop2 = pim_property_find(comp2, "ATTENDEE");
	bool equal = TRUE;

	while (prop1 != NULL && prop2 != NULL && equal) T_BEGIN {
		equal = strcasecmp(cal_attendee_mail(prop1),
				   cal_attendee_mail(prop2)) == 0 &&
			strcmp(cal_attendee_name(prop1),
			       cal_attendee_name(prop2)) == 0 &&
			cal_attendee_status(prop1) ==
			cal_attendee_status(prop2) &&
			cal_attendee_type(prop1) == cal_attendee_type(prop2);
		prop1 = pim_property_next(prop1, "ATTENDEE");
		prop2 = pim_property_next(prop2, "ATTENDEE");
	} T_END;
	return equal && prop1 == NULL && prop2 == NULL;
}

/* -- apply -- */

static int
cal_set_attendee_status(struct cal_doc *doc, struct pim_property *prop,
			const struct wbxml_node *node)
{
	unsigned int status;
	int ret;

	ret = wbxml_child_uint(node, EAS_CALENDAR_ATTENDEE_STATUS, &status);
	/* 2.2.2.5: not from 16.0 on */
	if (ret <= 0 || doc->req->version >= EAS_VERSION_16_0)
		return ret;
	if (status > 5 || status == 1)
		return -1;
	/* 0 and 5 are the same to nearly everybody: PARTSTATs that can't be said
	   stay */
	if (status == cal_attendee_status(prop) ||
	    (status == 0 && cal_attendee_status(prop) == 5) ||
	    (status == 5 && cal_attendee_status(prop) == 0 &&
	     pim_property_param(prop, "PARTSTAT") != NULL))
		return 0;
	for (unsigned int i = 0; i < N_ELEMENTS(cal_partstats); i++) {
		if (cal_partstats[i].status == status) {
			pim_property_set_param(prop, "PARTSTAT",
					       cal_partstats[i].partstat);
			return 0;
		}
	}
	pim_property_set_param(prop, "PARTSTAT", NULL);
	return 0;
}

static int
cal_set_attendee_type(struct pim_property *prop, const struct wbxml_node *node)
{
	unsigned int type;
	int ret;

	ret = wbxml_child_uint(node, EAS_CALENDAR_ATTENDEE_TYPE, &type);
	if (ret <= 0)
		return ret;
	if (type < CAL_ATTENDEE_REQUIRED || type > CAL_ATTENDEE_RESOURCE)
		return -1;
	if (type == cal_attendee_type(prop))
		return 0;
	if (type == CAL_ATTENDEE_RESOURCE) {
		pim_property_set_param(prop, "CUTYPE", "RESOURCE");
		return 0;
	}
	if (cal_attendee_type(prop) == CAL_ATTENDEE_RESOURCE)
		pim_property_set_param(prop, "CUTYPE", NULL);
	if (type != cal_attendee_type(prop)) {
		pim_property_set_param(prop, "ROLE",
			type == CAL_ATTENDEE_OPTIONAL ? "OPT-PARTICIPANT" :
			NULL);
	}
	return 0;
}

static int
cal_set_attendee(struct cal_doc *doc, struct pim_property *prop,
		 const struct wbxml_node *node, const char **error_r)
{
	const char *name = eas_class_read_text(doc->req,
		wbxml_node_child(node, EAS_CALENDAR_NAME));

	if (name != NULL && *name != '\0' &&
	    strcmp(pim_text_clean_line(name), cal_attendee_name(prop)) != 0) {
		pim_property_set_param(prop, "CN", pim_text_clean_line(name));
	}
	if (cal_set_attendee_status(doc, prop, node) < 0 ||
	    cal_set_attendee_type(prop, node) < 0) {
		*error_r = "An Attendee is malformed";
		return -1;
	}
	return 0;
}

static void
cal_attendees_hash(struct pim_component *comp, pool_t pool,
		   HASH_TABLE_TYPE(cal_attendees) hash)
{
	struct pim_property *prop = pim_property_find(comp, "ATTENDEE");

	for (; prop != NULL; prop = pim_property_next(prop, "ATTENDEE")) {
		char *mail = str_lcase(p_strdup(pool, cal_attendee_mail(prop)));

		/* who is there twice stays so */
		if (hash_table_lookup(hash, mail) == NULL)
			hash_table_insert(hash, mail, prop);
	}
}

static int
cal_apply_attendee(struct cal_doc *doc, struct pim_component *comp,
		   HASH_TABLE_TYPE(cal_attendees) hash,
		   HASH_TABLE_TYPE(cal_attendees) kept,
		   const struct wbxml_node *node, const char **error_r)
{
	const char *email = wbxml_child_text(node, EAS_CALENDAR_EMAIL);
	struct pim_property *prop;
	char *key;

	/* some have only a name */
	if (email == NULL || *email == '\0')
		email = wbxml_child_text(node, EAS_CALENDAR_NAME);
	if (email == NULL || *email == '\0')
		return 0;
	email = pim_text_clean_line(email);
	key = str_lcase(p_strdup(doc->pool, email));
	if (hash_table_lookup(kept, key) != NULL)
		return 0;
	prop = hash_table_lookup(hash, key);
	if (prop == NULL) {
		prop = pim_property_add(comp, "ATTENDEE",
					t_strconcat("mailto:", email, NULL));
		/* whom the device invites has not answered */
		pim_property_set_param(prop, "PARTSTAT", "NEEDS-ACTION");
		if (doc->req->version >= EAS_VERSION_16_0)
			pim_property_set_param(prop, "RSVP", "TRUE");
	}
	hash_table_insert(kept, key, prop);
	return cal_set_attendee(doc, prop, node, error_r);
}

static bool
cal_attendee_is_kept(const struct pim_property *prop,
		     HASH_TABLE_TYPE(cal_attendees) kept)
{
	return hash_table_lookup(kept, t_str_lcase(cal_attendee_mail(prop))) !=
		NULL;
}

/* Who was not shown stays, unless the last one who was goes. */
static void
cal_attendees_remove_others(struct pim_component *comp,
			    HASH_TABLE_TYPE(cal_attendees) kept)
{
	struct pim_property *prop = pim_property_find(comp, "ATTENDEE"), *next;
	const char *organizer = cal_organizer(comp);
	bool any = hash_table_count(kept) > 0, removed = FALSE;
	unsigned int shown = 0;

	for (; prop != NULL && shown < CAL_MAX_ATTENDEES; prop = next) T_BEGIN {
		next = pim_property_next(prop, "ATTENDEE");
		if (cal_attendee_is_shown(prop, organizer)) {
			shown++;
			if (!cal_attendee_is_kept(prop, kept)) {
				pim_property_remove(prop);
				removed = TRUE;
			}
		}
	} T_END;
	if (removed && !any)
		(void)pim_component_remove_all(comp, "ATTENDEE");
}

int cal_apply_attendees(struct cal_doc *doc, struct pim_component *comp,
			const struct wbxml_node *attendees,
			const char **error_r)
{
	HASH_TABLE_TYPE(cal_attendees) hash, kept;
	const struct wbxml_node *node;
	unsigned int count = 0;
	int ret = 0;

	hash_table_create(&hash, doc->pool, 0, str_hash, strcmp);
	hash_table_create(&kept, doc->pool, 0, str_hash, strcmp);
	cal_attendees_hash(comp, doc->pool, hash);
	node = wbxml_node_child(attendees, EAS_CALENDAR_ATTENDEE);
	for (; node != NULL && ret == 0; node = wbxml_node_next_same(node)) {
		if (++count > CAL_MAX_ATTENDEES) {
			*error_r = "There are too many attendees";
			ret = -1;
		} else T_BEGIN {
			ret = cal_apply_attendee(doc, comp, hash, kept, node,
						 error_r);
		} T_END;
	}
	if (ret == 0)
		cal_attendees_remove_others(comp, kept);
	hash_table_destroy(&hash);
	hash_table_destroy(&kept);
	return ret;
}
