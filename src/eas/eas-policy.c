/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "hex-binary.h"
#include "sha2.h"
#include "str.h"
#include "strnum.h"
#include "roost-settings.h"
#include "store-secret.h"
#include "eas-policy.h"

/* hex digits of the hash that are kept: it tells a change, it guards no
   secret */
#define EAS_POLICY_HASH_LEN 16
/* a semicolon too, since a field of a passwd-file can't hold blanks */
#define EAS_POLICY_SEPARATORS " \t\r\n;"

enum eas_policy_type {
	EAS_POLICY_BOOL,
	/* a number in [min, max] */
	EAS_POLICY_INT,
	/* the same, or nothing: no limit */
	EAS_POLICY_INT_OR_EMPTY,
	/* texts separated by commas, written as children with item_tag */
	EAS_POLICY_LIST,
};

struct eas_policy_field {
	const char *name;
	unsigned int tag, item_tag;
	enum eas_policy_type type;
	/* demands nothing and forbids nothing */
	const char *default_value;
	long long min, max;
	unsigned int min_version;
};

#define FIELD(version, t, name_, tag_, def, min_, max_) \
	{ .name = name_, .tag = EAS_PROVISION_##tag_, \
	  .type = EAS_POLICY_##t, .default_value = def, \
	  .min = min_, .max = max_, .min_version = EAS_VERSION_##version }
#define FLAG(version, name_, tag_, def) \
	FIELD(version, BOOL, name_, tag_, def, 0, 1)

/* [MS-ASPROV] 2.2.2, in the order of the schema (Provision.xsd) */
static const struct eas_policy_field eas_policy_fields[] = {
	FLAG(12_0, "DevicePasswordEnabled", DEVICE_PASSWORD_ENABLED, "0"),
	FLAG(12_0, "AlphanumericDevicePasswordRequired",
	     ALPHANUMERIC_DEVICE_PASSWORD_REQUIRED, "0"),
	FLAG(12_0, "PasswordRecoveryEnabled", PASSWORD_RECOVERY_ENABLED, "0"),
	FLAG(12_1, "RequireStorageCardEncryption",
	     REQUIRE_STORAGE_CARD_ENCRYPTION, "0"),
	FLAG(12_0, "AttachmentsEnabled", ATTACHMENTS_ENABLED, "1"),
	FIELD(12_0, INT_OR_EMPTY, "MinDevicePasswordLength",
	      MIN_DEVICE_PASSWORD_LENGTH, "", 1, 16),
	FIELD(12_0, INT_OR_EMPTY, "MaxInactivityTimeDeviceLock",
	      MAX_INACTIVITY_TIME_DEVICE_LOCK, "", 0, UINT32_MAX),
	FIELD(12_0, INT_OR_EMPTY, "MaxDevicePasswordFailedAttempts",
	      MAX_DEVICE_PASSWORD_FAILED_ATTEMPTS, "", 4, 16),
	FIELD(12_0, INT_OR_EMPTY, "MaxAttachmentSize",
	      MAX_ATTACHMENT_SIZE, "", 0, UINT32_MAX),
	FLAG(12_0, "AllowSimpleDevicePassword",
	     ALLOW_SIMPLE_DEVICE_PASSWORD, "1"),
	FIELD(12_0, INT_OR_EMPTY, "DevicePasswordExpiration",
	      DEVICE_PASSWORD_EXPIRATION, "", 0, UINT32_MAX),
	FIELD(12_0, INT, "DevicePasswordHistory",
	      DEVICE_PASSWORD_HISTORY, "0", 0, UINT32_MAX),
	FLAG(12_1, "AllowStorageCard", ALLOW_STORAGE_CARD, "1"),
	FLAG(12_1, "AllowCamera", ALLOW_CAMERA, "1"),
	FLAG(12_1, "RequireDeviceEncryption", REQUIRE_DEVICE_ENCRYPTION, "0"),
	FLAG(12_1, "AllowUnsignedApplications",
	     ALLOW_UNSIGNED_APPLICATIONS, "1"),
	FLAG(12_1, "AllowUnsignedInstallationPackages",
	     ALLOW_UNSIGNED_INSTALLATION_PACKAGES, "1"),
	FIELD(12_1, INT, "MinDevicePasswordComplexCharacters",
	      MIN_DEVICE_PASSWORD_COMPLEX_CHARACTERS, "1", 1, 4),
	FLAG(12_1, "AllowWiFi", ALLOW_WI_FI, "1"),
	FLAG(12_1, "AllowTextMessaging", ALLOW_TEXT_MESSAGING, "1"),
	FLAG(12_1, "AllowPOPIMAPEmail", ALLOW_POPIMAP_EMAIL, "1"),
	FIELD(12_1, INT, "AllowBluetooth", ALLOW_BLUETOOTH, "2", 0, 2),
	FLAG(12_1, "AllowIrDA", ALLOW_IR_DA, "1"),
	FLAG(12_1, "RequireManualSyncWhenRoaming",
	     REQUIRE_MANUAL_SYNC_WHEN_ROAMING, "0"),
	FLAG(12_1, "AllowDesktopSync", ALLOW_DESKTOP_SYNC, "1"),
	FIELD(12_1, INT, "MaxCalendarAgeFilter",
	      MAX_CALENDAR_AGE_FILTER, "0", 0, 7),
	FLAG(12_1, "AllowHTMLEmail", ALLOW_HTML_EMAIL, "1"),
	FIELD(12_1, INT, "MaxEmailAgeFilter", MAX_EMAIL_AGE_FILTER, "0", 0, 5),
	FIELD(12_1, INT, "MaxEmailBodyTruncationSize",
	      MAX_EMAIL_BODY_TRUNCATION_SIZE, "-1", -1, INT32_MAX),
	FIELD(12_1, INT, "MaxEmailHTMLBodyTruncationSize",
	      MAX_EMAIL_HTML_BODY_TRUNCATION_SIZE, "-1", -1, INT32_MAX),
	FLAG(12_1, "RequireSignedSMIMEMessages",
	     REQUIRE_SIGNED_SMIME_MESSAGES, "0"),
	FLAG(12_1, "RequireEncryptedSMIMEMessages",
	     REQUIRE_ENCRYPTED_SMIME_MESSAGES, "0"),
	FIELD(12_1, INT, "RequireSignedSMIMEAlgorithm",
	      REQUIRE_SIGNED_SMIME_ALGORITHM, "0", 0, 1),
	FIELD(12_1, INT, "RequireEncryptionSMIMEAlgorithm",
	      REQUIRE_ENCRYPTION_SMIME_ALGORITHM, "0", 0, 4),
	FIELD(12_1, INT, "AllowSMIMEEncryptionAlgorithmNegotiation",
	      ALLOW_SMIME_ENCRYPTION_ALGORITHM_NEGOTIATION, "2", 0, 2),
	FLAG(12_1, "AllowSMIMESoftCerts", ALLOW_SMIME_SOFT_CERTS, "1"),
	FLAG(12_1, "AllowBrowser", ALLOW_BROWSER, "1"),
	FLAG(12_1, "AllowConsumerEmail", ALLOW_CONSUMER_EMAIL, "1"),
	FLAG(12_1, "AllowRemoteDesktop", ALLOW_REMOTE_DESKTOP, "1"),
	FLAG(12_1, "AllowInternetSharing", ALLOW_INTERNET_SHARING, "1"),
	{
		.name = "UnapprovedInROMApplicationList",
		.tag = EAS_PROVISION_UNAPPROVED_IN_ROM_APPLICATION_LIST,
		.item_tag = EAS_PROVISION_APPLICATION_NAME,
		.type = EAS_POLICY_LIST, .default_value = "",
		.min_version = EAS_VERSION_12_1,
	},
	{
		.name = "ApprovedApplicationList",
		.tag = EAS_PROVISION_APPROVED_APPLICATION_LIST,
		.item_tag = EAS_PROVISION_HASH,
		.type = EAS_POLICY_LIST, .default_value = "",
		.min_version = EAS_VERSION_12_1,
	},
};
#define FIELDS_COUNT N_ELEMENTS(eas_policy_fields)

/* One value for each row, on the data stack; never NULL. */
struct eas_policy {
	const char *values[FIELDS_COUNT];
	/* some value is not the default */
	bool demands:1;
};

static int
eas_policy_parse_value(const struct eas_policy_field *field, const char *value,
		       const char **value_r, const char **error_r)
{
	long long num;

	if (field->type == EAS_POLICY_LIST ||
	    (field->type == EAS_POLICY_INT_OR_EMPTY && *value == '\0')) {
		*value_r = value;
		return 0;
	}
	if (str_to_llong(value, &num) == 0 &&
	    num >= field->min && num <= field->max) {
		*value_r = t_strdup_printf("%lld", num);
		return 0;
	}
	*error_r = t_strdup_printf(
		"%s: '%s' is not a number from %lld to %lld",
		field->name, value, field->min, field->max);
	return -1;
}

/* Sets one "Name=value". */
static int eas_policy_set(struct eas_policy *policy, const char *setting,
			  const char **error_r)
{
	const char *name, *value = strchr(setting, '=');
	unsigned int i;

	if (value == NULL) {
		*error_r = t_strdup_printf("'%s' has no '='", setting);
		return -1;
	}
	name = t_strdup_until(setting, value++);
	for (i = 0; i < FIELDS_COUNT; i++) {
		if (strcasecmp(eas_policy_fields[i].name, name) == 0)
			break;
	}
	if (i == FIELDS_COUNT) {
		*error_r = t_strdup_printf(
			"[MS-ASPROV] has no policy '%s'", name);
		return -1;
	}
	return eas_policy_parse_value(&eas_policy_fields[i], value,
				      &policy->values[i], error_r);
}

static void eas_policy_init(struct eas_policy *policy)
{
	unsigned int i;

	i_zero(policy);
	for (i = 0; i < FIELDS_COUNT; i++)
		policy->values[i] = eas_policy_fields[i].default_value;
}

static const char **
eas_policy_value(struct eas_policy *policy, unsigned int tag)
{
	unsigned int i;

	for (i = 0; i < FIELDS_COUNT; i++) {
		if (eas_policy_fields[i].tag == tag)
			return &policy->values[i];
	}
	i_unreached();
}

/* A password that can't be kept must not be asked for. */
static void
eas_policy_check_recovery(struct eas_policy *policy, struct event *event)
{
	const char **value = eas_policy_value(policy,
		EAS_PROVISION_PASSWORD_RECOVERY_ENABLED);

	if (strcmp(*value, "1") != 0 || store_secret_have_key())
		return;
	*value = "0";
	if (event != NULL) {
		e_error(event, "roost_policy: PasswordRecoveryEnabled needs "
			"roost_recovery_key_file");
	}
}

/* What is wrong is left out, so that a slip in the configuration locks nobody
   out; event NULL: silently. */
static void eas_policy_load(struct eas_policy *policy, const char *setting,
			    struct event *event)
{
	const char *const *args =
		t_strsplit_spaces(setting, EAS_POLICY_SEPARATORS);
	const char *error = NULL;
	unsigned int i;

	eas_policy_init(policy);
	for (; *args != NULL; args++) {
		if (eas_policy_set(policy, *args, &error) < 0 && event != NULL)
			e_error(event, "roost_policy: %s", error);
	}
	eas_policy_check_recovery(policy, event);
	for (i = 0; i < FIELDS_COUNT; i++) {
		if (strcmp(policy->values[i],
			   eas_policy_fields[i].default_value) != 0)
			policy->demands = TRUE;
	}
}

/* A device that moves up to a version whose document says more has to take the
   new one. */
static const char *eas_policy_document_class(unsigned int version)
{
	if (version < EAS_VERSION_12_0)
		return "2.5";
	return version < EAS_VERSION_12_1 ? "12.0" : "12.1";
}

const char *eas_policy_hash(struct roost_user *user, unsigned int version)
{
	unsigned char digest[SHA256_RESULTLEN];
	struct sha256_ctx ctx;
	struct eas_policy policy;
	unsigned int i;

	eas_policy_load(&policy, user->set->roost_policy, NULL);
	if (!policy.demands)
		return "default";
	sha256_init(&ctx);
	for (i = 0; i < FIELDS_COUNT; i++) {
		sha256_loop(&ctx, policy.values[i],
			    strlen(policy.values[i]) + 1);
	}
	sha256_result(&ctx, digest);
	return t_strdup_printf("%s:%s", eas_policy_document_class(version),
		t_strndup(binary_to_hex(digest, sizeof(digest)),
			  EAS_POLICY_HASH_LEN));
}

static void
eas_policy_write_list(const struct eas_policy_field *field, const char *value,
		      struct wbxml_writer *writer)
{
	const char *const *items = t_strsplit_spaces(value, ",");

	wbxml_open(writer, field->tag);
	for (; *items != NULL; items++)
		wbxml_text(writer, field->item_tag, *items);
	wbxml_close(writer);
}

void eas_policy_write(struct roost_user *user, unsigned int version,
		      struct wbxml_writer *writer)
{
	const struct eas_policy_field *field;
	struct eas_policy policy;
	unsigned int i;

	eas_policy_load(&policy, user->set->roost_policy, user->event);
	wbxml_open(writer, EAS_PROVISION_EAS_PROVISION_DOC);
	for (i = 0; i < FIELDS_COUNT; i++) {
		field = &eas_policy_fields[i];
		if (field->min_version > version)
			continue;
		if (field->type == EAS_POLICY_LIST) {
			eas_policy_write_list(field, policy.values[i],
					      writer);
		} else {
			wbxml_text(writer, field->tag, policy.values[i]);
		}
	}
	wbxml_close(writer);
}

bool eas_policy_flag(struct roost_user *user, unsigned int tag)
{
	struct eas_policy policy;

	eas_policy_load(&policy, user->set->roost_policy, NULL);
	return strcmp(*eas_policy_value(&policy, tag), "1") == 0;
}

/* [MS-ASPROV] 2.2.2.24.2. The values are digits: nothing to escape. 4131 is 0
   when a password is required; the lock counts minutes; complexity 0 = letters
   and digits, 2 = as the user likes; -1 = never. */
#define WAP_LASSD "HKLM\\Comm\\Security\\Policy\\LASSD"
#define EAS_POLICY_WAP_FORMAT \
	"<wap-provisioningdoc>" \
	"<characteristic type=\"SecurityPolicy\">" \
	"<parm name=\"4131\" value=\"%d\"/>" \
	"</characteristic>" \
	"<characteristic type=\"Registry\">" \
	"<characteristic type=\"" WAP_LASSD "\\AE\\" \
	"{50C13377-C66D-400C-889E-C316FC4AB374}\">" \
	"<parm name=\"AEFrequencyType\" value=\"%d\"/>" \
	"<parm name=\"AEFrequencyValue\" value=\"%u\"/>" \
	"</characteristic>" \
	"<characteristic type=\"" WAP_LASSD "\">" \
	"<parm name=\"DeviceWipeThreshold\" value=\"%s\"/>" \
	"<parm name=\"CodewordFrequency\" value=\"-1\"/>" \
	"</characteristic>" \
	"<characteristic type=\"" WAP_LASSD "\\LAP\\lap_pw\">" \
	"<parm name=\"MinimumPasswordLength\" value=\"%s\"/>" \
	"<parm name=\"PasswordComplexity\" value=\"%d\"/>" \
	"</characteristic>" \
	"</characteristic>" \
	"</wap-provisioningdoc>"

const char *eas_policy_wap_xml(struct roost_user *user)
{
	struct eas_policy policy;
	const char *lock, *attempts, *length, *alnum;
	unsigned int lock_secs;
	bool password, locks;

	eas_policy_load(&policy, user->set->roost_policy, user->event);
	password = strcmp(*eas_policy_value(&policy,
		EAS_PROVISION_DEVICE_PASSWORD_ENABLED), "1") == 0;
	lock = *eas_policy_value(&policy,
		EAS_PROVISION_MAX_INACTIVITY_TIME_DEVICE_LOCK);
	locks = password && str_to_uint(lock, &lock_secs) == 0 &&
		lock_secs > 0;
	attempts = *eas_policy_value(&policy,
		EAS_PROVISION_MAX_DEVICE_PASSWORD_FAILED_ATTEMPTS);
	length = *eas_policy_value(&policy,
		EAS_PROVISION_MIN_DEVICE_PASSWORD_LENGTH);
	alnum = *eas_policy_value(&policy,
		EAS_PROVISION_ALPHANUMERIC_DEVICE_PASSWORD_REQUIRED);

	return t_strdup_printf(EAS_POLICY_WAP_FORMAT,
		password ? 0 : 1, locks ? 1 : 0,
		locks ? I_MAX(lock_secs / 60, 1) : 0,
		password && *attempts != '\0' ? attempts : "-1",
		password && *length != '\0' ? length : "1",
		password && strcmp(alnum, "1") == 0 ? 0 : 2);
}
