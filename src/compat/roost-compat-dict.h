#ifndef ROOST_COMPAT_DICT_H
#define ROOST_COMPAT_DICT_H

struct dict;
struct event;
struct mail_user;

/* How a dict is named: in 2.3 by its URI, in 2.4 by the settings of a named filter. user may be
   NULL in tests. */

/* Opens the dict for reading. name is what follows "dict:" in a setting; in 2.4 the dict is the one
   of the filter, and name a folder in it. folder_r is empty or ends with a slash (on the data
   stack). Returns 0, or -1 and a sentence. */
int roost_dict_init(struct mail_user *user, struct event *event,
		    const char *filter, const char *name, struct dict **dict_r,
		    const char **folder_r, const char **error_r);
#endif
