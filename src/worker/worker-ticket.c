#include "lib.h"
#include "array.h"
#include "base64.h"
#include "buffer.h"
#include "hash.h"
#include "llist.h"
#include "randgen.h"
#include "read-full.h"
#include "safe-memset.h"
#include "safe-mkstemp.h"
#include "str.h"
#include "strescape.h"
#include "write-full.h"
#include "worker-ticket.h"

#include <openssl/evp.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define TICKET_VERSION "roost1"
#define TICKET_KEY_SIZE 32
#define TICKET_IV_SIZE 12
#define TICKET_TAG_SIZE 16
/* a listener presents the same few tickets again and again */
#define TICKET_CACHE_MAX 128
/* longer ones are not remembered: the cache stays below a few hundred kB */
#define TICKET_CACHE_MAX_LEN 4096
/* A woken request may wait in the listener's queue for some time. */
#define TICKET_PARK_GRACE_SECS 60

struct worker_ticket {
	struct worker_ticket *prev, *next;
	pool_t pool;
	char *text;
	struct worker_proof proof;
};

struct worker_tickets {
	unsigned char key[TICKET_KEY_SIZE];
	EVP_CIPHER_CTX *ctx;
	HASH_TABLE(char *, struct worker_ticket *) cache;
	/* most recently used first */
	struct worker_ticket *head, *tail;
	/* one that was too long for the cache */
	struct worker_ticket *uncached;
};

static void worker_ticket_key_make(const char *path)
{
	unsigned char key[TICKET_KEY_SIZE];
	string_t *temp = t_str_new(128);
	int fd;

	str_printfa(temp, "%s.", path);
	fd = safe_mkstemp(temp, 0600, (uid_t)-1, (gid_t)-1);
	if (fd == -1)
		i_fatal("safe_mkstemp(%s) failed: %m", str_c(temp));
	random_fill(key, sizeof(key));
	if (write_full(fd, key, sizeof(key)) < 0)
		i_fatal("write(%s) failed: %m", str_c(temp));
	i_close_fd(&fd);
	safe_memset(key, 0, sizeof(key));
	/* link() doesn't replace what another worker made in the meantime */
	if (link(str_c(temp), path) < 0 && errno != EEXIST)
		i_fatal("link(%s, %s) failed: %m", str_c(temp), path);
	i_unlink(str_c(temp));
}

static void
worker_ticket_key_read(const char *path, unsigned char key[TICKET_KEY_SIZE])
{
	struct stat st;
	int fd, ret;

	while ((fd = open(path, O_RDONLY | O_NOFOLLOW)) == -1) {
		if (errno != ENOENT)
			i_fatal("open(%s) failed: %m", path);
		worker_ticket_key_make(path);
	}
	if (fstat(fd, &st) < 0)
		i_fatal("fstat(%s) failed: %m", path);
	if ((st.st_mode & 077) != 0 || st.st_uid != geteuid())
		i_fatal("%s must be readable by its owner only, "
			"who must be us", path);
	if ((ret = read_full(fd, key, TICKET_KEY_SIZE)) < 0)
		i_fatal("read(%s) failed: %m", path);
	if (ret == 0)
		i_fatal("%s is too short, delete it", path);
	i_close_fd(&fd);
}

struct worker_tickets *worker_tickets_init(const char *key_path)
{
	struct worker_tickets *tickets = i_new(struct worker_tickets, 1);

	worker_ticket_key_read(key_path, tickets->key);
	tickets->ctx = EVP_CIPHER_CTX_new();
	i_assert(tickets->ctx != NULL);
	hash_table_create(&tickets->cache, default_pool, 0, str_hash, strcmp);
	return tickets;
}

static void
worker_ticket_forget(struct worker_tickets *tickets,
		     struct worker_ticket *ticket)
{
	DLLIST2_REMOVE(&tickets->head, &tickets->tail, ticket);
	hash_table_remove(tickets->cache, ticket->text);
	pool_unref(&ticket->pool);
}

static void worker_ticket_forget_uncached(struct worker_tickets *tickets)
{
	if (tickets->uncached != NULL)
		pool_unref(&tickets->uncached->pool);
	tickets->uncached = NULL;
}

void worker_tickets_deinit(struct worker_tickets **_tickets)
{
	struct worker_tickets *tickets = *_tickets;

	*_tickets = NULL;
	worker_ticket_forget_uncached(tickets);
	while (tickets->head != NULL)
		worker_ticket_forget(tickets, tickets->head);
	hash_table_destroy(&tickets->cache);
	EVP_CIPHER_CTX_free(tickets->ctx);
	safe_memset(tickets->key, 0, sizeof(tickets->key));
	i_free(tickets);
}

static void
worker_ticket_encrypt(struct worker_tickets *tickets, const string_t *plain,
		      buffer_t *out)
{
	unsigned char iv[TICKET_IV_SIZE], tag[TICKET_TAG_SIZE], *dest;
	int len;
	bool ok;

	random_fill(iv, sizeof(iv));
	buffer_append(out, iv, sizeof(iv));
	dest = buffer_append_space_unsafe(out, plain->used);
	ok = EVP_EncryptInit_ex(tickets->ctx, EVP_aes_256_gcm(), NULL,
				tickets->key, iv) == 1 &&
		EVP_EncryptUpdate(tickets->ctx, dest, &len, plain->data,
				  (int)plain->used) == 1 &&
		EVP_EncryptFinal_ex(tickets->ctx, dest + len, &len) == 1 &&
		EVP_CIPHER_CTX_ctrl(tickets->ctx, EVP_CTRL_GCM_GET_TAG,
				    sizeof(tag), tag) == 1;
	i_assert(ok);
	buffer_append(out, tag, sizeof(tag));
}

/* TRUE if data is what somebody with our key sealed; plain is then filled. */
static bool
worker_ticket_decrypt(struct worker_tickets *tickets, const buffer_t *sealed,
		      string_t *plain)
{
	unsigned char tag[TICKET_TAG_SIZE], *dest;
	const unsigned char *data = sealed->data;
	size_t size;
	int len;

	if (sealed->used <= TICKET_IV_SIZE + TICKET_TAG_SIZE ||
	    sealed->used > INT_MAX)
		return FALSE;
	size = sealed->used - TICKET_IV_SIZE - TICKET_TAG_SIZE;
	memcpy(tag, data + TICKET_IV_SIZE + size, sizeof(tag));
	dest = buffer_append_space_unsafe(plain, size);
	return EVP_DecryptInit_ex(tickets->ctx, EVP_aes_256_gcm(), NULL,
				  tickets->key, data) == 1 &&
		EVP_DecryptUpdate(tickets->ctx, dest, &len,
				  data + TICKET_IV_SIZE, (int)size) == 1 &&
		EVP_CIPHER_CTX_ctrl(tickets->ctx, EVP_CTRL_GCM_SET_TAG,
				    sizeof(tag), tag) == 1 &&
		EVP_DecryptFinal_ex(tickets->ctx, dest + len, &len) == 1;
}

const char *
worker_ticket_seal(struct worker_tickets *tickets,
		   const struct worker_proof *proof, time_t issued,
		   time_t expires, const char *bound)
{
	string_t *plain = t_str_new(512), *text;
	buffer_t *sealed;
	unsigned int i;

	str_append(plain, TICKET_VERSION);
	str_printfa(plain, "\t%"PRIdTIME_T"\t%"PRIdTIME_T"\t%"PRIdTIME_T"\t",
		    proof->login_time, issued, expires);
	str_append_tabescaped(plain, bound == NULL ? "" : bound);
	str_append_c(plain, '\t');
	str_append_tabescaped(plain, proof->claim);
	str_append_c(plain, '\t');
	str_append_tabescaped(plain, proof->user);
	for (i = 0; proof->fields[i] != NULL; i++) {
		str_append_c(plain, '\t');
		str_append_tabescaped(plain, proof->fields[i]);
	}

	sealed = t_buffer_create(plain->used + TICKET_IV_SIZE +
				 TICKET_TAG_SIZE);
	worker_ticket_encrypt(tickets, plain, sealed);
	text = t_str_new(MAX_BASE64_ENCODED_SIZE(sealed->used));
	base64url_encode(BASE64_ENCODE_FLAG_NO_PADDING, SIZE_MAX,
			 sealed->data, sealed->used, text);
	return str_c(text);
}

static int
worker_ticket_parse(struct worker_ticket *ticket, const string_t *plain)
{
	struct worker_proof *proof = &ticket->proof;
	const char *const *fields;

	if (memchr(plain->data, '\0', plain->used) != NULL)
		return -1;
	fields = (void *)p_strsplit_tabescaped(ticket->pool,
		p_strndup(ticket->pool, plain->data, plain->used));
	if (str_array_length(fields) < 7 ||
	    strcmp(fields[0], TICKET_VERSION) != 0 ||
	    str_to_time(fields[1], &proof->login_time) < 0 ||
	    str_to_time(fields[2], &proof->issued) < 0 ||
	    str_to_time(fields[3], &proof->expires) < 0)
		return -1;
	proof->bound = *fields[4] == '\0' ? NULL : fields[4];
	proof->claim = fields[5];
	proof->user = fields[6];
	proof->fields = fields + 7;
	return 0;
}

static struct worker_ticket *
worker_ticket_open(struct worker_tickets *tickets, const char *text,
		   const char **error_r)
{
	struct worker_ticket *ticket;
	size_t len = strlen(text);
	buffer_t *sealed = t_buffer_create(len);
	string_t *plain = t_str_new(len);
	pool_t pool;

	if (base64url_decode(BASE64_DECODE_FLAG_NO_PADDING, text, len,
			     sealed) < 0) {
		*error_r = "The ticket isn't base64";
		return NULL;
	}
	if (!worker_ticket_decrypt(tickets, sealed, plain)) {
		*error_r = "The ticket wasn't sealed by us, or was changed";
		return NULL;
	}
	pool = pool_alloconly_create("worker ticket", 1024);
	ticket = p_new(pool, struct worker_ticket, 1);
	ticket->pool = pool;
	ticket->text = p_strdup(pool, text);
	if (worker_ticket_parse(ticket, plain) < 0) {
		pool_unref(&pool);
		*error_r = "The ticket is of another version";
		return NULL;
	}
	return ticket;
}

static void
worker_ticket_remember(struct worker_tickets *tickets,
		       struct worker_ticket *ticket)
{
	if (strlen(ticket->text) > TICKET_CACHE_MAX_LEN) {
		tickets->uncached = ticket;
		return;
	}
	if (hash_table_count(tickets->cache) >= TICKET_CACHE_MAX)
		worker_ticket_forget(tickets, tickets->tail);
	hash_table_insert(tickets->cache, ticket->text, ticket);
	DLLIST2_PREPEND(&tickets->head, &tickets->tail, ticket);
}

int worker_ticket_unseal(struct worker_tickets *tickets, const char *text,
			 time_t now, const struct worker_proof **proof_r,
			 const char **error_r)
{
	struct worker_ticket *ticket;

	worker_ticket_forget_uncached(tickets);
	ticket = hash_table_lookup(tickets->cache, text);
	if (ticket != NULL) {
		DLLIST2_REMOVE(&tickets->head, &tickets->tail, ticket);
		DLLIST2_PREPEND(&tickets->head, &tickets->tail, ticket);
	} else {
		T_BEGIN {
			/* the errors are constants */
			ticket = worker_ticket_open(tickets, text, error_r);
		} T_END;
		if (ticket == NULL)
			return -1;
		worker_ticket_remember(tickets, ticket);
	}
	if (ticket->proof.expires <= now) {
		if (ticket != tickets->uncached)
			worker_ticket_forget(tickets, ticket);
		*error_r = "The ticket has expired";
		return 0;
	}
	*proof_r = &ticket->proof;
	return 1;
}

time_t worker_ticket_due(const struct worker_proof *proof, time_t now,
			 unsigned int life)
{
	time_t expires = proof->login_time + life;

	if (proof->issued == 0)
		return expires;
	if (proof->bound != NULL || expires <= proof->expires ||
	    now < proof->issued + (proof->expires - proof->issued) / 2)
		return 0;
	return expires;
}

time_t worker_ticket_park_expires(const struct worker_proof *proof, time_t now,
				  unsigned int secs, unsigned int life,
				  unsigned int heartbeat_max)
{
	time_t limit = proof->login_time + life + heartbeat_max;

	return I_MIN(now + secs + TICKET_PARK_GRACE_SECS, limit);
}
