#ifndef PIM_COMPOSE_H
#define PIM_COMPOSE_H

/* Makes a mail: header fields, text in one or two forms, pictures within the
   text, attachments. Everything comes as streams and leaves as a stream, so
   that memory does not grow with the mail. What is taken over from another
   mail stays as it is there, byte by byte (but for line ends, which are CRLF
   in all that is written).

   The structure is the smallest that holds what there is:

     mixed
       alternative          for each text
         text/plain
         related            if there are pictures and HTML
           text/html
           pictures
       attachments */

struct istream;
struct ostream;

/* A part that is no text. */
struct pim_compose_part {
	/* One of the two: the decoded content, or a whole entity with its
	   header. Not owned; read from where they stand. */
	struct istream *content, *entity;
	/* The entity's header is that of a whole mail: only what it says of
	   its content is taken over. */
	bool entity_is_mail;

	/* of content: a MIME type (whatever it is; what is no type becomes
	   application/octet-stream), UTF-8 texts; NULL = none */
	const char *type, *name, *content_id, *content_location;
	/* a picture within the text; of an entity as well */
	bool is_inline;

	/* out: the IMAP part number */
	const char *number;
};

/* A text in up to two forms; each as content (UTF-8, any line ends) or as
   entity, like a part. */
struct pim_compose_text {
	struct pim_compose_part plain, html;
};

struct pim_compose {
	pool_t pool;
	/* whole lines that end in CRLF, without MIME-Version and Content-* */
	string_t *header;
	ARRAY(struct pim_compose_text) texts;
	ARRAY(struct pim_compose_part) parts;
};

void pim_compose_init(struct pim_compose *compose_r, pool_t pool);
struct pim_compose_text *pim_compose_add_text(struct pim_compose *compose);
struct pim_compose_part *pim_compose_add_part(struct pim_compose *compose);

/* Header fields, encoded (RFC 2047) and folded. value is UTF-8; control
   characters in it do no harm. An empty value writes nothing. */
void pim_compose_unstructured(string_t *dest, const char *name,
			      const char *value);
/* value is a list of addresses as devices write it, separated by commas or
   semicolons. What is no address stays as it is, so that a half-typed one
   is not lost. */
void pim_compose_addresses(string_t *dest, const char *name,
			   const char *value);
/* Has the list any addresses (count_r), and are all of them such that a mail
   can be sent to them? */
bool pim_compose_addresses_valid(const char *value, unsigned int *count_r);
/* Appends the lines of the header that stands at input's beginning, except
   fields of these names (NULL-ended), MIME-Version and Content-*. Line ends
   become CRLF. Returns 0, or -1 if input failed. */
int pim_compose_copy_header(string_t *dest, struct istream *input,
			    const char *const *except);

/* Writes the mail and sets the parts' numbers. Returns 0, or -1 if an input or
   output failed: error_r says which. */
int pim_compose_write(struct pim_compose *compose, struct ostream *output,
		      const char **error_r);

/* Writes HTML's text to output. Returns 0, or -1 if html failed. */
int pim_compose_html_to_text(struct istream *html, struct ostream *output);

#endif
