/* Copyright (c) 2026 Roost authors, see the included COPYING file */

/* Not lib-smtp-submit for SMTP: that sends the mail to those recipients who were
   accepted even if others were not, and then reports a failure. A device would
   try again and again, and each time those get it once more. So this waits for the answer
   to each RCPT before it sends DATA. */

#include "lib.h"
#include "ioloop.h"
#include "istream.h"
#include "istream-crlf.h"
#include "ostream.h"
#include "net.h"
#include "smtp-address.h"
#include "smtp-params.h"
#include "smtp-client.h"
#include "smtp-client-connection.h"
#include "smtp-client-transaction.h"
#include "roost-compat-submit.h"
#include "roost-request.h"
#include "roost-submit.h"

#define SUBMIT_DEFAULT_PORT 25

struct submit_context {
	pool_t pool;
	struct istream *input;
	const struct smtp_address *mail_from;
	const struct smtp_address *const *rcpts;
	unsigned int rcpts_count;

	struct smtp_client_connection *conn;
	struct smtp_client_transaction *trans;
	struct timeout *to;
	unsigned int rcpts_waiting;
	/* the first error; NULL = none */
	const char *error;
	bool temporary:1;
	bool accepted:1;
	bool finished:1;
};

/* One RCPT: whom a refusal was about. */
struct submit_rcpt {
	struct submit_context *ctx;
	const struct smtp_address *address;
};

static void
submit_fail(struct submit_context *ctx, const struct smtp_reply *reply,
	    const char *what)
{
	if (ctx->error != NULL)
		return;
	/* what our side made up is no word of the server's */
	ctx->temporary = smtp_reply_is_temp_fail(reply) ||
		!smtp_reply_is_remote(reply);
	ctx->error = p_strdup_printf(ctx->pool, "%s failed: %s", what,
				     smtp_reply_log(reply));
}

static void submit_stop(struct submit_context *ctx)
{
	ctx->finished = TRUE;
	io_loop_stop(current_ioloop);
}

static void submit_finished(struct submit_context *ctx)
{
	ctx->trans = NULL;
	timeout_remove(&ctx->to);
	submit_stop(ctx);
}

static void
submit_data_callback(const struct smtp_reply *reply,
		     struct submit_context *ctx)
{
	if (smtp_reply_is_success(reply))
		ctx->accepted = TRUE;
	else
		submit_fail(ctx, reply, "DATA");
}

/* Everybody has been answered. */
static void submit_rcpts_done(struct submit_context *ctx)
{
	timeout_remove(&ctx->to);
	if (ctx->trans == NULL)
		submit_stop(ctx);
	else if (ctx->error == NULL) {
		smtp_client_transaction_send(ctx->trans, ctx->input,
					     submit_data_callback, ctx);
	} else {
		smtp_client_transaction_destroy(&ctx->trans);
		submit_stop(ctx);
	}
}

/* Not from within the transaction's own callback. */
static void submit_rcpts_done_soon(struct submit_context *ctx)
{
	if (ctx->to == NULL)
		ctx->to = timeout_add_short(0, submit_rcpts_done, ctx);
}

static void
submit_mail_callback(const struct smtp_reply *reply,
		     struct submit_context *ctx)
{
	if (!smtp_reply_is_success(reply)) {
		submit_fail(ctx, reply, "MAIL FROM");
		submit_rcpts_done_soon(ctx);
	}
}

static void
submit_rcpt_callback(const struct smtp_reply *reply, struct submit_rcpt *rcpt)
{
	struct submit_context *ctx = rcpt->ctx;

	if (!smtp_reply_is_success(reply)) {
		submit_fail(ctx, reply, t_strdup_printf(
			"RCPT TO %s",
			smtp_address_encode_path(rcpt->address)));
	}
	i_assert(ctx->rcpts_waiting > 0);
	if (--ctx->rcpts_waiting == 0)
		submit_rcpts_done_soon(ctx);
}

static void
submit_rcpt_data_callback(const struct smtp_reply *reply ATTR_UNUSED,
			  struct submit_rcpt *rcpt ATTR_UNUSED)
{
	/* there is one answer for all */
}

static enum smtp_client_connection_ssl_mode
submit_ssl_mode(const struct smtp_submit_settings *set)
{
	if (strcasecmp(set->submission_ssl, "smtps") == 0 ||
	    strcasecmp(set->submission_ssl, "submissions") == 0)
		return SMTP_CLIENT_SSL_MODE_IMMEDIATE;
	if (strcasecmp(set->submission_ssl, "starttls") == 0)
		return SMTP_CLIENT_SSL_MODE_STARTTLS;
	return SMTP_CLIENT_SSL_MODE_NONE;
}

static void submit_start(struct submit_context *ctx)
{
	struct smtp_params_mail params;
	struct submit_rcpt *rcpt;
	unsigned int i;

	/* lib-smtp leaves the size out where the server does not know it, but not
	   the type */
	i_zero(&params);
	if ((smtp_client_connection_get_capabilities(ctx->conn) &
	     SMTP_CAPABILITY_8BITMIME) != 0)
		params.body.type = SMTP_PARAM_MAIL_BODY_TYPE_8BITMIME;
	if (i_stream_get_size(ctx->input, TRUE, &params.size) <= 0)
		params.size = 0;

	ctx->trans = smtp_client_transaction_create(ctx->conn, ctx->mail_from,
						    &params, 0,
						    submit_finished, ctx);
	ctx->rcpts_waiting = ctx->rcpts_count;
	for (i = 0; i < ctx->rcpts_count; i++) {
		rcpt = p_new(ctx->pool, struct submit_rcpt, 1);
		rcpt->ctx = ctx;
		rcpt->address = ctx->rcpts[i];
		smtp_client_transaction_add_rcpt(ctx->trans, ctx->rcpts[i],
						 NULL, submit_rcpt_callback,
						 submit_rcpt_data_callback,
						 rcpt);
	}
	smtp_client_transaction_start(ctx->trans, submit_mail_callback, ctx);
}

/* What the server can do is known from here on. */
static void
submit_login_callback(const struct smtp_reply *reply, void *context)
{
	struct submit_context *ctx = context;

	if (smtp_reply_is_success(reply))
		submit_start(ctx);
	else {
		submit_fail(ctx, reply, "Connecting");
		submit_stop(ctx);
	}
}

static enum roost_submit_result
submit_smtp(struct roost_user *user, const struct smtp_submit_settings *set,
	    struct event *event, const struct smtp_address *mail_from,
	    const struct smtp_address *const *rcpts, unsigned int rcpts_count,
	    struct istream *input, const char **error_r)
{
	struct submit_context ctx;
	struct smtp_client *client;
	struct ioloop *ioloop;
	const char *host;
	in_port_t port;

	if (net_str2hostport(set->submission_host, SUBMIT_DEFAULT_PORT,
			     &host, &port) < 0) {
		*error_r = t_strdup_printf("Invalid submission_host: %s",
					   set->submission_host);
		return ROOST_SUBMIT_FAILED;
	}
	i_zero(&ctx);
	ctx.pool = pool_alloconly_create("submit", 1024);
	ctx.input = input;
	ctx.mail_from = mail_from;
	ctx.rcpts = rcpts;
	ctx.rcpts_count = rcpts_count;
	ioloop = io_loop_create();
	client = roost_smtp_client_init(user->mail_user, set, event);
	ctx.conn = smtp_client_connection_create(client, SMTP_PROTOCOL_SMTP,
						 host, port,
						 submit_ssl_mode(set), NULL);
	smtp_client_connection_connect(ctx.conn, submit_login_callback, &ctx);
	if (!ctx.finished)
		io_loop_run(ioloop);
	if (ctx.trans != NULL)
		smtp_client_transaction_destroy(&ctx.trans);
	smtp_client_connection_unref(&ctx.conn);
	smtp_client_deinit(&client);
	timeout_remove(&ctx.to);
	io_loop_destroy(&ioloop);

	if (!ctx.accepted) {
		*error_r = t_strdup_printf("smtp(%s): %s",
			set->submission_host,
			ctx.error != NULL ? ctx.error : "Connection lost");
	}
	pool_unref(&ctx.pool);
	if (ctx.accepted)
		return ROOST_SUBMIT_OK;
	return ctx.error == NULL || ctx.temporary ?
		ROOST_SUBMIT_FAILED : ROOST_SUBMIT_REFUSED;
}

static enum roost_submit_result
submit_sendmail(struct roost_user *user, const struct smtp_submit_settings *set,
		struct event *event, const struct smtp_address *mail_from,
		const struct smtp_address *const *rcpts,
		unsigned int rcpts_count, struct istream *input,
		const char **error_r)
{
	struct smtp_submit *submit;
	struct ostream *output;
	struct istream *lf;
	const char *error;
	unsigned int i;
	int ret = -1;

	submit = roost_sendmail_init(user->mail_user, set, mail_from, event);
	for (i = 0; i < rcpts_count; i++)
		smtp_submit_add_rcpt(submit, rcpts[i]);
	output = smtp_submit_send(submit);
	/* a program reads text as text is here */
	lf = i_stream_create_lf(input);
	o_stream_nsend_istream(output, lf);
	if (lf->stream_errno != 0)
		error = i_stream_get_error(lf);
	else if (o_stream_flush(output) < 0)
		error = o_stream_get_error(output);
	else
		ret = roost_sendmail_run(submit, &error);
	if (ret <= 0) {
		*error_r = t_strdup_printf("%s: %s", set->sendmail_path,
					   error);
	}
	i_stream_unref(&lf);
	smtp_submit_deinit(&submit);
	return ret > 0 ? ROOST_SUBMIT_OK :
		(ret == 0 ? ROOST_SUBMIT_REFUSED : ROOST_SUBMIT_FAILED);
}

enum roost_submit_result
roost_submit(struct roost_user *user, struct event *event,
	     const struct smtp_address *mail_from,
	     const struct smtp_address *const *rcpts, unsigned int rcpts_count,
	     struct istream *input, const char **error_r)
{
	const struct smtp_submit_settings *set;
	enum roost_submit_result ret;
	pool_t pool;

	i_assert(rcpts_count > 0);
	pool = pool_alloconly_create("submit settings", 1024);
	if (roost_submit_settings_get(user->mail_user, pool, &set,
				      error_r) < 0) {
		pool_unref(&pool);
		return ROOST_SUBMIT_FAILED;
	}
	if (*set->submission_host != '\0') {
		ret = submit_smtp(user, set, event, mail_from, rcpts,
				  rcpts_count, input, error_r);
	} else {
		ret = submit_sendmail(user, set, event, mail_from, rcpts,
				      rcpts_count, input, error_r);
	}
	roost_submit_settings_free(&set);
	pool_unref(&pool);
	return ret;
}
