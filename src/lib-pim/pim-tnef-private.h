#ifndef PIM_TNEF_PRIVATE_H
#define PIM_TNEF_PRIVATE_H

#include "pim-message.h"
#include "pim-tnef.h"

/* seconds from 1601 to 1970 */
#define TNEF_EPOCH 11644473600LL

/* The properties that are looked for, of messages and attachments. */
enum tnef_prop {
	TNEF_MESSAGE_CLASS,
	TNEF_SENSITIVITY,
	TNEF_RESPONSE_REQUESTED,
	TNEF_SENDER_NAME,
	TNEF_SENDER_MAIL,
	TNEF_START,
	TNEF_END,
	TNEF_LOCATION,
	TNEF_ALL_DAY,
	TNEF_BUSY_STATUS,
	TNEF_INTENDED_STATUS,
	TNEF_SEQUENCE,
	TNEF_RECURRENCE,
	TNEF_TIME_ZONE,
	TNEF_REMINDER,
	TNEF_REMINDER_SET,
	TNEF_STAMP,
	TNEF_OBJ_ID,
	TNEF_CLEAN_OBJ_ID,

	TNEF_SUBJECT,
	TNEF_SENT,
	TNEF_DISPLAY_TO,
	TNEF_DISPLAY_CC,
	TNEF_FROM_NAME,
	TNEF_FROM_SMTP,
	TNEF_FROM_MAIL,
	TNEF_MESSAGE_ID,
	TNEF_HTML_CODEPAGE,
	TNEF_BODY,
	TNEF_RTF,
	TNEF_HTML,

	TNEF_DISPLAY_NAME,
	TNEF_ATTACH_DATA,
	TNEF_ATTACH_FILENAME,
	TNEF_ATTACH_METHOD,
	TNEF_ATTACH_LONG_FILENAME,
	TNEF_ATTACH_MIME_TAG,
	TNEF_ATTACH_CONTENT_ID,
	TNEF_ATTACH_LOCATION,
	TNEF_ATTACH_HIDDEN,

	TNEF_PROP_COUNT
};

/* [MS-OXCDATA] 2.11.1 */
enum tnef_type {
	TNEF_TYPE_INT16 = 0x0002,
	TNEF_TYPE_INT32 = 0x0003,
	TNEF_TYPE_BOOLEAN = 0x000b,
	TNEF_TYPE_OBJECT = 0x000d,
	TNEF_TYPE_STRING8 = 0x001e,
	TNEF_TYPE_STRING = 0x001f,
	TNEF_TYPE_TIME = 0x0040,
	TNEF_TYPE_BINARY = 0x0102,
};

/* type 0 = there is no such property */
struct tnef_value {
	unsigned int type;
	/* where it is in the TNEF; of texts without the NUL at the end */
	uoff_t pos, size;
	/* NULL = it is a text or file of any size, which is left where it is */
	const unsigned char *data;
};

struct pim_tnef {
	pool_t pool;
	/* that the TNEF is the content of */
	const struct pim_part *part;

	const char *class;
	/* of 8-bit texts */
	const char *charset;
	/* the attribute of that name, for want of the property */
	struct tnef_value body;
	struct tnef_value values[TNEF_PROP_COUNT];
	ARRAY_TYPE(pim_part) attachments;
	/* something is attached that is not in attachments */
	bool incomplete:1;
	/* it is cut off, or goes on with something else */
	bool broken:1;
};

/* A text, in the pool; NULL = there is none, or it is empty. */
const char *pim_tnef_get_text(pool_t pool, const struct pim_tnef *tnef,
			      enum tnef_prop prop);
/* FALSE = there is none, or it is beyond the year 9999. */
bool pim_tnef_get_time(const struct pim_tnef *tnef, enum tnef_prop prop,
		       int64_t *time_r);

#endif
