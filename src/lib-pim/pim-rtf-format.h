#ifndef PIM_RTF_FORMAT_H
#define PIM_RTF_FORMAT_H

/* What pim-rtf.c finds, written as simple HTML: who reads RTF says what the text looks like, and
   tags are written when a text comes that looks another way. */

struct pim_rtf_format;

/* 0 and FALSE are how a document begins. */
struct pim_rtf_style {
	unsigned int color;		/* 1.. in the table */
	unsigned int link;		/* of pim_rtf_format_link() */
	bool bold:1;
	bool italic:1;
	bool underline:1;
	bool strike:1;
};

struct pim_rtf_format *pim_rtf_format_init(buffer_t *dest);
/* UTF-8, lines end in LF. */
void pim_rtf_format_text(struct pim_rtf_format *format,
			 const struct pim_rtf_style *style,
			 const void *data, size_t size);
/* The next entry of the colour table. */
void pim_rtf_format_color(struct pim_rtf_format *format, unsigned int red,
			  unsigned int green, unsigned int blue);
/* A field's instruction, byte by byte from its beginning on, and the link that it is; 0 = none,
   or none that anybody should follow. */
void pim_rtf_format_field_begin(struct pim_rtf_format *format);
void pim_rtf_format_field_byte(struct pim_rtf_format *format,
			       unsigned char byte);
unsigned int pim_rtf_format_link(struct pim_rtf_format *format);
/* Frees it. Returns TRUE if there was anything but plain text. */
bool pim_rtf_format_deinit(struct pim_rtf_format **format);

#endif
