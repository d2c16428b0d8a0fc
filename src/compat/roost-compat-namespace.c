/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "mail-namespace.h"
#include "mail-storage-settings.h"
#include "roost-compat-namespace.h"

static bool
mailbox_has_special_use(const struct mailbox_settings *box_set,
			const char *special_use)
{
#ifdef DOVECOT_2_4
	const char *value;

	if (!array_is_created(&box_set->special_use))
		return FALSE;
	array_foreach_elem(&box_set->special_use, value) {
		if (strcasecmp(value, special_use) == 0)
			return TRUE;
	}
	return FALSE;
#else
	return str_array_icase_find(t_strsplit_spaces(box_set->special_use,
						      " "), special_use);
#endif
}

void roost_namespace_special_use(struct mail_namespace *ns,
				 const char *special_use,
				 ARRAY_TYPE(const_string) *vnames)
{
#ifdef DOVECOT_2_4
	const struct mailbox_settings *box_set;
#else
	struct mailbox_settings *box_set;
#endif
	const char *vname;

#ifdef DOVECOT_2_4
	if (!array_is_created(&ns->set->parsed_mailboxes))
		return;
	array_foreach_elem(&ns->set->parsed_mailboxes, box_set) {
#else
	if (!array_is_created(&ns->set->mailboxes))
		return;
	array_foreach_elem(&ns->set->mailboxes, box_set) {
#endif
		if (!mailbox_has_special_use(box_set, special_use) ||
		    strpbrk(box_set->name, "*%?") != NULL)
			continue;
		vname = t_strconcat(ns->prefix, box_set->name, NULL);
		array_push_back(vnames, &vname);
	}
}
