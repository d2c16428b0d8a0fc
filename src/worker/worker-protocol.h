#ifndef WORKER_PROTOCOL_H
#define WORKER_PROTOCOL_H

/* What listener and worker say to each other over login/roost-worker: lines of
   tab-escaped fields over struct connection, some followed by raw bytes. One
   request at a time on a connection; a worker process has one connection.

   worker → listener, after VERSION:
     HELLO <process limit of service roost-worker>
	the listener never opens more connections than that

   listener → worker:
     REQUEST <id> <body size> <body: 0 = inline, 1 = the fd sent along> <key=value>...
	then body size raw bytes if inline. A fd (SCM_RIGHTS, with the line's first
	byte) is an unlinked file with the body at offset 0. Keys:
	  login=<auth pid> <auth id> <client pid> <cookie>   proof of a fresh login, or
	  ticket=<sealed ticket>                              what an earlier answer gave
	  user=<canonical name, for the log until the proof is confirmed>
	  rip= rport= lip= lport= session= secured=0|1
	  method= target=<path?query as received> host=<scheme://host>
	  elapsed=<msecs since the request came first; absent or 0 the first time>
	  h:<Name>=<value>        every request header but Authorization and Cookie

   worker → listener:
     ANSWER <id> <status> <body size> <body: 0|1> <key=value>...
	then the body as above. Keys: reason=, h:<Name>=<value>, close=1,
	  ticket= and ticket_secs= (life from now) whenever the proof was a login, or
	  the ticket is past half of its life and may still be renewed
	  users=<names of the warm users, comma-separated and tab-escaped>
     PARK <id> <msecs> <body size> <key=value>...
	then the time-out's body, inline always. Keys: those of ANSWER for the
	  time-out's answer; status=; watch=<guid in hex> any number of times (none: any
	  change); device= command= version= for the listener's log line; user= is
	  the canonical name, whose notices wake it; park_ticket= a ticket that lives as long
	  as this request may stay parked (never beyond login + life + heartbeat maximum)
     REFUSED <id> <reason>
	the proof was not accepted, nothing was done: "auth" (ask for the password
	again) or "temp" (503)

   Whatever else arrives, or a disconnect with a request under way, fails that one
   request with 503 and closes the connection. */

#define WORKER_PROTOCOL_NAME_LISTENER "roost-listener"
#define WORKER_PROTOCOL_NAME_WORKER "roost-worker"
#define WORKER_PROTOCOL_MAJOR 1
#define WORKER_PROTOCOL_MINOR 0
/* relative to base_dir; the listener is chrooted into "login" */
#define WORKER_SOCKET_LISTENER "roost-worker"
/* bodies up to this go inline, larger ones as a file */
#define WORKER_PROTOCOL_MAX_INLINE (128*1024)
/* a line without its raw bytes */
#define WORKER_PROTOCOL_MAX_LINE (256*1024)

/* Change notices: plugin (any process, any uid) and workers → listener, over
   base_dir/roost-notify, mode 0666. After VERSION:
     N <user> <mailbox guid in hex, or "*" if unknown>
   They can only wake; nothing is answered. The listener compares the peer's uid with
   nothing it could leak: a false notice costs one re-check, and is limited in rate per uid. */
#define NOTIFY_PROTOCOL_NAME_CLIENT "roost-notify-client"
#define NOTIFY_PROTOCOL_NAME_SERVER "roost-notify-server"
#define NOTIFY_PROTOCOL_MAJOR 1
#define NOTIFY_PROTOCOL_MINOR 0
#define NOTIFY_SOCKET "roost-notify"

/* doveadm roost who → listener, over base_dir/roost-control, mode 0600 (root). After VERSION:
     WHO [<user>]       → one line per parked request: user, device, command, version,
			   remote ip, parked secs, remaining secs, learnt ceiling in secs or 0;
			   one per throttled device (or user: "*"), with the command "throttled";
			   then an empty line
     TRACE <user> [<device>] → OK, then that user's requests and answers as they come, until
			   doveadm disconnects; BUSY if too many trace. An event is a line, and after
			   it the copied bytes of the body:
	REQUEST <secs.msecs> <session> <device> <body size> <bytes copied> <method> <target> <header>...
	PARK <secs.msecs> <session> <device> <msecs>
	ANSWER <secs.msecs> <session> <device> <body size> <bytes copied> <status> <reason> <header>...
	LOST <number of events that doveadm was too slow for> */
#define CONTROL_PROTOCOL_NAME_CLIENT "roost-control-client"
#define CONTROL_PROTOCOL_NAME_SERVER "roost-control-server"
#define CONTROL_PROTOCOL_MAJOR 1
#define CONTROL_PROTOCOL_MINOR 0
#define CONTROL_SOCKET "roost-control"
/* of each body */
#define CONTROL_TRACE_MAX_BODY (256*1024)

#endif
