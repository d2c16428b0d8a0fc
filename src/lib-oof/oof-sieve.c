/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "oof-script.h"

#include <ctype.h>

/* Just as much of Sieve's lexer (RFC 5228 8.1) as is needed to see where a
   command begins and ends. */

static bool sieve_is_word(char c)
{
	return i_isalnum(c) || c == '_';
}

static const char *sieve_skip_quoted(const char *p)
{
	for (p++; *p != '\0' && *p != '"'; p++) {
		if (*p == '\\' && p[1] != '\0')
			p++;
	}
	return *p == '\0' ? p : p + 1;
}

static const char *sieve_skip_line(const char *p)
{
	p += strcspn(p, "\n");
	return *p == '\0' ? p : p + 1;
}

/* p is behind "text:" */
static const char *sieve_skip_multiline(const char *p)
{
	for (p = sieve_skip_line(p); *p != '\0'; p = sieve_skip_line(p)) {
		if (p[0] == '.' && (p[1] == '\n' ||
				    (p[1] == '\r' && p[2] == '\n')))
			return sieve_skip_line(p);
		if (p[0] == '.' && p[1] == '\0')
			return p + 1;
	}
	return p;
}

/* The end of the token that begins at p. */
static const char *sieve_skip_token(const char *p)
{
	const char *end;

	if (*p == '"')
		return sieve_skip_quoted(p);
	if (*p == '#')
		return sieve_skip_line(p);
	if (p[0] == '/' && p[1] == '*') {
		end = strstr(p + 2, "*/");
		return end == NULL ? p + strlen(p) : end + 2;
	}
	if (!sieve_is_word(*p))
		return p + 1;
	for (end = p; sieve_is_word(*end); end++) ;
	if (end - p == 4 && strncasecmp(p, "text", 4) == 0 && *end == ':')
		return sieve_skip_multiline(end + 1);
	return end;
}

static const char *sieve_skip_command(const char *p)
{
	while (*p != '\0' && *p != ';' && *p != '{' && *p != '}')
		p = sieve_skip_token(p);
	return *p == ';' ? p + 1 : p;
}

bool oof_sieve_strip_vacation(string_t *dest, const char *text)
{
	/* only what follows a complete command is one */
	bool command = TRUE, found = FALSE;
	const char *p = text, *end;

	while (*p != '\0') {
		end = sieve_skip_token(p);
		if (command && end - p == 8 &&
		    strncasecmp(p, "vacation", 8) == 0) {
			found = TRUE;
			p = sieve_skip_command(end);
			continue;
		}
		if (*p == ';' || *p == '{' || *p == '}')
			command = TRUE;
		else if (!i_isspace(*p) && *p != '#' &&
			 !(p[0] == '/' && p[1] == '*'))
			command = FALSE;
		str_append_data(dest, p, end - p);
		p = end;
	}
	return found;
}
