#ifndef STORE_PIM_H
#define STORE_PIM_H

#include "guid.h"

struct store;

/* The store's own folders: calendars, address books, task lists and notes. A folder has the
   numbers that a mailbox has in IMAP (RFC 7162): a UID is never used again, and every change
   of an item takes the next modseq under the database's write lock, so that modseqs
   become visible in their order. Its id is of the same row of numbers as those
   of mailboxes (store-folder.h), its GUID wakes parked requests.

   What changes something is a transaction of its own unless one is open. */

enum store_kind {
	STORE_KIND_NONE = 0,		/* a mailbox */
	STORE_KIND_CALENDAR,		/* iCalendar, VEVENT */
	STORE_KIND_CONTACTS,		/* vCard */
	STORE_KIND_TASKS,		/* iCalendar, VTODO */
	STORE_KIND_NOTES,		/* iCalendar, VJOURNAL */

	STORE_KIND_COUNT
};

/* "calendar", "contacts", "tasks", "notes" */
const char *store_kind_name(enum store_kind kind);
/* STORE_KIND_NONE if there is none of that name. */
enum store_kind store_kind_find(const char *name);
/* The name of the default folder: "Calendar", ... */
const char *store_kind_folder_name(enum store_kind kind);

struct store_pim_folder {
	uint32_t id, parent;		/* parent 0 = none */
	guid_128_t guid;
	enum store_kind kind;
	/* the kind's default folder, which is always there */
	bool main;
	const char *name;
	uint32_t uidvalidity, uidnext, items;
	uint64_t modseq;		/* the highest one */
	uint64_t bytes;			/* of texts and blobs */
};
ARRAY_DEFINE_TYPE(store_pim_folder, struct store_pim_folder);

/* All folders, parents not necessarily first. The default folders are made if they
   aren't there yet. Returns 0 or -1. */
int store_pim_folder_list(struct store *store, pool_t pool,
			  ARRAY_TYPE(store_pim_folder) *folders);
/* Returns 1, 0 if there is no such folder, -1. */
int store_pim_folder_get(struct store *store, pool_t pool, uint32_t id,
			 struct store_pim_folder *folder_r);
/* The default folder of a kind, made if it isn't there yet. Returns 0 or -1. */
int store_pim_folder_get_main(struct store *store, pool_t pool,
			      enum store_kind kind,
			      struct store_pim_folder *folder_r);
/* Returns 1, 0 if there is a folder of that name below the parent, -1. */
int store_pim_folder_create(struct store *store, enum store_kind kind,
			    uint32_t parent, const char *name, uint32_t *id_r);
/* Renames or moves a folder. Returns as create; the folder has to exist. */
int store_pim_folder_update(struct store *store, uint32_t id, uint32_t parent,
			    const char *name);
/* Deletes a folder that is no default one with everything in it; folders below it come
   to the root. Returns 1, 0 if there is none, -1. */
int store_pim_folder_delete(struct store *store, uint32_t id);

/* How much all folders hold, in bytes. Returns 0 or -1. */
int store_pim_usage(struct store *store, uint64_t *bytes_r);

#endif
