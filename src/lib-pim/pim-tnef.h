#ifndef PIM_TNEF_H
#define PIM_TNEF_H

struct pim_itip;
struct pim_timezone;

/* A meeting message in application/ms-tnef (winmail.dat): what Outlook sends to
   whom it takes for another Outlook. Only what pim_itip holds is read, within
   the bytes that are there.

   Returns 1; 0 if it is no meeting message; -1 and a sentence if it is
   malformed. Everything is allocated from pool. */
int pim_tnef_read(pool_t pool, const void *data, size_t size,
		  const struct pim_timezone *home, struct pim_itip **itip_r,
		  const char **error_r);

#endif
