#ifndef ROOST_COMPAT_LOGIN_H
#define ROOST_COMPAT_LOGIN_H

/* The auth-master side of a login (what imap does after imap-login). The names
   are those of 2.4. */

#ifdef DOVECOT_2_4
#  include "login-interface.h"
#  include "login-server-auth.h"
#else
#  include "master-auth.h"
#  include "master-login-auth.h"
#  define login_request master_auth_request
#  define LOGIN_REQUEST_COOKIE_SIZE MASTER_AUTH_COOKIE_SIZE
#  define login_server_auth master_login_auth
#  define login_server_auth_init master_login_auth_init
#  define login_server_auth_deinit master_login_auth_deinit
#  define login_server_auth_disconnect master_login_auth_disconnect
#  define login_server_auth_set_timeout master_login_auth_set_timeout
#  define login_server_auth_request master_login_auth_request
#  define login_server_auth_request_count master_login_auth_request_count
#  define login_server_auth_request_callback_t \
	master_login_auth_request_callback_t
#endif

#endif
