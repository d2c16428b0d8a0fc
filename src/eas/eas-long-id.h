#ifndef EAS_LONG_ID_H
#define EAS_LONG_ID_H

/* LongIds ([MS-ASCMD] 2.2.3.98): what Search calls a mail, whether the device synchronises
   its folder or not. "<folder id>:<UIDVALIDITY>:<uid>": as a ServerId, but it
   carries the UIDVALIDITY because no state of the device has it. */

const char *eas_long_id(const char *folder_id, uint32_t uidvalidity,
			uint32_t uid);
/* Returns 0, or -1 if it has not that form. folder_id_r is on the data stack. */
int eas_long_id_parse(const char *id, const char **folder_id_r,
		      uint32_t *uidvalidity_r, uint32_t *uid_r);

#endif
