#ifndef EAS_RECIPIENTS_H
#define EAS_RECIPIENTS_H

#include "eas-folders.h"

struct store_recipient;

/* The recipient information cache ([MS-ASCNTC] 3.1.4.4): to whom the user wrote, for
   devices to propose when an address is typed. It exists from 14.0 on. It is synchronised as
   any collection (sync-recipients.h), but nobody else changes it: Sync refuses a request with
   commands for it, and what all other commands see is a folder that has no mailbox. */

/* Writes the children of ApplicationData. */
void eas_recipient_write(struct wbxml_writer *writer,
			 const struct store_recipient *recipient);

#endif
