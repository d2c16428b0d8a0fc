/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "pim-text.h"
#include "class-calendar-private.h"

/* Location is a line of text up to 14.1; from 16.0 on it is a place ([MS-ASAIRS] 2.2.2.28).

   element		property
   DisplayName		LOCATION
   Latitude, Longitude	GEO
   the others		X-ROOST-LOCATION, with a parameter each; its value is the
			LOCATION that they belong to: they are about no other one

   An X-APPLE-STRUCTURED-LOCATION is about the old place as well. */

#define CAL_PLACE "X-ROOST-LOCATION"
#define CAL_PLACE_APPLE "X-APPLE-STRUCTURED-LOCATION"
/* who wants more can write it into the body */
#define CAL_MAX_LOCATION 32768

static const struct {
	unsigned int tag;
	const char *param;
} cal_place_params[] = {
	{ EAS_AIRSYNCBASE_ANNOTATION, "X-ANNOTATION" },
	{ EAS_AIRSYNCBASE_STREET, "X-STREET" },
	{ EAS_AIRSYNCBASE_CITY, "X-CITY" },
	{ EAS_AIRSYNCBASE_STATE, "X-STATE" },
	{ EAS_AIRSYNCBASE_COUNTRY, "X-COUNTRY" },
	{ EAS_AIRSYNCBASE_POSTAL_CODE, "X-POSTAL-CODE" },
	{ EAS_AIRSYNCBASE_ACCURACY, "X-ACCURACY" },
	{ EAS_AIRSYNCBASE_ALTITUDE, "X-ALTITUDE" },
	{ EAS_AIRSYNCBASE_ALTITUDE_ACCURACY, "X-ALTITUDE-ACCURACY" },
	{ EAS_AIRSYNCBASE_LOCATION_URI, "X-URI" },
};

static const char *cal_location(const struct pim_component *comp)
{
	const char *text = pim_component_text(comp, "LOCATION");

	if (text == NULL)
		return "";
	text = pim_text_clean_line(text);
	return t_strndup(text, pim_text_cut(text, strlen(text),
					    CAL_MAX_LOCATION));
}

/* The rest of what is known of the place that LOCATION names. */
static struct pim_property *cal_place(const struct pim_component *comp)
{
	struct pim_property *prop = pim_property_find(comp, CAL_PLACE);

	if (prop != NULL && strcmp(pim_text_clean_line(
				pim_property_text(prop)),
				   cal_location(comp)) != 0)
		return NULL;
	return prop;
}

/* xs:double, as the schema wants it */
static bool cal_is_double(const char *value)
{
	const char *p = value;

	if (*p == '-' || *p == '+')
		p++;
	return *p != '\0' && strlen(value) < 40 &&
		strspn(p, "0123456789.") == strlen(p) &&
		strchr("0123456789", *p) != NULL &&
		(strchr(p, '.') == NULL || strchr(p, '.') == strrchr(p, '.'));
}

static bool cal_geo(const struct pim_component *comp, const char **latitude_r,
		    const char **longitude_r)
{
	const char *value = pim_component_value(comp, "GEO");
	const char *const *parts;

	if (value == NULL)
		return FALSE;
	parts = t_strsplit(value, ";");
	if (str_array_length(parts) != 2 || !cal_is_double(parts[0]) ||
	    !cal_is_double(parts[1]))
		return FALSE;
	*latitude_r = parts[0];
	*longitude_r = parts[1];
	return TRUE;
}

static void
cal_write_place(struct pim_component *comp, struct wbxml_writer *writer)
{
	struct pim_property *prop = cal_place(comp);
	const char *latitude, *longitude, *value;

	wbxml_open(writer, EAS_AIRSYNCBASE_LOCATION);
	value = cal_location(comp);
	if (*value != '\0')
		wbxml_text(writer, EAS_AIRSYNCBASE_DISPLAY_NAME, value);
	if (cal_geo(comp, &latitude, &longitude)) {
		wbxml_text(writer, EAS_AIRSYNCBASE_LATITUDE, latitude);
		wbxml_text(writer, EAS_AIRSYNCBASE_LONGITUDE, longitude);
	}
	for (unsigned int i = 0; prop != NULL &&
	     i < N_ELEMENTS(cal_place_params); i++) {
		value = pim_property_param(prop, cal_place_params[i].param);
		if (value != NULL && *value != '\0')
			wbxml_text(writer, cal_place_params[i].tag, value);
	}
	wbxml_close(writer);
}

void cal_write_location(struct cal_doc *doc, struct pim_component *comp,
			struct wbxml_writer *writer)
{
	if (doc->req->version < EAS_VERSION_16_0)
		wbxml_text(writer, EAS_CALENDAR_LOCATION, cal_location(comp));
	else
		cal_write_place(comp, writer);
}

bool cal_has_location(const struct pim_component *comp)
{
	const char *latitude, *longitude;

	return *cal_location(comp) != '\0' || cal_place(comp) != NULL ||
		cal_geo(comp, &latitude, &longitude);
}

bool cal_locations_equal(struct pim_component *comp1,
			 struct pim_component *comp2)
{
	struct pim_property *place1 = cal_place(comp1);
	struct pim_property *place2 = cal_place(comp2);

	if (strcmp(cal_location(comp1), cal_location(comp2)) != 0 ||
	    null_strcmp(pim_component_value(comp1, "GEO"),
			pim_component_value(comp2, "GEO")) != 0 ||
	    (place1 == NULL) != (place2 == NULL))
		return FALSE;
	for (unsigned int i = 0; place1 != NULL &&
	     i < N_ELEMENTS(cal_place_params); i++) {
		if (null_strcmp(pim_property_param(place1,
					cal_place_params[i].param),
				pim_property_param(place2,
					cal_place_params[i].param)) != 0)
			return FALSE;
	}
	return TRUE;
}

/* What was known of the old place is not about a new one. */
static void cal_set_location(struct pim_component *comp, const char *text)
{
	text = text == NULL ? "" : pim_text_clean_line(text);
	if (strcmp(text, cal_location(comp)) == 0)
		return;
	pim_component_set_text(comp, "LOCATION", *text == '\0' ? NULL : text);
	pim_component_set_value(comp, "GEO", NULL);
	pim_component_set_value(comp, CAL_PLACE, NULL);
	pim_component_set_value(comp, CAL_PLACE_APPLE, NULL);
}

static int
cal_set_geo(struct pim_component *comp, const struct wbxml_node *location)
{
	const char *latitude, *longitude, *old_latitude, *old_longitude;

	latitude = wbxml_child_text(location, EAS_AIRSYNCBASE_LATITUDE);
	longitude = wbxml_child_text(location, EAS_AIRSYNCBASE_LONGITUDE);
	if (latitude == NULL || *latitude == '\0' || longitude == NULL ||
	    *longitude == '\0') {
		pim_component_set_value(comp, "GEO", NULL);
		return 0;
	}
	if (!cal_is_double(latitude) || !cal_is_double(longitude))
		return -1;
	if (!cal_geo(comp, &old_latitude, &old_longitude) ||
	    strcmp(latitude, old_latitude) != 0 ||
	    strcmp(longitude, old_longitude) != 0) {
		pim_component_set_value(comp, "GEO",
			t_strconcat(latitude, ";", longitude, NULL));
	}
	return 0;
}

static int
cal_set_place(struct pim_component *comp, const struct wbxml_node *location)
{
	struct pim_property *prop = cal_place(comp);
	const char *value;
	bool any = FALSE;

	for (unsigned int i = 0; i < N_ELEMENTS(cal_place_params); i++) {
		value = wbxml_child_text(location, cal_place_params[i].tag);
		any = any || (value != NULL && *value != '\0');
	}
	if (!any) {
		pim_component_set_value(comp, CAL_PLACE, NULL);
		return 0;
	}
	if (prop == NULL) {
		pim_component_set_value(comp, CAL_PLACE, NULL);
		prop = pim_property_add(comp, CAL_PLACE, "");
		pim_property_set_text(prop, cal_location(comp));
	}
	for (unsigned int i = 0; i < N_ELEMENTS(cal_place_params); i++) {
		value = wbxml_child_text(location, cal_place_params[i].tag);
		if (value != NULL && strlen(value) > CAL_MAX_LOCATION)
			return -1;
		pim_property_set_param(prop, cal_place_params[i].param,
				       value == NULL || *value == '\0' ?
				       NULL : pim_text_clean_line(value));
	}
	return 0;
}

int cal_apply_location(struct cal_doc *doc, struct pim_component *comp,
		       const struct wbxml_node *location,
		       const char **error_r)
{
	if (location == NULL || location->tag == EAS_CALENDAR_LOCATION) {
		cal_set_location(comp, eas_class_read_text(doc->req,
							   location));
		return 0;
	}
	cal_set_location(comp, wbxml_child_text(location,
						EAS_AIRSYNCBASE_DISPLAY_NAME));
	if (cal_set_geo(comp, location) < 0 ||
	    cal_set_place(comp, location) < 0) {
		*error_r = "Location is malformed";
		return -1;
	}
	return 0;
}
