#ifndef ROOST_ADDRESSES_H
#define ROOST_ADDRESSES_H

/* The mail addresses that are the user's own: what devices show as his, what he
   may send as, what a mail to him is addressed to. They are those of the setting
   roost_addresses, or the login name (with the setting hostname as domain if it
   has none). */

struct roost_user;

/* All of the user's addresses, the primary one first, none twice; never empty,
   ended by NULL, on the data stack. */
const char *const *roost_user_addresses(struct roost_user *user);
/* The first of them, on the data stack. */
const char *roost_user_primary_address(struct roost_user *user);
/* The name that goes with them (setting roost_display_name), NULL if it isn't
   known. */
const char *roost_user_display_name(struct roost_user *user);

/* Whether address is one of the user's, in any case. An address with a detail
   (anne+lists@example.org) is his if the one without is and recipient_delimiter
   has the separator. */
bool roost_address_is_own(struct roost_user *user, const char *address);

/* The same without a user. list is roost_addresses, separated by blanks, commas
   or semicolons. */
const char *const *
roost_addresses_parse(const char *list, const char *username,
		      const char *hostname);
bool roost_addresses_have(const char *const *addresses,
			  const char *delimiters, const char *address);
/* Whether word can stand in the list: a local part, one @ and a domain, of
   characters that need no quoting. */
bool roost_address_is_valid(const char *word);

#endif
