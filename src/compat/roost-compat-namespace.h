#ifndef ROOST_COMPAT_NAMESPACE_H
#define ROOST_COMPAT_NAMESPACE_H

struct mail_namespace;

/* Adds to vnames the names of those mailboxes that the configuration of ns
   gives this special use ("\\Trash"), in the configuration's order, whether
   they exist or not. Names with wildcards are left out. The names are on the
   data stack. */
void roost_namespace_special_use(struct mail_namespace *ns,
				 const char *special_use,
				 ARRAY_TYPE(const_string) *vnames);

#endif
