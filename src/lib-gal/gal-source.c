/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "buffer.h"
#include "istream.h"
#include "str.h"
#include "sort.h"
#include "pim-vcard.h"
#include "gal-private.h"

#include <dirent.h>
#include <fcntl.h>
#include <time.h>
#include <sys/stat.h>
#include <unistd.h>

/* a line of a card without line breaks */
#define GAL_MAX_LINE GAL_MAX_CARD

static const struct pim_lines_limits gal_card_limits = {
	.max_size = GAL_MAX_CARD, .max_lines = 10000, .max_depth = 4,
};

static uint64_t signature_add(uint64_t signature, uint64_t value)
{
	/* FNV-1a */
	for (unsigned int i = 0; i < 8; i++) {
		signature ^= (value >> (i * 8)) & 0xff;
		signature *= 0x100000001b3ULL;
	}
	return signature;
}

static uint64_t signature_add_stat(uint64_t signature, const struct stat *st)
{
	signature = signature_add(signature, st->st_ino);
	signature = signature_add(signature, st->st_size);
	signature = signature_add(signature, st->st_mtime);
	return signature_add(signature, st->st_mtim.tv_nsec);
}

static bool name_is_card(const char *name)
{
	size_t len = strlen(name);

	return *name != '.' && len > 4 && strcasecmp(name + len - 4, ".vcf") == 0;
}

/* The names of a folder's card files, sorted. */
static int
folder_list(const char *path, ARRAY_TYPE(const_string) *names,
	    const char **error_r)
{
	struct dirent *d;
	DIR *dir = opendir(path);
	int ret = 0;

	if (dir == NULL) {
		*error_r = t_strdup_printf("opendir(%s) failed: %m", path);
		return -1;
	}
	for (errno = 0; ret == 0 && (d = readdir(dir)) != NULL; errno = 0) {
		const char *name;

		if (!name_is_card(d->d_name))
			continue;
		if (array_count(names) >= GAL_MAX_FILES) {
			*error_r = t_strdup_printf(
				"%s has more than %u card files", path,
				GAL_MAX_FILES);
			ret = -1;
			break;
		}
		name = t_strdup(d->d_name);
		array_push_back(names, &name);
	}
	if (ret == 0 && errno != 0) {
		*error_r = t_strdup_printf("readdir(%s) failed: %m", path);
		ret = -1;
	}
	if (closedir(dir) < 0)
		i_error("closedir(%s) failed: %m", path);
	array_sort(names, i_strcmp_p);
	return ret;
}

static int
folder_signature(const char *path, uint64_t *signature, const char **error_r)
{
	ARRAY_TYPE(const_string) names;
	const char *name;
	struct stat st;

	t_array_init(&names, 128);
	if (folder_list(path, &names, error_r) < 0)
		return -1;
	array_foreach_elem(&names, name) T_BEGIN {
		/* one that is just being removed is none */
		if (stat(t_strdup_printf("%s/%s", path, name), &st) == 0)
			*signature = signature_add_stat(*signature, &st);
	} T_END;
	return 0;
}

int gal_source_signature(struct gal *gal, uint64_t *signature_r,
			 const char **error_r)
{
	uint64_t signature = 0xcbf29ce484222325ULL;
	struct stat st;
	int fd = open(gal->path, O_RDONLY | O_NONBLOCK), ret = 0;

	if (fd == -1) {
		*error_r = t_strdup_printf("open(%s) failed: %m", gal->path);
		return -1;
	}
	if (fstat(fd, &st) < 0) {
		*error_r = t_strdup_printf("fstat(%s) failed: %m", gal->path);
		ret = -1;
	} else if (S_ISREG(st.st_mode)) {
		signature = signature_add_stat(signature, &st);
	} else if (!S_ISDIR(st.st_mode)) {
		*error_r = t_strdup_printf("%s is neither a file nor a folder",
					   gal->path);
		ret = -1;
	} else if (gal->index != NULL &&
		   gal->checked + GAL_FOLDER_CHECK_SECS > time(NULL)) {
		signature = gal->signature;
	} else {
		gal->checked = time(NULL);
		ret = folder_signature(gal->path, &signature, error_r);
	}
	i_close_fd(&fd);
	*signature_r = signature;
	return ret;
}

void gal_source_add_card(struct gal_index *index, const buffer_t *text,
			 unsigned int file, uoff_t offset)
{
	struct pim_component *card;
	struct pim_lines *doc;
	const char *error;

	if (pim_lines_parse(text->data, text->used, &gal_card_limits, &doc,
			    &error) < 0) {
		index->skipped++;
		return;
	}
	card = pim_vcard_first(doc);
	if (card == NULL)
		index->skipped++;
	else
		gal_index_add(index, card, file, offset, text->used);
	pim_lines_free(&doc);
}

static bool line_is(const unsigned char *line, size_t size, const char *text)
{
	size_t len = strlen(text);

	while (size > 0 && (line[size-1] == '\n' || line[size-1] == '\r' ||
			    line[size-1] == ' '))
		size--;
	return size == len && strncasecmp((const char *)line, text, len) == 0;
}

/* Cards are cut out of a file line by line, so that one card's damage or size
   is its own. */
struct source_reader {
	struct gal_index *index;
	unsigned int file;
	/* the card that is being read; NULL-length and depth 0 = none */
	buffer_t *card;
	uoff_t card_offset;
	unsigned int depth;
	bool too_large;
};

static void
source_read_line(struct source_reader *reader, const unsigned char *line,
		 size_t size, uoff_t offset)
{
	bool end = FALSE;

	if (line_is(line, size, "BEGIN:VCARD")) {
		if (reader->depth++ == 0) {
			buffer_set_used_size(reader->card, 0);
			reader->card_offset = offset;
			reader->too_large = FALSE;
		}
	} else if (reader->depth > 0 && line_is(line, size, "END:VCARD")) {
		end = --reader->depth == 0;
	} else if (reader->depth == 0) {
		return;
	}
	if (reader->card->used + size > GAL_MAX_CARD)
		reader->too_large = TRUE;
	else
		buffer_append(reader->card, line, size);
	if (!end)
		return;
	if (reader->too_large)
		reader->index->skipped++;
	else T_BEGIN {
		gal_source_add_card(reader->index, reader->card, reader->file,
				    reader->card_offset);
	} T_END;
}

/* The rest of a line that is longer than any card. */
static void source_skip_line(struct source_reader *reader,
			     struct istream *input)
{
	const unsigned char *data, *nl;
	size_t size;

	reader->too_large = TRUE;
	while (i_stream_read_more(input, &data, &size) > 0) {
		nl = memchr(data, '\n', size);
		i_stream_skip(input, nl == NULL ? size :
			      (size_t)(nl - data) + 1);
		if (nl != NULL)
			break;
	}
}

static int
source_read_file(struct gal_index *index, const char *path, const char **error_r)
{
	struct source_reader reader = { .index = index };
	struct istream *input;
	const unsigned char *data, *nl;
	size_t size, want = 0;
	ssize_t bytes;
	int ret = 0;

	path = p_strdup(index->pool, path);
	reader.file = array_count(&index->files);
	array_push_back(&index->files, &path);
	reader.card = buffer_create_dynamic(default_pool, 4096);
	input = i_stream_create_file(path, GAL_MAX_LINE);
	for (;;) {
		data = i_stream_get_data(input, &size);
		nl = size == 0 ? NULL : memchr(data, '\n', size);
		if (nl != NULL) {
			want = nl - data + 1;
		} else {
			bytes = i_stream_read(input);
			if (bytes > 0)
				continue;
			if (bytes == -2) {
				source_skip_line(&reader, input);
				continue;
			}
			want = size;
			if (size == 0)
				break;
		}
		source_read_line(&reader, data, want, input->v_offset);
		i_stream_skip(input, want);
	}
	if (input->stream_errno != 0) {
		*error_r = t_strdup_printf("read(%s) failed: %s", path,
					   i_stream_get_error(input));
		ret = -1;
	}
	if (reader.depth > 0)
		index->skipped++;
	i_stream_unref(&input);
	buffer_free(&reader.card);
	return ret;
}

static int
source_read_folder(struct gal_index *index, const char *path,
		   const char **error_r)
{
	ARRAY_TYPE(const_string) names;
	const char *name, *error;

	t_array_init(&names, 128);
	if (folder_list(path, &names, error_r) < 0)
		return -1;
	array_foreach_elem(&names, name) T_BEGIN {
		/* one bad file is no reason to have nobody */
		if (source_read_file(index, t_strdup_printf("%s/%s", path,
							    name),
				     &error) < 0)
			index->skipped++;
	} T_END;
	return 0;
}

int gal_source_read(struct gal *gal, struct gal_index **index_r,
		    const char **error_r)
{
	struct gal_index *index = gal_index_create();
	struct stat st;
	int ret;

	if (stat(gal->path, &st) == 0 && S_ISDIR(st.st_mode))
		ret = source_read_folder(index, gal->path, error_r);
	else
		ret = source_read_file(index, gal->path, error_r);
	if (ret < 0) {
		gal_index_unref(&index);
		return -1;
	}
	gal_index_finish(index);
	*index_r = index;
	return 0;
}

int gal_source_read_item(const struct gal_index *index,
			 const struct gal_item *item, buffer_t *dest)
{
	const char *path = array_idx_elem(&index->files, item->file);
	void *data = buffer_append_space_unsafe(dest, item->size);
	int fd = open(path, O_RDONLY | O_NONBLOCK);
	ssize_t ret;

	if (fd == -1)
		return -1;
	ret = pread(fd, data, item->size, item->offset);
	i_close_fd(&fd);
	return ret == (ssize_t)item->size &&
		line_is(data, I_MIN(item->size, 11), "BEGIN:VCARD") ? 0 : -1;
}
