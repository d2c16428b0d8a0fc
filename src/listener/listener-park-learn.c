#include "lib.h"
#include "array.h"
#include "guid.h"
#include "hash.h"
#include "str-sanitize.h"
#include "listener.h"
#include "listener-answer.h"
#include "listener-learn.h"
#include "listener-park-private.h"

static void park_learn_log(struct listener_parked *parked, const char *device,
			   enum listener_learn_change change)
{
	unsigned int secs = parked->ceiling_msecs / 1000;
	struct event_passthrough *e =
		event_create_passthrough(listener.event)->
		set_name("roost_heartbeat_learned")->
		add_str("user", parked->user->name)->
		add_str("session", parked->client->session_id)->
		add_str("remote_ip", net_ip2addr(&parked->remote_ip))->
		add_str("device_id", device)->
		add_int("heartbeat", secs);

	if (change == LISTENER_LEARN_LOWERED) {
		e_info(e->event(), "user %s: Device %s: Waiting requests are "
		       "cut on their way, answering them after %u secs "
		       "from now on", str_sanitize(parked->user->name, 128),
		       str_sanitize(device, 64), secs);
	} else {
		e_debug(e->event(), "user %s: Device %s: Waiting requests may "
			"last longer: %u secs (0 = any time)",
			str_sanitize(parked->user->name, 128),
			str_sanitize(device, 64), secs);
	}
}

void park_learn_begin(struct listener_parked *parked, const char *device)
{
	enum listener_learn_change change;

	if (listener.learn == NULL || device == NULL)
		return;
	parked->ceiling_msecs =
		listener_learn_begin(listener.learn, parked->user->name,
				     device, &change);
	if (change != LISTENER_LEARN_NONE)
		park_learn_log(parked, device, change);
}

static void park_learn_tell(struct listener_parked *parked, bool cut)
{
	const char *user = parked->user->name;
	const char *device = park_get_device(parked);

	if (device == NULL)
		return;
	if (cut)
		listener_learn_cut(listener.learn, user, device,
				   park_age(parked));
	else
		listener_learn_answered(listener.learn, user, device,
					park_age(parked));
}

void park_learn_end(struct listener_parked *parked, bool cut)
{
	if (listener.learn == NULL || listener.stopping)
		return;
	T_BEGIN {
		park_learn_tell(parked, cut);
	} T_END;
}
