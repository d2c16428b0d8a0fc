#ifndef PIM_VALUES_H
#define PIM_VALUES_H

/* Properties that have several values in one line (EXDATE, RDATE): "a,b,c". A line may
   have a hundred thousand of them, so they are looked at one by one. Values of
   texts are pim_value_split()'s. */

struct pim_component;
struct pim_property;

/* The values one after the other: *pos is pim_property_value() first. Returns FALSE if there are no
   more; empty ones are left out. value_r is in the data stack. */
bool pim_values_next(const char **pos, const char **value_r);
/* Removes those that match from all properties of that name, and properties with the last of
   their values; what stays stays as it is written. Returns how many were removed. */
unsigned int
pim_values_remove(struct pim_component *comp, const char *name,
		  bool (*match)(const struct pim_property *prop,
				const char *value, void *context),
		  void *context);
/* Adds a property with another one's value as it is written there: with its TZID and
   VALUE. */
struct pim_property *
pim_values_add_like(struct pim_component *comp, const char *name,
		    const struct pim_property *like);

#endif
