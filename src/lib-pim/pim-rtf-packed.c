/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "buffer.h"
#include "crc32.h"
#include "pim-rtf.h"

/* [MS-OXRTFCP] 2.1.3.1.1: sizes, type and checksum, little-endian */
#define RTF_HEADER_SIZE 16
#define RTF_TYPE_PACKED 0x75465a4c
#define RTF_TYPE_PLAIN 0x414c454d
/* 2.1.3.1.2 */
#define RTF_WINDOW 4096

/* 2.1.2.1: what the window has in it at the beginning */
static const char rtf_window_start[] =
	"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}"
	"{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor "
	"MS Sans SerifSymbolArialTimes New RomanCourier"
	"{\\colortbl\\red0\\green0\\blue0\r\n"
	"\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";

struct rtf_unpack {
	const unsigned char *p, *end;
	unsigned char window[RTF_WINDOW];
	unsigned int pos;		/* where the next byte goes */
	buffer_t *dest;
	size_t left;			/* bytes still to come */
};

static uint32_t rtf_number(const unsigned char *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
		(uint32_t)p[3] << 24;
}

bool pim_rtf_is_compressed(const void *data, size_t size)
{
	const unsigned char *bytes = data;

	return size >= RTF_HEADER_SIZE &&
		(rtf_number(bytes + 8) == RTF_TYPE_PACKED ||
		 rtf_number(bytes + 8) == RTF_TYPE_PLAIN);
}

static void rtf_unpack_byte(struct rtf_unpack *ctx, unsigned char byte)
{
	ctx->window[ctx->pos] = byte;
	ctx->pos = (ctx->pos + 1) % RTF_WINDOW;
	if (ctx->left > 0) {
		buffer_append_c(ctx->dest, byte);
		ctx->left--;
	}
}

/* Returns FALSE at the end. */
static bool rtf_unpack_reference(struct rtf_unpack *ctx)
{
	unsigned int offset, len;

	if (ctx->end - ctx->p < 2)
		return FALSE;
	offset = ctx->p[0] << 4 | ctx->p[1] >> 4;
	len = (ctx->p[1] & 0x0f) + 2;
	ctx->p += 2;
	if (offset == ctx->pos)
		return FALSE;
	for (; len > 0; len--) {
		rtf_unpack_byte(ctx, ctx->window[offset]);
		offset = (offset + 1) % RTF_WINDOW;
	}
	return TRUE;
}

/* Groups of eight: a byte whose bits say what follows */
static void rtf_unpack(struct rtf_unpack *ctx)
{
	unsigned int bit, control;

	while (ctx->p < ctx->end && ctx->left > 0) {
		control = *ctx->p++;
		for (bit = 0; bit < 8; bit++) {
			if ((control & (1U << bit)) != 0) {
				if (!rtf_unpack_reference(ctx))
					return;
			} else {
				if (ctx->p == ctx->end)
					return;
				rtf_unpack_byte(ctx, *ctx->p++);
			}
		}
	}
}

int pim_rtf_decompress(const void *data, size_t size, buffer_t *dest,
		       const char **error_r)
{
	const unsigned char *bytes = data;
	struct rtf_unpack ctx;
	size_t packed;

	if (!pim_rtf_is_compressed(data, size)) {
		*error_r = "The RTF has no header";
		return -1;
	}
	/* what this field counts begins behind itself */
	packed = (size_t)rtf_number(bytes) + 4;
	i_zero(&ctx);
	ctx.p = bytes + RTF_HEADER_SIZE;
	ctx.end = bytes + I_MAX(I_MIN(packed, size), RTF_HEADER_SIZE);
	ctx.dest = dest;
	ctx.left = rtf_number(bytes + 4);
	if (ctx.left > PIM_RTF_MAX_SIZE) {
		*error_r = "The RTF is too large";
		return -1;
	}
	if (rtf_number(bytes + 8) == RTF_TYPE_PLAIN) {
		size = I_MIN((size_t)(ctx.end - ctx.p), ctx.left);
		buffer_append(dest, ctx.p, size);
		ctx.left -= size;
	} else {
		/* the checksum has neither the start nor the end of the usual one */
		if ((crc32_data_more(0xffffffff, ctx.p, ctx.end - ctx.p) ^
		     0xffffffff) != rtf_number(bytes + 12)) {
			*error_r = "The checksum of the RTF is wrong";
			return -1;
		}
		ctx.pos = sizeof(rtf_window_start) - 1;
		memcpy(ctx.window, rtf_window_start, ctx.pos);
		rtf_unpack(&ctx);
	}
	if (ctx.left > 0) {
		*error_r = "The RTF ends early";
		return -1;
	}
	return 0;
}
