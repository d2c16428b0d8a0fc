#ifndef EAS_SPECIAL_H
#define EAS_SPECIAL_H

#include "eas-folders.h"

/* The default folders: which mailbox is the Drafts, the Sent Items, the Deleted
   Items folder? The first that exists of those which the configuration gives
   the special use, else the first that exists of a few usual names. The Outbox
   is never a mailbox. */

struct mail_user;

/* What devices and scripts look for; NULL for a folder that is no default
   one. */
const char *eas_special_name(enum eas_folder_type type);
/* Names that may be the folder of this type (one of eas_special_types), the
   best first, as vnames on the data stack: it is made under the first if none
   of them exists. */
void eas_special_candidates(struct mail_user *user, enum eas_folder_type type,
			    ARRAY_TYPE(const_string) *vnames);
/* The default folders that are looked for, ended by 0. */
extern const enum eas_folder_type eas_special_types[];

#endif
