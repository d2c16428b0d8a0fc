/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "dict.h"
#include "mail-user.h"
#include "mail-storage-settings.h"
#include "roost-compat-dict.h"

#ifdef DOVECOT_2_4
#  include "settings.h"

int roost_dict_init(struct mail_user *user, struct event *parent,
		    const char *filter, const char *name, struct dict **dict_r,
		    const char **folder_r, const char **error_r)
{
	struct event *event = event_create(user == NULL ? parent : user->event);
	const char *error;
	int ret;

	settings_event_add_filter_name(event, filter);
	ret = dict_init_auto(event, dict_r, &error);
	if (ret <= 0)
		*error_r = t_strdup_printf("%s { }: %s", filter, error);
	event_unref(&event);
	*folder_r = *name == '\0' ? "" : t_strconcat(name, "/", NULL);
	return ret <= 0 ? -1 : 0;
}

#else

int roost_dict_init(struct mail_user *user, struct event *parent,
		    const char *filter ATTR_UNUSED, const char *name,
		    struct dict **dict_r, const char **folder_r,
		    const char **error_r)
{
	struct dict_settings set = {
		.base_dir = user == NULL ? "" : user->set->base_dir,
		.event_parent = user == NULL ? parent : user->event,
	};

	*folder_r = "";
	return dict_init(name, &set, dict_r, error_r);
}

#endif
