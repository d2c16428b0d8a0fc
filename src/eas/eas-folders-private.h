#ifndef EAS_FOLDERS_PRIVATE_H
#define EAS_FOLDERS_PRIVATE_H

#include "store-folder.h"
#include "eas-folders.h"

struct mail_namespace;
enum mail_namespace_type;

/* The cache of a request. */
struct eas_folders {
	/* the whole hierarchy, if loaded */
	ARRAY_TYPE(eas_folder) list;
	ARRAY_TYPE(eas_folder) by_id;
	bool loaded;
	/* how often the hint was used */
	unsigned int finds;
};
struct eas_folders *eas_folders_cache(struct eas_request *req);

/* Appends the store's folders whose class this version knows. Returns 0 or -1. */
int eas_folders_add_pim(struct eas_request *req);
/* One of them by its number. Returns 1, 0 if there is none, -1. */
int eas_folder_find_pim(struct eas_request *req, uint32_t id,
			struct eas_folder **folder_r);

/* The recipient information cache; NULL: this version doesn't know it. */
struct eas_folder *eas_folder_new_recipients(struct eas_request *req);
/* Adds a folder to the cache. */
void eas_folders_add(struct eas_folders *folders, struct eas_folder *folder);

/* The namespaces that this user's devices see. */
enum mail_namespace_type eas_folders_namespaces(struct eas_request *req);
bool eas_folder_is_inbox(struct mail_namespace *ns, const char *vname);
/* The GUID of a mailbox. Returns 1, 0 if there is none or it may not be read,
   -1 (logged). */
int eas_folder_get_guid(struct eas_request *req, struct mail_namespace *ns,
			const char *vname, guid_128_t guid_r);
/* What stands for the GUID of a level of the hierarchy that is no mailbox. */
void eas_folder_noselect_guid(const char *vname, guid_128_t guid_r);
/* The store's name hint of a default folder's number while there is no such
   mailbox; on the data stack. */
const char *eas_folder_reserved_hint(enum eas_folder_type type);
/* The last component of a mailbox' name as DisplayName. */
const char *eas_folder_own_name(pool_t pool, struct mail_namespace *ns,
				const char *vname);

#endif
