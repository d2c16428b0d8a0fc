#ifndef EAS_OPTIONS_H
#define EAS_OPTIONS_H

#include "eas.h"

/* What a device wants to have of items: Options of Sync, ItemOperations, Search
   ([MS-ASCMD] 2.2.3.125), kept per collection. */

/* [MS-ASAIRS] 2.2.2.41 Type */
enum eas_body_type {
	EAS_BODY_NONE = 0,
	EAS_BODY_PLAIN = 1,
	EAS_BODY_HTML = 2,
	EAS_BODY_RTF = 3,
	EAS_BODY_MIME = 4,
};

struct eas_body_preference {
	/* not wanted: the row of this type is unset */
	bool set:1;
	bool all_or_none:1;
	uint32_t truncation_size;	/* bytes; UINT32_MAX = whole */
	uint32_t preview;		/* characters, 0 = none */
};

struct eas_item_options {
	/* BodyPreference by type, [1..4] */
	struct eas_body_preference body[5];
	/* BodyPartPreference (HTML only), 14.1 on */
	struct eas_body_preference body_part;
	/* 0 never, 1 S/MIME only, 2 all */
	unsigned int mime_support;
	/* 2.5: bytes of plain body (Truncation) and of MIME (MIMETruncation); UINT32_MAX = whole */
	uint32_t truncation, mime_truncation;
	/* rights management is not supported: RightsManagementSupport is ignored */
	/* 0..8 [MS-ASCMD] 2.2.3.77.2; 0 = all */
	unsigned int filter_type;
	/* 0 client wins, 1 server wins (default) */
	unsigned int conflict;
	unsigned int max_items;
};

/* The defaults of a version when no Options were ever sent. */
void eas_item_options_init(struct eas_item_options *options,
			   unsigned int version);
/* Reads an <Options> element of AirSync, ItemOperations or Search, or (12.0 on) BodyPreference
   elements directly below node. Replaces what options has (Options are sticky as a
   whole). Whether the class of the folder knows the FilterType is the caller's to
   look at. Returns 0, or -1 with a Status: EAS_STATUS_INVALID_XML or (14.1 on)
   EAS_STATUS_BODY_PART_PREFERENCE_TYPE_NOT_SUPPORTED. */
int eas_item_options_parse(struct eas_item_options *options,
			   const struct wbxml_node *node, unsigned int version,
			   enum eas_status *status_r);
/* Compact text form for the stored state, and back (-1: not ours). */
void eas_item_options_encode(const struct eas_item_options *options,
			     string_t *dest);
int eas_item_options_decode(struct eas_item_options *options, const char *str);

#endif
