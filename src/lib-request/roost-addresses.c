/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "hostpid.h"
#include "mail-user.h"
#include "mail-storage-settings.h"
#include "roost-compat-storage.h"
#include "roost-settings.h"
#include "roost-request.h"
#include "roost-addresses.h"

/* RFC 5321 4.5.3.1: both parts together, with the angle brackets */
#define ROOST_ADDRESS_MAX_LEN 254

bool roost_address_is_valid(const char *word)
{
	const unsigned char *p;
	const char *at = strchr(word, '@');

	if (at == NULL || at == word || at[1] == '\0' ||
	    strchr(at + 1, '@') != NULL ||
	    strlen(word) > ROOST_ADDRESS_MAX_LEN)
		return FALSE;
	for (p = (const unsigned char *)word; *p != '\0'; p++) {
		if (*p <= ' ' || *p == 0x7f || strchr("\"\\()<>:", *p) != NULL)
			return FALSE;
	}
	return TRUE;
}

static bool
roost_addresses_have_exactly(const char *const *addresses,
			     const char *address, size_t len)
{
	for (; *addresses != NULL; addresses++) {
		if (strncasecmp(*addresses, address, len) == 0 &&
		    (*addresses)[len] == '\0')
			return TRUE;
	}
	return FALSE;
}

bool roost_addresses_have(const char *const *addresses,
			  const char *delimiters, const char *address)
{
	const char *at = strrchr(address, '@');
	size_t user_len;
	const char *base;

	if (roost_addresses_have_exactly(addresses, address, strlen(address)))
		return TRUE;
	if (at == NULL || *delimiters == '\0')
		return FALSE;
	user_len = strcspn(address, delimiters);
	if (user_len == 0 || user_len >= (size_t)(at - address))
		return FALSE;
	base = t_strconcat(t_strndup(address, user_len), at, NULL);
	return roost_addresses_have_exactly(addresses, base, strlen(base));
}

const char *const *
roost_addresses_parse(const char *list, const char *username,
		      const char *hostname)
{
	const char *const *words = t_strsplit_spaces(list, " \t\r\n,;");
	const char **addresses;
	unsigned int count = 0;

	/* zeroed, so it is ended by NULL all the time */
	addresses = t_new(const char *, str_array_length(words) + 2);
	for (; *words != NULL; words++) {
		if (roost_address_is_valid(*words) &&
		    !roost_addresses_have_exactly(addresses, *words,
						  strlen(*words)))
			addresses[count++] = *words;
	}
	if (count == 0) {
		addresses[0] = strchr(username, '@') != NULL ? username :
			t_strconcat(username, "@", hostname, NULL);
	}
	return addresses;
}

const char *const *roost_user_addresses(struct roost_user *user)
{
	struct mail_user *mail_user = user->mail_user;
	const char *host = mail_user->set->hostname;
	const char *list, *error;

	if (roost_user_expand(mail_user, user->set->roost_addresses, &list,
			      &error) < 0) {
		e_error(user->event, "Can't expand roost_addresses '%s': %s",
			user->set->roost_addresses, error);
		list = "";
	}
	return roost_addresses_parse(list, mail_user->username,
				     *host != '\0' ? host : my_hostdomain());
}

const char *roost_user_primary_address(struct roost_user *user)
{
	return roost_user_addresses(user)[0];
}

const char *roost_user_display_name(struct roost_user *user)
{
	const char *name, *error;

	if (roost_user_expand(user->mail_user, user->set->roost_display_name,
			      &name, &error) < 0) {
		e_error(user->event, "Can't expand roost_display_name '%s': %s",
			user->set->roost_display_name, error);
		return NULL;
	}
	return *name == '\0' ? NULL : name;
}

bool roost_address_is_own(struct roost_user *user, const char *address)
{
	return roost_addresses_have(roost_user_addresses(user),
		roost_user_recipient_delimiter(user->mail_user), address);
}
