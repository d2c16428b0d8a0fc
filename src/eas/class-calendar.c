/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "eas-home.h"
#include "class-calendar-private.h"

/* A text of the store's largest size has its components elsewhere. */
#define CAL_POOL_SIZE 1024

static void cal_doc_init(struct eas_request *req, struct cal_doc *doc_r)
{
	i_zero(doc_r);
	doc_r->req = req;
	doc_r->pool = pool_alloconly_create("calendar", CAL_POOL_SIZE);
	doc_r->home = eas_home(req);
	doc_r->zone = doc_r->home;
}

static void
cal_doc_opened(struct cal_doc *doc, const struct store_item *item)
{
	doc->uid = item == NULL ? 0 : item->uid;
	doc->calendar = doc->ical.calendar;
	doc->master = doc->ical.item;
	cal_doc_read_start(doc);
}

int cal_doc_open(struct eas_request *req, const struct store_item *item,
		 struct cal_doc *doc_r, const char **error_r)
{
	cal_doc_init(req, doc_r);
	if (eas_ical_parse(req, item, "VEVENT", &doc_r->ical, error_r) < 0) {
		pool_unref(&doc_r->pool);
		return -1;
	}
	cal_doc_opened(doc_r, item);
	return 0;
}

int cal_doc_edit(struct eas_class_apply *apply, struct cal_doc *doc_r)
{
	cal_doc_init(apply->req, doc_r);
	if (eas_ical_edit(apply, "VEVENT", &doc_r->ical) < 0) {
		pool_unref(&doc_r->pool);
		return -1;
	}
	cal_doc_opened(doc_r, apply->old);
	doc_r->was_list = doc_r->has_start && cal_is_list(doc_r);
	return 0;
}

void cal_doc_close(struct cal_doc *doc)
{
	if (hash_table_is_created(doc->zones))
		hash_table_destroy(&doc->zones);
	eas_ical_free(&doc->ical);
	pool_unref(&doc->pool);
}

struct pim_component *
cal_override_next(const struct cal_doc *doc, struct pim_component *comp)
{
	comp = comp == NULL ? pim_component_find(doc->calendar, "VEVENT") :
		pim_component_next(comp, "VEVENT");
	for (; comp != NULL; comp = pim_component_next(comp, "VEVENT")) {
		if (comp != doc->master &&
		    pim_property_find(comp, "RECURRENCE-ID") != NULL)
			break;
	}
	return comp;
}

bool cal_values_equal(const struct pim_component *comp1,
		      const struct pim_component *comp2, const char *name)
{
	const struct pim_property *prop1 = pim_property_find(comp1, name);
	const struct pim_property *prop2 = pim_property_find(comp2, name);

	for (; prop1 != NULL && prop2 != NULL;
	     prop1 = pim_property_next(prop1, name),
	     prop2 = pim_property_next(prop2, name)) {
		if (strcmp(pim_property_value(prop1),
			   pim_property_value(prop2)) != 0)
			return FALSE;
	}
	return prop1 == NULL && prop2 == NULL;
}

static int
cal_write(const struct eas_class_write *write, const struct store_item *item,
	  struct wbxml_writer *writer, const char **error_r)
{
	struct cal_doc doc;

	if (cal_doc_open(write->req, item, &doc, error_r) < 0)
		return -1;
	if (!doc.has_start) {
		*error_r = "The event has no valid DTSTART";
		cal_doc_close(&doc);
		return -1;
	}
	T_BEGIN {
		cal_write_event(write, item, &doc, writer);
	} T_END;
	cal_doc_close(&doc);
	return 0;
}

/* [MS-ASCAL] 2.2.2.46: the client makes the UID, from 16.0 on the server; what the client then
   calls the event (2.2.2.13) is as good as any, and finds an Add that was made before. */
static const char *cal_new_uid(const struct eas_class_apply *apply)
{
	const char *uid;

	if (apply->data == NULL)
		return apply->new_uid;
	uid = wbxml_child_text(apply->data, EAS_CALENDAR_UID);
	if (uid == NULL || *uid == '\0')
		uid = wbxml_child_text(apply->data, EAS_CALENDAR_CLIENT_UID);
	return uid == NULL || *uid == '\0' ? apply->new_uid : uid;
}

/* [MS-ASCAL] 2.2.2.18: up to 14.1 the device says when it changed the event. */
static void
cal_apply_stamps(const struct eas_class_apply *apply, struct cal_doc *doc)
{
	const char *value;
	int64_t stamp;

	value = apply->data == NULL ? NULL :
		wbxml_child_text(apply->data, EAS_CALENDAR_DT_STAMP);
	if (value == NULL || apply->req->version >= EAS_VERSION_16_0 ||
	    eas_date_time_parse(value, &stamp) < 0)
		stamp = apply->now;
	pim_component_set_value(doc->master, "DTSTAMP", eas_ical_time(stamp));
	pim_component_set_value(doc->master, "LAST-MODIFIED",
				eas_ical_time(apply->now));
}

static bool
cal_is_old(const struct eas_class_apply *apply, const string_t *text)
{
	return apply->old != NULL && apply->old->size == str_len(text) &&
		memcmp(apply->old->text, str_data(text), str_len(text)) == 0;
}

static int cal_apply(struct eas_class_apply *_apply)
{
	struct eas_class_apply apply = *_apply;
	struct cal_doc doc;
	int ret = -1;

	apply.new_uid = cal_new_uid(_apply);
	if (strlen(apply.new_uid) > CAL_MAX_UID)
		apply.error = "UID is too long";
	else if (cal_doc_edit(&apply, &doc) == 0) {
		ret = apply.instance_id != NULL ?
			cal_apply_instance(&apply, &doc) :
			cal_apply_event(&apply, &doc);
		if (ret > 0)
			pim_lines_write(doc.ical.doc, apply.text);
		if (ret > 0 && !cal_is_old(&apply, apply.text)) {
			cal_apply_stamps(&apply, &doc);
			str_truncate(apply.text, 0);
			pim_lines_write(doc.ical.doc, apply.text);
		}
		cal_doc_close(&doc);
	}
	_apply->error = apply.error;
	_apply->tell = apply.tell;
	return ret;
}

const struct eas_class eas_class_calendar = {
	.name = "Calendar",
	.kind = STORE_KIND_CALENDAR,
	.min_version = EAS_VERSION_2_5,
	.filter_types = 1U << 4 | 1U << 5 | 1U << 6 | 1U << 7,
	.write = cal_write,
	.apply = cal_apply,
	.has_instances = TRUE,
	.attach = cal_attach,
	.write_added = cal_write_added,
};
