/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "buffer.h"
#include "randgen.h"
#include "sha2.h"
#include "strnum.h"
#include "roost-settings.h"
#include "store.h"
#include "eas-commands.h"
#include "eas-device.h"
#include "eas-device-info.h"
#include "eas-policy.h"

#define POLICY_TYPE_WAP "MS-WAP-Provisioning-XML"
#define POLICY_TYPE_WBXML "MS-EAS-Provisioning-WBXML"
/* Device parameter: hash of the document that was handed out with
   policy_key_pending. */
#define PARAM_PENDING_HASH "policy-pending-hash"

/* [MS-ASPROV] 2.2.2.54.2: below Provision */
enum provision_status {
	PROVISION_STATUS_SUCCESS = 1,
	PROVISION_STATUS_PROTOCOL_ERROR = 2,
};

/* 2.2.2.54.2: below Policy */
enum policy_status {
	POLICY_STATUS_SUCCESS = 1,
	POLICY_STATUS_UNKNOWN_TYPE = 3,
	POLICY_STATUS_KEY_MISMATCH = 5,
};

/* 2.2.2.54.1: how far the device applied the policy */
enum policy_ack {
	POLICY_ACK_NONE = 0,
	POLICY_ACK_APPLIED = 1,
	POLICY_ACK_PARTIALLY = 2,
	POLICY_ACK_NOT_APPLIED = 3,
	POLICY_ACK_EXTERNAL = 4,
};

/* 2.2.2.54.3 */
enum wipe_ack {
	WIPE_ACK_NONE = 0,
	WIPE_ACK_SUCCESS = 1,
	WIPE_ACK_FAILURE = 2,
};

struct provision {
	struct eas_request *req;

	/* the request */
	const struct wbxml_node *device_info;
	const char *policy_type;	/* NULL = no policy asked for */
	uint32_t ack_key;
	enum policy_ack ack;
	enum wipe_ack wipe_ack;

	/* the answer */
	enum eas_settings_status device_info_status;
	enum provision_status status;
	enum policy_status policy_status;
	uint32_t policy_key;		/* 0 = none */
	bool send_document:1;
	bool send_wipe:1;
};

static int provision_parse_policy(struct provision *prov,
				  const struct wbxml_node *policy)
{
	const char *key;
	unsigned int ack;
	int ret;

	prov->policy_type = wbxml_child_text(policy, EAS_PROVISION_POLICY_TYPE);
	if (prov->policy_type == NULL)
		return -1;
	ret = wbxml_child_uint(policy, EAS_PROVISION_STATUS, &ack);
	if (ret < 0 || (ret > 0 && (ack < POLICY_ACK_APPLIED ||
				    ack > POLICY_ACK_EXTERNAL)))
		return -1;
	if (ret == 0)
		return 0;
	prov->ack = ack;
	/* of a key that is no number, 0 is left: it matches nothing */
	key = wbxml_child_text(policy, EAS_PROVISION_POLICY_KEY);
	if (key == NULL)
		prov->ack_key = prov->req->policy_key;
	else if (str_to_uint32(key, &prov->ack_key) < 0)
		prov->ack_key = 0;
	return 0;
}

static int provision_parse_wipe(struct provision *prov,
				const struct wbxml_node *wipe)
{
	unsigned int ack;

	if (wipe == NULL)
		return 0;
	if (wbxml_child_uint(wipe, EAS_PROVISION_STATUS, &ack) <= 0 ||
	    ack < WIPE_ACK_SUCCESS || ack > WIPE_ACK_FAILURE)
		return -1;
	/* the device did what it was told, or it did not */
	prov->wipe_ack = ack == WIPE_ACK_SUCCESS &&
		(wipe->tag == EAS_PROVISION_ACCOUNT_ONLY_REMOTE_WIPE) ==
			prov->req->device->wipe_account_only ?
		WIPE_ACK_SUCCESS : WIPE_ACK_FAILURE;
	return 0;
}

static int provision_parse(struct provision *prov)
{
	const struct wbxml_node *root = prov->req->root;
	const struct wbxml_node *policies, *policy, *wipe;

	prov->device_info =
		wbxml_node_child(root, EAS_SETTINGS_DEVICE_INFORMATION);
	wipe = wbxml_node_child(root, EAS_PROVISION_REMOTE_WIPE);
	if (wipe == NULL) {
		wipe = wbxml_node_child(root,
			EAS_PROVISION_ACCOUNT_ONLY_REMOTE_WIPE);
	}
	if (provision_parse_wipe(prov, wipe) < 0)
		return -1;
	policies = wbxml_node_child(root, EAS_PROVISION_POLICIES);
	if (policies == NULL)
		return 0;
	policy = wbxml_node_child(policies, EAS_PROVISION_POLICY);
	return policy == NULL ? -1 : provision_parse_policy(prov, policy);
}

static bool provision_wipe_is_due(const struct provision *prov)
{
	const struct store_device *device = prov->req->device;

	if (device->wipe != STORE_DEVICE_WIPE_ORDERED &&
	    device->wipe != STORE_DEVICE_WIPE_SENT)
		return FALSE;
	return !device->wipe_account_only ||
		prov->req->version >= EAS_VERSION_16_1;
}

/* In the update of the record. */
static void provision_wipe(struct provision *prov)
{
	struct eas_request *req = prov->req;
	struct store_device *device = req->device;
	const char *what = device->wipe_account_only ?
		"account-only remote wipe" : "remote wipe";
	/* A device that was not told yet can't mean this order: it sends the
	   confirmation of an earlier one again. */
	enum wipe_ack ack = device->wipe == STORE_DEVICE_WIPE_SENT ?
		prov->wipe_ack : WIPE_ACK_NONE;

	if (ack == WIPE_ACK_SUCCESS) {
		e_info(req->event, "Device %s confirmed its %s",
		       device->id, what);
		device->wipe = STORE_DEVICE_WIPE_DONE;
		/* if it ever comes back it starts as a new one */
		device->policy_key = device->policy_key_pending = 0;
		device->policy_hash = NULL;
		return;
	}
	if (ack == WIPE_ACK_FAILURE) {
		e_warning(req->event, "Device %s could not do its %s",
			  device->id, what);
		prov->status = PROVISION_STATUS_PROTOCOL_ERROR;
	} else {
		e_info(req->event, "Telling device %s its %s",
		       device->id, what);
	}
	device->wipe = STORE_DEVICE_WIPE_SENT;
	prov->send_wipe = TRUE;
}

static uint32_t provision_new_key(const struct store_device *device)
{
	uint32_t key;

	do {
		random_fill(&key, sizeof(key));
	} while (key == 0 || key == device->policy_key ||
		 key == device->policy_key_pending);
	return key;
}

/* The permanent key follows from the temporary one, so that an acknowledgement
   which is sent again because its answer was lost gets the same answer. Keys
   name a state of the policy; they are no secrets. */
static uint32_t provision_final_key(const struct store_device *device)
{
	unsigned char digest[SHA256_RESULTLEN];
	struct sha256_ctx ctx;
	uint32_t key;

	sha256_init(&ctx);
	sha256_loop(&ctx, &device->policy_key_pending,
		    sizeof(device->policy_key_pending));
	sha256_loop(&ctx, device->id, strlen(device->id));
	sha256_result(&ctx, digest);
	memcpy(&key, digest, sizeof(key));
	return key != 0 && key != device->policy_key_pending ? key :
		device->policy_key_pending ^ 0x55555555;
}

/* First phase: a document and a temporary key ([MS-ASPROV] 3.2.5.1.1). */
static int provision_hand_out(struct provision *prov)
{
	struct eas_request *req = prov->req;
	const char *hash = eas_policy_hash(req->req->user, req->version);

	req->device->policy_key_pending = provision_new_key(req->device);
	prov->policy_status = POLICY_STATUS_SUCCESS;
	prov->policy_key = req->device->policy_key_pending;
	prov->send_document = TRUE;
	return store_device_param_set(req->store, req->device->num,
				      PARAM_PENDING_HASH, hash, strlen(hash));
}

/* Returns 1 if the key is that of the document as it is now, 0 if not, -1. */
static int provision_check_pending(struct provision *prov, const char *hash)
{
	struct eas_request *req = prov->req;
	buffer_t *pending;
	int ret;

	if (prov->ack_key == 0 ||
	    prov->ack_key != req->device->policy_key_pending)
		return 0;
	ret = store_device_param_get(req->store, req->pool, req->device->num,
				     PARAM_PENDING_HASH, &pending);
	if (ret <= 0)
		return ret;
	return pending->used == strlen(hash) &&
		memcmp(pending->data, hash, pending->used) == 0 ? 1 : 0;
}

/* Second phase ([MS-ASPROV] 3.2.5.1.2.1). */
static int provision_acknowledge(struct provision *prov)
{
	struct eas_request *req = prov->req;
	const char *hash = p_strdup(req->pool,
		eas_policy_hash(req->req->user, req->version));
	int ret;

	ret = provision_check_pending(prov, hash);
	if (ret < 0)
		return -1;
	if (ret == 0) {
		prov->policy_status = POLICY_STATUS_KEY_MISMATCH;
		return 0;
	}
	req->device->policy_key = provision_final_key(req->device);
	req->device->policy_hash = hash;
	prov->policy_status = POLICY_STATUS_SUCCESS;
	prov->policy_key = req->device->policy_key;
	return 0;
}

static int provision_policy(struct provision *prov)
{
	const char *type = prov->req->version < EAS_VERSION_12_0 ?
		POLICY_TYPE_WAP : POLICY_TYPE_WBXML;

	if (strcmp(prov->policy_type, type) != 0) {
		prov->policy_status = POLICY_STATUS_UNKNOWN_TYPE;
		return 0;
	}
	return prov->ack == POLICY_ACK_NONE ? provision_hand_out(prov) :
		provision_acknowledge(prov);
}

/* Does the operator admit a device that has not applied the whole policy? */
static int provision_check_compliance(struct provision *prov)
{
	const struct roost_settings *set = prov->req->req->user->set;

	if (strcmp(set->roost_provisioning, "required") != 0 ||
	    provision_wipe_is_due(prov))
		return 0;
	switch (prov->ack) {
	case POLICY_ACK_NONE:
	case POLICY_ACK_APPLIED:
		return 0;
	case POLICY_ACK_PARTIALLY:
	case POLICY_ACK_NOT_APPLIED:
		return eas_request_fail(prov->req,
			EAS_STATUS_DEVICE_NOT_FULLY_PROVISIONABLE);
	case POLICY_ACK_EXTERNAL:
		return eas_request_fail(prov->req,
			EAS_STATUS_EXTERNALLY_MANAGED_DEVICES_NOT_ALLOWED);
	}
	i_unreached();
}

/* All changes of the record are one transaction. */
static int provision_update(struct provision *prov)
{
	struct eas_request *req = prov->req;
	bool changed;

	if (prov->device_info != NULL) {
		prov->device_info_status =
			eas_device_info_set(req, prov->device_info, &changed);
	}
	/* an order overrules everything else that the device may ask */
	if (provision_wipe_is_due(prov)) {
		provision_wipe(prov);
		return 0;
	}
	return prov->policy_type == NULL ? 0 : provision_policy(prov);
}

static void provision_write_policy(struct provision *prov)
{
	struct eas_request *req = prov->req;
	struct wbxml_writer *writer = eas_request_writer(req);

	wbxml_open(writer, EAS_PROVISION_POLICIES);
	wbxml_open(writer, EAS_PROVISION_POLICY);
	wbxml_text(writer, EAS_PROVISION_POLICY_TYPE, prov->policy_type);
	wbxml_uint(writer, EAS_PROVISION_STATUS, prov->policy_status);
	if (prov->policy_key != 0) {
		wbxml_uint(writer, EAS_PROVISION_POLICY_KEY,
			   prov->policy_key);
	}
	if (prov->send_document && req->version < EAS_VERSION_12_0) {
		wbxml_text(writer, EAS_PROVISION_DATA,
			   eas_policy_wap_xml(req->req->user));
	} else if (prov->send_document) {
		wbxml_open(writer, EAS_PROVISION_DATA);
		eas_policy_write(req->req->user, req->version, writer);
		wbxml_close(writer);
	}
	wbxml_close(writer);
	wbxml_close(writer);
}

static void provision_write(struct provision *prov)
{
	struct wbxml_writer *writer = eas_request_writer(prov->req);

	wbxml_open(writer, EAS_PROVISION_PROVISION);
	if (prov->device_info != NULL) {
		wbxml_open(writer, EAS_SETTINGS_DEVICE_INFORMATION);
		wbxml_uint(writer, EAS_SETTINGS_STATUS,
			   prov->device_info_status);
		wbxml_close(writer);
	}
	wbxml_uint(writer, EAS_PROVISION_STATUS, prov->status);
	if (prov->policy_status != 0)
		provision_write_policy(prov);
	if (prov->send_wipe) {
		wbxml_empty(writer, prov->req->device->wipe_account_only ?
			    EAS_PROVISION_ACCOUNT_ONLY_REMOTE_WIPE :
			    EAS_PROVISION_REMOTE_WIPE);
	}
	wbxml_close(writer);
}

int eas_cmd_provision(struct eas_request *req)
{
	struct provision prov;

	i_zero(&prov);
	prov.req = req;
	prov.status = PROVISION_STATUS_SUCCESS;
	if (eas_device_update_begin(req) < 0)
		return eas_request_fail_temp(req);
	if (provision_parse(&prov) < 0) {
		store_rollback(req->store);
		return eas_request_fail(req, PROVISION_STATUS_PROTOCOL_ERROR);
	}
	if (provision_check_compliance(&prov) < 0) {
		store_rollback(req->store);
		return -1;
	}
	if (provision_update(&prov) < 0) {
		store_rollback(req->store);
		return eas_request_fail_temp(req);
	}
	if (eas_device_update_commit(req) < 0)
		return eas_request_fail_temp(req);
	provision_write(&prov);
	return 1;
}
