#ifndef EAS_POLICY_H
#define EAS_POLICY_H

#include "eas.h"

/* The policy document of [MS-ASPROV] 2.2.2, made of the setting roost_policy
   over harmless defaults. */

/* What tells a changed policy from the acknowledged one: a short text on the
   data stack. It is the same for every version until the policy demands
   something. */
const char *eas_policy_hash(struct roost_user *user, unsigned int version);
/* A yes or no of the policy, by its EAS_PROVISION_* tag. */
bool eas_policy_flag(struct roost_user *user, unsigned int tag);
/* Writes the children of <Data>: the eas-provisioningdoc of 12.0 and later. */
void eas_policy_write(struct roost_user *user, unsigned int version,
		      struct wbxml_writer *writer);
/* The MS-WAP-Provisioning-XML document for 2.5, on the data stack. */
const char *eas_policy_wap_xml(struct roost_user *user);

#endif
