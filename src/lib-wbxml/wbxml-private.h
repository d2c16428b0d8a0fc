#ifndef WBXML_PRIVATE_H
#define WBXML_PRIVATE_H

/* Global tokens, WAP-192-WBXML 7.1 */
enum wbxml_token {
	WBXML_SWITCH_PAGE	= 0x00,
	WBXML_END		= 0x01,
	WBXML_ENTITY		= 0x02,
	WBXML_STR_I		= 0x03,
	WBXML_STR_T		= 0x83,
	WBXML_OPAQUE		= 0xC3,
};
/* Below this a token (without its two upper bits) is a global one. */
#define WBXML_FIRST_TAG_TOKEN 0x05
#define WBXML_TOKEN_MASK 0x3f
#define WBXML_HAS_CONTENT 0x40
#define WBXML_HAS_ATTRIBUTES 0x80

#define WBXML_VERSION_1_3 0x03
#define WBXML_PUBLIC_ID_UNKNOWN 0x01
/* IANA MIBenum */
#define WBXML_CHARSET_UNKNOWN 0
#define WBXML_CHARSET_US_ASCII 3
#define WBXML_CHARSET_UTF8 106

#endif
