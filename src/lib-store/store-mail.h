#ifndef STORE_MAIL_H
#define STORE_MAIL_H

struct store;

/* Named small values of a mail that Dovecot has no place for (the dates of a
   Flag, ...): the same for all devices, kept by the mail's GUID, which it
   keeps when it is moved. value NULL deletes. get returns 1 and a buffer
   from pool, 0 none, -1. */
int store_mail_param_get(struct store *store, pool_t pool, const char *guid,
			 const char *name, buffer_t **value_r);
int store_mail_param_set(struct store *store, const char *guid,
			 const char *name, const void *value, size_t size);

#endif
