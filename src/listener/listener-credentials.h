#ifndef LISTENER_CREDENTIALS_H
#define LISTENER_CREDENTIALS_H

/* What an Authorization header says, made ready for Dovecot's auth. */

struct listener_login {
	/* as the client wrote it, in valid UTF-8; for the log. "" if unknown */
	const char *user;
	const char *mech;
	/* the SASL initial response; secret */
	const char *initial_resp_base64;
};

struct listener_credentials {
	/* One or two attempts, in this order. Those with a mechanism that auth
	   doesn't offer are to be skipped: Bearer has two forms. */
	struct listener_login logins[2];
	unsigned int logins_count;
	bool bearer:1;
};

/* Parses the header's value. query is the target's undecoded query, whose
   User= names the user for Bearer (NULL if there is none). Results are in the
   data stack. Returns 0, or -1 if the header is of no use: unknown scheme,
   broken base64, no colon, a NUL, empty user name.

   Basic: user and password are UTF-8 or else taken as ISO-8859-1.
   A name "DOMAIN\user" or "DOMAIN/user" is tried
     - as "user", if it is an address already or DOMAIN has no dot (a Windows
       domain, which means nothing here);
     - as "user@DOMAIN", and if that is refused as "user", if DOMAIN has a dot.
   Everything else is tried as given. */
int listener_credentials_parse(const char *authorization, const char *query,
			       struct listener_credentials *cred_r);

#endif
