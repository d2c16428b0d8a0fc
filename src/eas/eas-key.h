#ifndef EAS_KEY_H
#define EAS_KEY_H

/* SyncKeys on the wire ([MS-ASCMD] 2.2.3.181): the epoch and the counter of a
   stored state (store-state.h) as decimal digits: the epoch, then the counter
   in exactly ten digits. A device treats it as opaque text of at most 64
   characters. */

#define EAS_SYNC_KEY_INITIAL "0"

/* Returns the text on the data stack. epoch must not be 0. */
const char *eas_sync_key_format(uint32_t epoch, uint32_t counter);
/* Returns 1 and the numbers, 0 if it is the initial key "0" (both numbers are
   0), -1 if it is no key of ours (NULL and empty included). Only the text that
   eas_sync_key_format() writes is accepted. */
int eas_sync_key_parse(const char *key, uint32_t *epoch_r, uint32_t *counter_r);
/* A new random epoch, never 0. */
uint32_t eas_sync_key_new_epoch(void);

#endif
