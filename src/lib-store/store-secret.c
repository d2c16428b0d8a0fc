/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "buffer.h"
#include "hmac.h"
#include "randgen.h"
#include "safe-memset.h"
#include "sha2.h"
#include "store-private.h"
#include "store-device.h"
#include "store-secret.h"

#include <fcntl.h>
#include <unistd.h>
#include <sys/stat.h>
#include <openssl/evp.h>

/* What is kept: a byte for the format, the nonce, the tag, the ciphertext. The
   device's protocol and id and the name are authenticated with it. */
#define SECRET_FORMAT 1
#define SECRET_NONCE_SIZE 12
#define SECRET_TAG_SIZE 16
#define SECRET_HEADER_SIZE (1 + SECRET_NONCE_SIZE + SECRET_TAG_SIZE)
#define SECRET_MAX_SIZE (64 * 1024)

/* the key is the file's HMAC over this: another use of the same file would have
   another one */
#define SECRET_KEY_PURPOSE "roost device secret 1"

static struct {
	bool set;
	unsigned char data[SHA256_RESULTLEN];
} secret_key;

static int
secret_key_read_fd(int fd, const char *path, const char **error_r)
{
	unsigned char data[STORE_SECRET_KEY_MAX_SIZE + 1];
	struct hmac_context hmac;
	struct stat st;
	ssize_t ret;

	if (fstat(fd, &st) < 0) {
		*error_r = t_strdup_printf("fstat(%s) failed: %m", path);
		return -1;
	}
	if ((st.st_mode & S_IRWXO) != 0) {
		*error_r = t_strdup_printf(
			"%s may be read by everybody (mode %04o): "
			"it must be its owner's and group's alone",
			path, (unsigned int)(st.st_mode & 07777));
		return -1;
	}
	ret = read(fd, data, sizeof(data));
	if (ret < 0) {
		*error_r = t_strdup_printf("read(%s) failed: %m", path);
		return -1;
	}
	if (ret < STORE_SECRET_KEY_MIN_SIZE ||
	    ret > STORE_SECRET_KEY_MAX_SIZE) {
		*error_r = t_strdup_printf(
			"%s must have %u to %u bytes", path,
			STORE_SECRET_KEY_MIN_SIZE, STORE_SECRET_KEY_MAX_SIZE);
		ret = -1;
	} else {
		hmac_init(&hmac, data, ret, &hash_method_sha256);
		hmac_update(&hmac, SECRET_KEY_PURPOSE,
			    strlen(SECRET_KEY_PURPOSE));
		hmac_final(&hmac, secret_key.data);
		secret_key.set = TRUE;
		safe_memset(&hmac, 0, sizeof(hmac));
		ret = 0;
	}
	safe_memset(data, 0, sizeof(data));
	return ret;
}

int store_secret_key_read(const char *path, const char **error_r)
{
	int fd, ret;

	store_secret_key_forget();
	/* not to wait for whoever writes to a pipe */
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1) {
		*error_r = t_strdup_printf("open(%s) failed: %m", path);
		return -1;
	}
	ret = secret_key_read_fd(fd, path, error_r);
	i_close_fd(&fd);
	return ret;
}

void store_secret_key_forget(void)
{
	safe_memset(&secret_key, 0, sizeof(secret_key));
}

bool store_secret_have_key(void)
{
	return secret_key.set;
}

/* Starts to encrypt or decrypt, with what is authenticated beside. */
static EVP_CIPHER_CTX *
secret_cipher_init(const struct store_device *device, const char *name,
		   const unsigned char *nonce, int encrypt)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	const char *const parts[] = { device->protocol, device->id, name };
	int size;

	if (ctx == NULL)
		i_fatal_status(FATAL_OUTOFMEM, "EVP_CIPHER_CTX_new() failed");
	if (EVP_CipherInit_ex(ctx, EVP_aes_256_gcm(), NULL, secret_key.data,
			      nonce, encrypt) != 1)
		i_fatal("OpenSSL has no AES-256-GCM");
	for (unsigned int i = 0; i < N_ELEMENTS(parts); i++) {
		if (EVP_CipherUpdate(ctx, NULL, &size,
				     (const unsigned char *)parts[i],
				     strlen(parts[i]) + 1) != 1)
			i_fatal("EVP_CipherUpdate() failed");
	}
	return ctx;
}

static void
secret_encrypt(const struct store_device *device, const char *name,
	       const char *secret, buffer_t *dest)
{
	unsigned char *data;
	EVP_CIPHER_CTX *ctx;
	size_t secret_size = strlen(secret);
	int size, final_size;

	i_assert(secret_size <= SECRET_MAX_SIZE);

	data = buffer_append_space_unsafe(dest,
					  SECRET_HEADER_SIZE + secret_size);
	data[0] = SECRET_FORMAT;
	random_fill(data + 1, SECRET_NONCE_SIZE);
	ctx = secret_cipher_init(device, name, data + 1, 1);
	if (EVP_CipherUpdate(ctx, data + SECRET_HEADER_SIZE, &size,
			     (const unsigned char *)secret,
			     secret_size) != 1 ||
	    EVP_CipherFinal_ex(ctx, data + SECRET_HEADER_SIZE + size,
			       &final_size) != 1 ||
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, SECRET_TAG_SIZE,
				data + 1 + SECRET_NONCE_SIZE) != 1)
		i_fatal("Encrypting with AES-256-GCM failed");
	i_assert((size_t)size + final_size == secret_size);
	EVP_CIPHER_CTX_free(ctx);
}

/* Returns -1 if it was not encrypted with this key, for this device and name. */
static int
secret_decrypt(const struct store_device *device, const char *name,
	       const buffer_t *src, pool_t pool, const char **secret_r)
{
	const unsigned char *data = src->data;
	unsigned char tag[SECRET_TAG_SIZE];
	unsigned char *dest;
	EVP_CIPHER_CTX *ctx;
	int size, final_size, ret;

	if (src->used < SECRET_HEADER_SIZE || data[0] != SECRET_FORMAT ||
	    src->used > SECRET_HEADER_SIZE + SECRET_MAX_SIZE)
		return -1;
	memcpy(tag, data + 1 + SECRET_NONCE_SIZE, sizeof(tag));
	dest = p_malloc(pool, src->used - SECRET_HEADER_SIZE + 1);
	ctx = secret_cipher_init(device, name, data + 1, 0);
	ret = EVP_CipherUpdate(ctx, dest, &size, data + SECRET_HEADER_SIZE,
			       src->used - SECRET_HEADER_SIZE) == 1 &&
		EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, sizeof(tag),
				    tag) == 1 &&
		EVP_CipherFinal_ex(ctx, dest + size, &final_size) == 1 ? 0 : -1;
	EVP_CIPHER_CTX_free(ctx);
	*secret_r = (const char *)dest;
	return ret;
}

int store_secret_set(struct store *store, const struct store_device *device,
		     const char *name, const char *secret)
{
	buffer_t *value;

	if (secret == NULL) {
		return store_device_param_set(store, device->num, name,
					      NULL, 0);
	}
	i_assert(secret_key.set);
	value = t_buffer_create(SECRET_HEADER_SIZE + strlen(secret));
	secret_encrypt(device, name, secret, value);
	return store_device_param_set(store, device->num, name,
				      value->data, value->used);
}

int store_secret_get(struct store *store, pool_t pool,
		     const struct store_device *device, const char *name,
		     const char **secret_r)
{
	buffer_t *value;
	int ret;

	i_assert(secret_key.set);
	ret = store_device_param_get(store, pool_datastack_create(),
				     device->num, name, &value);
	if (ret <= 0)
		return ret;
	if (secret_decrypt(device, name, value, pool, secret_r) < 0) {
		e_error(store->event, "Device %s: %s was kept with another key",
			device->id, name);
		return -1;
	}
	return 1;
}
