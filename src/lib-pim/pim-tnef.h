#ifndef PIM_TNEF_H
#define PIM_TNEF_H

/* application/ms-tnef (winmail.dat): what Outlook sends to whom it takes for
   another Outlook. It is read once from front to end as a stream; texts and
   attachments are left where they are, so that memory does not grow with
   them. */

struct istream;
struct ostream;
struct pim_itip;
struct pim_message;
struct pim_part;
struct pim_timezone;
struct pim_tnef;

/* part (which must outlive *tnef_r) is what has the TNEF as its content, in the
   mail of input. Everything is allocated from pool. Returns 1; 0 and a
   sentence if it is none; -1 if input failed (its error). One that is cut off
   has what can be read. */
int pim_tnef_read(pool_t pool, const struct pim_part *part,
		  struct istream *input, struct pim_tnef **tnef_r,
		  const char **error_r);

/* The meeting that it is about; of zones that it does not know home is the
   guess. Returns 1; 0 if it is no meeting message; -1 and a sentence if it is
   malformed. */
int pim_tnef_meeting(pool_t pool, const struct pim_tnef *tnef,
		     const struct pim_timezone *home,
		     struct pim_itip **itip_r, const char **error_r);

/* Adds its text to msg's, where that has none of the kind, and puts its
   attachments in the place of the part (which stays if something can't be
   read, or keep_part). Their numbers are that of the part with another one
   behind it. Returns 0, or -1 if input failed. */
int pim_tnef_show(struct pim_tnef *tnef, struct istream *input,
		  struct pim_message *msg, bool keep_part);

/* An attachment by its number, NULL = there is none. */
struct pim_part *
pim_tnef_find_part(const struct pim_tnef *tnef, const char *number);

/* Is the part a message that is attached within a TNEF, which is no MIME? */
bool pim_tnef_part_is_mail(const struct pim_part *part);
/* Makes a mail of it: header, text, attachments; messages in it stay TNEF.
   Returns 0, or -1 if input failed. */
int pim_tnef_mail_write(const struct pim_part *part, struct istream *input,
			struct ostream *output);

#endif
