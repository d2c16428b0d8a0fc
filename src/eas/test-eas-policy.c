/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "buffer.h"
#include "istream.h"
#include "ostream.h"
#include "roost-settings.h"
#include "eas-policy.h"
#include "test-common.h"

static struct roost_settings set;
static struct roost_user user = { .set = &set };

/* The document as a device reads it. */
static const struct wbxml_node *
test_policy_document(pool_t pool, unsigned int version)
{
	buffer_t *buf = t_buffer_create(2048);
	struct ostream *output = o_stream_create_buffer(buf);
	struct wbxml_writer *writer = wbxml_writer_init(output);
	struct istream *input;
	struct wbxml_node *root;
	enum wbxml_error kind;
	const char *error;

	wbxml_open(writer, EAS_PROVISION_DATA);
	eas_policy_write(&user, version, writer);
	wbxml_close(writer);
	test_assert(wbxml_writer_finish(&writer) == 0);
	o_stream_unref(&output);
	input = i_stream_create_from_buffer(buf);
	test_assert(wbxml_tree_read(input, &eas_code_space,
				    &wbxml_default_limits, pool, &root, &kind,
				    &error) == 0);
	i_stream_unref(&input);
	return wbxml_node_child(root, EAS_PROVISION_EAS_PROVISION_DOC);
}

static unsigned int test_policy_count(const struct wbxml_node *doc)
{
	const struct wbxml_node *node;
	unsigned int count = 0;

	for (node = doc->children; node != NULL; node = node->next)
		count++;
	return count;
}

static void test_eas_policy_complete(void)
{
	pool_t pool = pool_alloconly_create("test policy", 8192);
	const struct wbxml_node *doc;
	unsigned int i, tag, count = 0;

	test_begin("eas policy: every element of the code page");
	set.roost_policy = "";
	doc = test_policy_document(pool, EAS_VERSION_16_1);
	for (i = 0; i < eas_code_space.tags_count; i++) {
		tag = eas_code_space.tags[i].tag;
		if (tag <= EAS_PROVISION_EAS_PROVISION_DOC ||
		    tag >= EAS_PROVISION_ACCOUNT_ONLY_REMOTE_WIPE ||
		    tag == EAS_PROVISION_APPLICATION_NAME ||
		    tag == EAS_PROVISION_HASH)
			continue;
		test_assert_idx(wbxml_node_child(doc, tag) != NULL, tag);
		count++;
	}
	test_assert(count == test_policy_count(doc));
	/* [MS-ASWBXML] 2.1.2.1.15: what 12.0 has */
	doc = test_policy_document(pool, EAS_VERSION_12_0);
	test_assert(test_policy_count(doc) == 11);
	test_assert(wbxml_node_child(doc, EAS_PROVISION_ALLOW_CAMERA) == NULL);
	test_assert(wbxml_node_child(doc,
		EAS_PROVISION_DEVICE_PASSWORD_ENABLED) != NULL);
	pool_unref(&pool);
	test_end();
}

static void test_eas_policy_setting(void)
{
	pool_t pool = pool_alloconly_create("test policy", 8192);
	const struct wbxml_node *doc, *list;

	test_begin("eas policy: setting");
	set.roost_policy = "AllowCamera=0 minDevicePasswordLength=06;\n"
		"UnapprovedInROMApplicationList=a.exe,b.exe "
		"MaxInactivityTimeDeviceLock=  MaxEmailBodyTruncationSize=-1";
	doc = test_policy_document(pool, EAS_VERSION_14_1);
	test_assert_strcmp(wbxml_child_text(doc, EAS_PROVISION_ALLOW_CAMERA),
			   "0");
	test_assert_strcmp(wbxml_child_text(doc,
		EAS_PROVISION_MIN_DEVICE_PASSWORD_LENGTH), "6");
	test_assert_strcmp(wbxml_child_text(doc,
		EAS_PROVISION_MAX_INACTIVITY_TIME_DEVICE_LOCK), "");
	test_assert_strcmp(wbxml_child_text(doc,
		EAS_PROVISION_MAX_EMAIL_BODY_TRUNCATION_SIZE), "-1");
	list = wbxml_node_child(doc,
		EAS_PROVISION_UNAPPROVED_IN_ROM_APPLICATION_LIST);
	test_assert(list->children != NULL &&
		    list->children->next == list->last_child);
	test_assert_strcmp(wbxml_node_text(list->children), "a.exe");
	test_assert_strcmp(wbxml_node_text(list->last_child), "b.exe");
	pool_unref(&pool);
	test_end();
}

static void test_eas_policy_wrong(void)
{
	static const char *const tests[] = {
		"AllowCamera=2", "AllowCamera=-1", "AllowCamera=", "AllowCamera",
		"AllowCamera=yes", "AllowCamera=0x0", "NoSuchPolicy=1", "=1",
		"MinDevicePasswordLength=17", "MinDevicePasswordLength=0",
		"MaxDevicePasswordFailedAttempts=3", "AllowBluetooth=3",
		"MaxEmailBodyTruncationSize=-2",
		"MaxAttachmentSize=99999999999999999999",
	};
	pool_t pool = pool_alloconly_create("test policy", 8192);
	const struct wbxml_node *doc, *fallback, *node, *other;
	unsigned int i;

	test_begin("eas policy: wrong values are left out");
	set.roost_policy = "";
	fallback = test_policy_document(pool, EAS_VERSION_16_1);
	for (i = 0; i < N_ELEMENTS(tests); i++) {
		set.roost_policy = tests[i];
		test_expect_error_string("roost_policy: ");
		doc = test_policy_document(pool, EAS_VERSION_16_1);
		test_expect_no_more_errors();
		for (node = doc->children, other = fallback->children;
		     node != NULL && other != NULL;
		     node = node->next, other = other->next) {
			test_assert_idx(null_strcmp(wbxml_node_text(node),
				wbxml_node_text(other)) == 0, i);
		}
		test_assert_idx(node == NULL && other == NULL, i);
		test_assert_strcmp_idx(
			eas_policy_hash(&user, EAS_VERSION_16_1), "default", i);
	}
	pool_unref(&pool);
	test_end();
}

static void test_eas_policy_hash(void)
{
	const char *first, *other;

	test_begin("eas policy: hash");
	set.roost_policy = "";
	test_assert_strcmp(eas_policy_hash(&user, EAS_VERSION_2_5), "default");
	/* what says the same is the same */
	set.roost_policy = "AllowCamera=1 AllowBluetooth=02";
	test_assert_strcmp(eas_policy_hash(&user, EAS_VERSION_16_1), "default");
	set.roost_policy = "AllowCamera=0 AllowWiFi=0";
	first = eas_policy_hash(&user, EAS_VERSION_16_1);
	test_assert(strcmp(first, "default") != 0);
	set.roost_policy = "AllowWiFi=0  AllowCamera=00 ";
	test_assert_strcmp(eas_policy_hash(&user, EAS_VERSION_12_1), first);
	set.roost_policy = "AllowWiFi=0";
	other = eas_policy_hash(&user, EAS_VERSION_16_1);
	test_assert(strcmp(first, other) != 0);
	/* smaller documents of old versions */
	test_assert(strcmp(eas_policy_hash(&user, EAS_VERSION_12_0),
			   other) != 0);
	test_assert(strcmp(eas_policy_hash(&user, EAS_VERSION_2_5),
			   eas_policy_hash(&user, EAS_VERSION_12_0)) != 0);
	test_end();
}

static void test_eas_policy_wap(void)
{
	static const struct {
		const char *policy, *parm;
	} tests[] = {
		{ "", "name=\"4131\" value=\"1\"" },
		{ "", "name=\"DeviceWipeThreshold\" value=\"-1\"" },
		{ "", "name=\"AEFrequencyType\" value=\"0\"" },
		{ "", "name=\"PasswordComplexity\" value=\"2\"" },
		/* nothing counts without a password */
		{ "MaxInactivityTimeDeviceLock=60",
		  "name=\"AEFrequencyType\" value=\"0\"" },
		{ "DevicePasswordEnabled=1", "name=\"4131\" value=\"0\"" },
		{ "DevicePasswordEnabled=1 MaxInactivityTimeDeviceLock=600",
		  "name=\"AEFrequencyValue\" value=\"10\"" },
		{ "DevicePasswordEnabled=1 MaxInactivityTimeDeviceLock=30",
		  "name=\"AEFrequencyValue\" value=\"1\"" },
		{ "DevicePasswordEnabled=1 MinDevicePasswordLength=8",
		  "name=\"MinimumPasswordLength\" value=\"8\"" },
		{ "DevicePasswordEnabled=1 MaxDevicePasswordFailedAttempts=5",
		  "name=\"DeviceWipeThreshold\" value=\"5\"" },
		{ "DevicePasswordEnabled=1 "
		  "AlphanumericDevicePasswordRequired=1",
		  "name=\"PasswordComplexity\" value=\"0\"" },
	};
	unsigned int i;

	test_begin("eas policy: document of 2.5");
	for (i = 0; i < N_ELEMENTS(tests); i++) {
		set.roost_policy = tests[i].policy;
		test_assert_idx(strstr(eas_policy_wap_xml(&user),
				       tests[i].parm) != NULL, i);
	}
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_eas_policy_complete,
		test_eas_policy_setting,
		test_eas_policy_wrong,
		test_eas_policy_hash,
		test_eas_policy_wap,
		NULL
	};
	int ret;

	lib_init();
	user.event = event_create(NULL);
	ret = test_run(test_functions);
	event_unref(&user.event);
	return ret;
}
