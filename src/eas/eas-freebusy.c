/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "mail-user.h"
#include "roost-addresses.h"
#include "roost-compat-storage.h"
#include "roost-settings.h"
#include "pim-date.h"
#include "store.h"
#include "store-item.h"
#include "eas-freebusy.h"
#include "eas-home.h"

#include <sys/stat.h>
#include <time.h>

/* Events of one user in the six weeks that may be asked for: more are not read.
   Who has as many is busy. */
#define EAS_FREEBUSY_MAX_ITEMS 5000

struct eas_freebusy {
	struct eas_request *req;
	struct pim_freebusy *fb;
	time_t deadline;
	enum eas_freebusy_result result;
};

/* Whose calendar it is; asked for each attendee. */
struct eas_freebusy_own {
	const char *const *addresses;
	const char *delimiters;
};

static bool eas_freebusy_is_own(const char *address, void *context)
{
	const struct eas_freebusy_own *own = context;

	return roost_addresses_have(own->addresses, own->delimiters, address);
}

static int
eas_freebusy_read_folder(struct eas_freebusy *ctx, struct roost_user *user,
			 struct store *store,
			 const struct store_pim_folder *folder)
{
	struct eas_freebusy_own own = {
		.addresses = roost_user_addresses(user),
		.delimiters = roost_user_recipient_delimiter(user->mail_user),
	};
	const struct pim_freebusy_user fb_user = {
		.is_own = eas_freebusy_is_own, .context = &own,
		.home = eas_user_home(user),
	};
	struct pim_freebusy *fb = ctx->fb;
	ARRAY_TYPE(seq_range) uids;
	struct seq_range_iter iter;
	struct store_item item;
	unsigned int n = 0;
	uint32_t uid;
	int ret = 0;

	t_array_init(&uids, 32);
	if (store_item_uids_between(store, folder->id,
				    I_MAX(pim_days_of(fb->start), 0),
				    I_MAX(pim_days_of(fb->end), 0),
				    &uids) < 0)
		return -1;
	seq_range_array_iter_init(&iter, &uids);
	while (ret >= 0 && n < EAS_FREEBUSY_MAX_ITEMS &&
	       seq_range_array_iter_nth(&iter, n++, &uid)) {
		pool_t pool;

		if (time(NULL) > ctx->deadline) {
			e_info(user->event, "Reading free/busy times takes too "
			       "long");
			return -1;
		}
		pool = pool_alloconly_create("free/busy item", 4096);
		ret = store_item_get(store, pool, folder->id, uid, &item);
		if (ret > 0)
			pim_freebusy_add(fb, &fb_user, item.text, item.size);
		pool_unref(&pool);
	}
	return ret < 0 ? -1 : 0;
}

static int eas_freebusy_read_user(struct eas_freebusy *ctx,
				  struct roost_user *user)
{
	const struct store_pim_folder *folder;
	ARRAY_TYPE(store_pim_folder) folders;
	struct store *store;
	const char *error;

	if (roost_user_get_store(user, &store, &error) < 0) {
		e_error(user->event, "%s", error);
		return -1;
	}
	t_array_init(&folders, 8);
	if (store_pim_folder_list(store, pool_datastack_create(),
				  &folders) < 0)
		return -1;
	array_foreach(&folders, folder) {
		if (folder->kind == STORE_KIND_CALENDAR &&
		    eas_freebusy_read_folder(ctx, user, store, folder) < 0)
			return -1;
	}
	if (ctx->fb->skipped > 0) {
		e_debug(user->event, "free/busy: %u events were not read "
			"as a whole", ctx->fb->skipped);
	}
	return 0;
}

static const char *eas_user_domain(const struct roost_user *user)
{
	const char *at = strrchr(user->mail_user->username, '@');

	return at == NULL ? "" : at + 1;
}

/* May who asks see this user's times? */
static bool
eas_freebusy_is_allowed(struct roost_user *asks, struct roost_user *user)
{
	const char *who = user->set->roost_free_busy;

	if (!user->set->roost_enabled)
		return FALSE;
	if (strcmp(asks->mail_user->username, user->mail_user->username) == 0 ||
	    strcmp(who, "yes") == 0)
		return TRUE;
	return strcmp(who, "domain") == 0 &&
		strcasecmp(eas_user_domain(asks), eas_user_domain(user)) == 0;
}

/* Nobody gets a database just because somebody else asked. */
static bool eas_freebusy_has_store(struct roost_user *user)
{
	const char *path, *error;
	struct stat st;

	return roost_user_db_path(user->mail_user, user->set, &path,
				  &error) == 0 && stat(path, &st) == 0;
}

static void eas_freebusy_as_user(struct roost_user *user, void *context)
{
	struct eas_freebusy *ctx = context;

	if (!eas_freebusy_is_allowed(ctx->req->req->user, user) ||
	    !eas_freebusy_has_store(user))
		ctx->result = EAS_FREEBUSY_NONE;
	else if (eas_freebusy_read_user(ctx, user) < 0)
		ctx->result = EAS_FREEBUSY_FAILED;
	else
		ctx->result = EAS_FREEBUSY_OK;
}

enum eas_freebusy_result
eas_freebusy_read(struct eas_request *req, const char *address,
		  time_t deadline, struct pim_freebusy *fb)
{
	struct eas_freebusy ctx = {
		.req = req, .fb = fb, .deadline = deadline,
		.result = EAS_FREEBUSY_NONE,
	};
	const char *error;
	int ret;

	if (roost_address_is_own(req->req->user, address)) {
		return eas_freebusy_read_user(&ctx, req->req->user) < 0 ?
			EAS_FREEBUSY_FAILED : EAS_FREEBUSY_OK;
	}
	ret = roost_request_as_user(req->req, address, eas_freebusy_as_user,
				    &ctx, &error);
	if (ret < 0) {
		e_error(req->event, "Can't read free/busy times of %s: %s",
			address, error);
		return EAS_FREEBUSY_FAILED;
	}
	return ret == 0 ? EAS_FREEBUSY_NONE : ctx.result;
}
