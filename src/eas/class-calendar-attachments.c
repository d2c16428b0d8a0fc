/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "istream.h"
#include "str.h"
#include "strnum.h"
#include "pim-attach.h"
#include "pim-text.h"
#include "store-blob.h"
#include "class-email.h"
#include "class-calendar-private.h"

/* Attachments ([MS-ASAIRS] 2.2.2.8), from 16.0 on. The content is a blob of the store; the event has an
   ATTACH with its number, and the parameters of RFC 8607 (FILENAME, FMTTYPE, SIZE). A
   FileReference is "<folder>:<item>:<blob>". Other ATTACHs (links) are not shown, and stay.

   What a device calls a new attachment (ClientId) stays in the line: a request that comes again
   adds nothing twice, and is answered as it was before. */

#define CAL_ATTACH_CLIENT_ID "X-ROOST-CLIENT-ID"
#define CAL_ATTACH_CONTENT_ID "X-ROOST-CONTENT-ID"
#define CAL_ATTACH_LOCATION "X-ROOST-CONTENT-LOCATION"
#define CAL_ATTACH_INLINE "X-ROOST-INLINE"
#define CAL_MAX_ATTACHMENTS 100
#define CAL_MAX_NAME 1024
/* [MS-ASAIRS] 2.2.2.31 */
#define CAL_METHOD_NORMAL 1
#define CAL_METHOD_MESSAGE 5

static struct pim_property *
cal_attach_next(const struct pim_component *comp,
		const struct pim_property *prev, uint32_t *num_r)
{
	struct pim_property *prop;

	prop = prev == NULL ? pim_property_find(comp, "ATTACH") :
		pim_property_next(prev, "ATTACH");
	while (prop != NULL && !pim_attach_is_blob(prop, num_r))
		prop = pim_property_next(prop, "ATTACH");
	return prop;
}

static const char *
cal_file_reference(const char *folder_id, uint32_t uid, uint32_t num)
{
	return t_strdup_printf("%s:%u:%u", folder_id, uid, num);
}

/* -- write -- */

static void
cal_write_param(const struct pim_property *prop, const char *name,
		unsigned int tag, struct wbxml_writer *writer)
{
	const char *value = pim_property_param(prop, name);

	if (value != NULL && *value != '\0')
		wbxml_text(writer, tag, value);
}

static void
cal_write_attachment(const struct eas_class_write *write, uint32_t uid,
		     const struct pim_property *prop, uint32_t num,
		     struct wbxml_writer *writer)
{
	const char *size = pim_property_param(prop, "SIZE");
	uint32_t bytes;

	wbxml_open(writer, EAS_AIRSYNCBASE_ATTACHMENT);
	cal_write_param(prop, "FILENAME", EAS_AIRSYNCBASE_DISPLAY_NAME, writer);
	wbxml_text(writer, EAS_AIRSYNCBASE_FILE_REFERENCE,
		   cal_file_reference(write->folder_id, uid, num));
	wbxml_uint(writer, EAS_AIRSYNCBASE_METHOD, CAL_METHOD_NORMAL);
	wbxml_uint(writer, EAS_AIRSYNCBASE_ESTIMATED_DATA_SIZE,
		   size != NULL && str_to_uint32(size, &bytes) == 0 ? bytes :
		   0);
	cal_write_param(prop, CAL_ATTACH_CONTENT_ID, EAS_AIRSYNCBASE_CONTENT_ID,
			writer);
	cal_write_param(prop, CAL_ATTACH_LOCATION,
			EAS_AIRSYNCBASE_CONTENT_LOCATION, writer);
	if (pim_property_has_param(prop, CAL_ATTACH_INLINE, "TRUE"))
		wbxml_bool(writer, EAS_AIRSYNCBASE_IS_INLINE, TRUE);
	wbxml_close(writer);
}

void cal_write_attachments(const struct eas_class_write *write,
			   const struct cal_doc *doc,
			   const struct pim_component *comp,
			   struct wbxml_writer *writer)
{
	struct pim_property *prop = NULL;
	uint32_t num;

	if (doc->req->version < EAS_VERSION_16_0 || write->folder_id == NULL ||
	    cal_attach_next(comp, NULL, &num) == NULL)
		return;
	wbxml_open(writer, EAS_AIRSYNCBASE_ATTACHMENTS);
	while ((prop = cal_attach_next(comp, prop, &num)) != NULL) T_BEGIN {
		cal_write_attachment(write, doc->uid, prop, num, writer);
	} T_END;
	wbxml_close(writer);
}

static struct pim_property *
cal_attach_find_client(struct cal_doc *doc, const char *client_id,
		       uint32_t *num_r)
{
	struct pim_component *comp;
	struct pim_property *prop;

	comp = pim_component_find(doc->calendar, "VEVENT");
	for (; comp != NULL; comp = pim_component_next(comp, "VEVENT")) {
		prop = NULL;
		while ((prop = cal_attach_next(comp, prop, num_r)) != NULL) {
			if (null_strcmp(pim_property_param(prop,
					CAL_ATTACH_CLIENT_ID), client_id) == 0)
				return prop;
		}
	}
	return NULL;
}

static void
cal_write_added_attachments(const struct eas_class_write *write,
			    struct cal_doc *doc, const struct wbxml_node *add,
			    struct wbxml_writer *writer)
{
	const char *client_id;
	uint32_t num;

	wbxml_open(writer, EAS_AIRSYNCBASE_ATTACHMENTS);
	for (; add != NULL; add = wbxml_node_next_same(add)) {
		client_id = wbxml_child_text(add, EAS_AIRSYNCBASE_CLIENT_ID);
		if (client_id == NULL ||
		    cal_attach_find_client(doc, client_id, &num) == NULL)
			continue;
		wbxml_open(writer, EAS_AIRSYNCBASE_ATTACHMENT);
		wbxml_text(writer, EAS_AIRSYNCBASE_CLIENT_ID, client_id);
		wbxml_text(writer, EAS_AIRSYNCBASE_FILE_REFERENCE,
			   cal_file_reference(write->folder_id, doc->uid,
					      num));
		wbxml_close(writer);
	}
	wbxml_close(writer);
}

void cal_write_added(const struct eas_class_write *write,
		     const struct store_item *item,
		     const struct wbxml_node *data,
		     struct wbxml_writer *writer)
{
	const struct wbxml_node *add;
	const char *error;
	struct cal_doc doc;

	if (cal_doc_open(write->req, item, &doc, &error) < 0)
		return;
	cal_write_uid(&doc, writer);
	add = wbxml_node_child(wbxml_node_child(data,
						EAS_AIRSYNCBASE_ATTACHMENTS),
			       EAS_AIRSYNCBASE_ADD);
	if (add != NULL)
		cal_write_added_attachments(write, &doc, add, writer);
	cal_doc_close(&doc);
}

/* -- apply -- */

struct cal_attach {
	struct eas_class_apply *apply;
	struct cal_doc *doc;
	/* what gets the attachments */
	struct pim_component *comp;
	enum store_put put;
	bool changed;
};

static int cal_attach_wrong(struct cal_attach *ctx)
{
	ctx->apply->error = "Attachments are malformed";
	return -1;
}

static void
cal_attach_set(struct pim_property *prop, const char *name, const char *value)
{
	pim_property_set_param(prop, name, value == NULL || *value == '\0' ?
			       NULL : pim_text_clean_line(value));
}

static void
cal_attach_write(struct cal_attach *ctx, const struct wbxml_node *add,
		 const struct store_blob *blob)
{
	struct pim_property *prop;

	prop = pim_property_add(ctx->comp, "ATTACH",
		t_strdup_printf(PIM_ATTACH_BLOB"%u", blob->num));
	cal_attach_set(prop, "FMTTYPE", blob->type);
	cal_attach_set(prop, "FILENAME", blob->name);
	cal_attach_set(prop, "SIZE", t_strdup_printf("%"PRIuUOFF_T,
						     blob->size));
	cal_attach_set(prop, CAL_ATTACH_CLIENT_ID,
		       wbxml_child_text(add, EAS_AIRSYNCBASE_CLIENT_ID));
	cal_attach_set(prop, CAL_ATTACH_CONTENT_ID,
		       wbxml_child_text(add, EAS_AIRSYNCBASE_CONTENT_ID));
	cal_attach_set(prop, CAL_ATTACH_LOCATION,
		       wbxml_child_text(add, EAS_AIRSYNCBASE_CONTENT_LOCATION));
	if (wbxml_node_child(add, EAS_AIRSYNCBASE_IS_INLINE) != NULL)
		cal_attach_set(prop, CAL_ATTACH_INLINE, "TRUE");
	ctx->changed = TRUE;
}

static int
cal_attach_store(struct cal_attach *ctx, const struct wbxml_node *add,
		 struct store_blob *blob)
{
	const struct wbxml_node *content;
	struct istream *input;

	content = wbxml_node_child(add, EAS_AIRSYNCBASE_CONTENT);
	if (content == NULL ||
	    eas_class_read_bytes(ctx->apply->req, content, &input) < 0)
		return cal_attach_wrong(ctx);
	ctx->put = store_blob_add(ctx->apply->req->store, blob, input);
	i_stream_unref(&input);
	return ctx->put == STORE_PUT_OK ? 0 : -1;
}

static int cal_attach_add(struct cal_attach *ctx, const struct wbxml_node *add)
{
	const char *client_id, *name, *type;
	struct store_blob blob;
	unsigned int method;
	uint32_t num;

	client_id = wbxml_child_text(add, EAS_AIRSYNCBASE_CLIENT_ID);
	name = wbxml_child_text(add, EAS_AIRSYNCBASE_DISPLAY_NAME);
	type = wbxml_child_text(add, EAS_AIRSYNCBASE_CONTENT_TYPE);
	if (client_id == NULL || *client_id == '\0' || name == NULL ||
	    strlen(client_id) > CAL_MAX_NAME || strlen(name) > CAL_MAX_NAME ||
	    wbxml_child_uint(add, EAS_AIRSYNCBASE_METHOD, &method) <= 0 ||
	    (method != CAL_METHOD_NORMAL && method != CAL_METHOD_MESSAGE))
		return cal_attach_wrong(ctx);
	/* it was added before */
	if (cal_attach_find_client(ctx->doc, client_id, &num) != NULL)
		return 0;
	i_zero(&blob);
	blob.folder = ctx->apply->old->folder;
	blob.uid = ctx->apply->old->uid;
	blob.name = name;
	blob.type = method == CAL_METHOD_MESSAGE ? "message/rfc822" :
		type == NULL || *type == '\0' ? NULL : type;
	if (cal_attach_store(ctx, add, &blob) < 0)
		return -1;
	cal_attach_write(ctx, add, &blob);
	return 0;
}

/* Is it another occurrence's as well? */
static bool cal_attach_is_used(struct cal_doc *doc, uint32_t num)
{
	struct pim_component *comp;
	struct pim_property *prop;
	uint32_t found;

	comp = pim_component_find(doc->calendar, "VEVENT");
	for (; comp != NULL; comp = pim_component_next(comp, "VEVENT")) {
		prop = NULL;
		while ((prop = cal_attach_next(comp, prop, &found)) != NULL) {
			if (found == num)
				return TRUE;
		}
	}
	return FALSE;
}

static int
cal_attach_delete(struct cal_attach *ctx, const struct wbxml_node *node)
{
	const char *ref, *folder_id, *part;
	struct pim_property *prop = NULL;
	uint32_t uid, num, found;

	ref = wbxml_child_text(node, EAS_AIRSYNCBASE_FILE_REFERENCE);
	if (ref == NULL ||
	    eas_file_reference_parse(ref, &folder_id, &uid, &part) < 0 ||
	    uid != ctx->apply->old->uid || str_to_uint32(part, &num) < 0)
		return cal_attach_wrong(ctx);
	while ((prop = cal_attach_next(ctx->comp, prop, &found)) != NULL) {
		if (found == num)
			break;
	}
	/* a repetition */
	if (prop == NULL)
		return 0;
	pim_property_remove(prop);
	ctx->changed = TRUE;
	if (!cal_attach_is_used(ctx->doc, num) &&
	    store_blob_remove(ctx->apply->req->store, num) < 0) {
		ctx->put = STORE_PUT_FAILED;
		return -1;
	}
	return 0;
}

static int cal_attach_all(struct cal_attach *ctx)
{
	const struct wbxml_node *node;
	unsigned int count = 0;
	int ret = 0;

	node = wbxml_node_child(ctx->apply->data, EAS_AIRSYNCBASE_ATTACHMENTS);
	for (node = node->children; node != NULL && ret == 0;
	     node = node->next) T_BEGIN {
		if (++count > CAL_MAX_ATTACHMENTS)
			ret = cal_attach_wrong(ctx);
		else if (node->tag == EAS_AIRSYNCBASE_ADD)
			ret = cal_attach_add(ctx, node);
		else if (node->tag == EAS_AIRSYNCBASE_DELETE)
			ret = cal_attach_delete(ctx, node);
	} T_END;
	return ret;
}

int cal_attach(struct eas_class_apply *apply, enum store_put *put_r)
{
	struct cal_doc doc;
	struct cal_attach ctx;
	int64_t key;
	int ret;

	if (cal_doc_edit(apply, &doc) < 0)
		return -1;
	i_zero(&ctx);
	ctx.apply = apply;
	ctx.doc = &doc;
	ctx.put = STORE_PUT_OK;
	ctx.comp = doc.master;
	if (apply->instance_id != NULL &&
	    cal_instance_parse(&doc, apply->instance_id, &key) == 0)
		ctx.comp = cal_override_find(&doc, key);
	ret = ctx.comp == NULL ? cal_attach_wrong(&ctx) : cal_attach_all(&ctx);
	if (ret == 0 && ctx.changed) {
		pim_lines_write(doc.ical.doc, apply->text);
		ret = 1;
	}
	*put_r = ctx.put;
	cal_doc_close(&doc);
	return ret;
}
