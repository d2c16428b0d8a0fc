/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "iso8601-date.h"
#include "gal.h"
#include "roost-addresses.h"
#include "eas-freebusy.h"
#include "cmd-resolverecipients.h"

#include <time.h>

/* [MS-ASCMD] 2.2.3.16 Availability, 2.2.3.107 MergedFreeBusy. A group's is
   that of its members whose times are known; it is unknown if none's are. */

/* [MS-ASCMD] 2.2.3.61.1 */
#define RESOLVE_MIN_SECS (30*60)
#define RESOLVE_MAX_SECS (42*24*3600)
#define RESOLVE_DEFAULT_SECS (7*24*3600)
/* [MS-ASCMD] 2.2.3.177.12, and Exchange's number for 160 */
#define RESOLVE_MAX_MEMBERS 20
#define RESOLVE_MAX_CALENDARS 100
/* for all calendars of one request */
#define RESOLVE_TIMEOUT_SECS 15
/* years that are no mistake: 1970 to 9999 */
#define RESOLVE_MAX_TIME INT64_C(253402300799)

/* [MS-ASCMD] 2.2.3.177.12 */
enum resolve_availability_status {
	RESOLVE_AVAILABILITY_SUCCESS = 1,
	RESOLVE_AVAILABILITY_TOO_MANY = 160,
	RESOLVE_AVAILABILITY_TOO_MANY_MEMBERS = 161,
	RESOLVE_AVAILABILITY_TEMPORARY = 162,
	RESOLVE_AVAILABILITY_FAILED = 163,
};

/* Returns 1, 0 if there is no such element, -1. */
static int resolve_read_time(const struct wbxml_node *node, unsigned int tag,
			     int64_t *time_r)
{
	const struct wbxml_node *child = wbxml_node_child(node, tag);
	const char *text;
	time_t time;
	int zone;

	if (child == NULL)
		return 0;
	text = wbxml_node_text(child);
	if (text == NULL ||
	    !iso8601_date_parse((const unsigned char *)text, strlen(text),
				&time, &zone) ||
	    time < 0 || time > RESOLVE_MAX_TIME)
		return -1;
	*time_r = time;
	return 1;
}

int resolve_availability_read(struct resolve_availability *av,
			      struct eas_request *req,
			      const struct wbxml_node *options)
{
	const struct wbxml_node *node =
		wbxml_node_child(options, EAS_RESOLVERECIPIENTS_AVAILABILITY);
	int ret;

	i_zero(av);
	av->req = req;
	/* below 14.0 there is no such element */
	if (node == NULL || req->version < EAS_VERSION_14_0)
		return 0;
	if (resolve_read_time(node, EAS_RESOLVERECIPIENTS_START_TIME,
			      &av->start) <= 0)
		return -1;
	ret = resolve_read_time(node, EAS_RESOLVERECIPIENTS_END_TIME, &av->end);
	if (ret == 0)
		av->end = av->start + RESOLVE_DEFAULT_SECS;
	if (ret < 0 || av->end - av->start < RESOLVE_MIN_SECS ||
	    av->end - av->start > RESOLVE_MAX_SECS)
		return -1;
	av->wanted = TRUE;
	av->deadline = time(NULL) + RESOLVE_TIMEOUT_SECS;
	return 0;
}

/* Adds one person's times. */
static enum resolve_availability_status
resolve_availability_add(struct resolve_availability *av, const char *address,
			 struct pim_freebusy *fb)
{
	if (!roost_address_is_valid(address))
		return RESOLVE_AVAILABILITY_FAILED;
	if (++av->count >= RESOLVE_MAX_CALENDARS)
		return RESOLVE_AVAILABILITY_TOO_MANY;
	if (time(NULL) > av->deadline)
		return RESOLVE_AVAILABILITY_TEMPORARY;
	switch (eas_freebusy_read(av->req, address, av->deadline, fb)) {
	case EAS_FREEBUSY_OK:
		return RESOLVE_AVAILABILITY_SUCCESS;
	case EAS_FREEBUSY_NONE:
		return RESOLVE_AVAILABILITY_FAILED;
	case EAS_FREEBUSY_FAILED:
		return RESOLVE_AVAILABILITY_TEMPORARY;
	}
	i_unreached();
}

static enum resolve_availability_status
resolve_availability_add_group(struct resolve_availability *av,
			       const struct gal_entry *entry,
			       struct pim_freebusy *fb)
{
	enum resolve_availability_status status, result =
		RESOLVE_AVAILABILITY_FAILED;
	struct pim_property *prop = pim_property_find(entry->card, "MEMBER");

	for (; prop != NULL; prop = pim_property_next(prop, "MEMBER")) {
		const char *uri = pim_property_value(prop);

		if (strncasecmp(uri, "mailto:", 7) != 0)
			continue;
		status = resolve_availability_add(av, uri + 7, fb);
		if (status == RESOLVE_AVAILABILITY_SUCCESS)
			result = status;
		else if (status != RESOLVE_AVAILABILITY_FAILED)
			return status;
	}
	return result;
}

static enum resolve_availability_status
resolve_availability_get(struct resolve_availability *av,
			 const struct gal_entry *entry, struct pim_freebusy *fb)
{
	if (entry->members > RESOLVE_MAX_MEMBERS)
		return RESOLVE_AVAILABILITY_TOO_MANY_MEMBERS;
	if (entry->members > 0)
		return resolve_availability_add_group(av, entry, fb);
	return entry->email == NULL ? RESOLVE_AVAILABILITY_FAILED :
		resolve_availability_add(av, entry->email, fb);
}

void resolve_availability_write(struct resolve_availability *av,
				struct wbxml_writer *writer,
				const struct gal_entry *entry)
{
	enum resolve_availability_status status;
	struct pim_freebusy fb;

	pim_freebusy_init(&fb, pool_datastack_create(), av->start, av->end);
	status = resolve_availability_get(av, entry, &fb);
	wbxml_open(writer, EAS_RESOLVERECIPIENTS_AVAILABILITY);
	wbxml_uint(writer, EAS_RESOLVERECIPIENTS_STATUS, status);
	if (status == RESOLVE_AVAILABILITY_SUCCESS) {
		wbxml_text(writer, EAS_RESOLVERECIPIENTS_MERGED_FREE_BUSY,
			   fb.digits);
	}
	wbxml_close(writer);
}
