#include "lib.h"
#include "array.h"
#include "str.h"
#include "net.h"
#include "listener-address.h"

int listener_networks_parse(const char *str,
			    ARRAY_TYPE(listener_network) *networks,
			    const char **error_r)
{
	const char *const *nets = t_strsplit_spaces(str, ", ");
	struct listener_network network;

	for (; *nets != NULL; nets++) {
		if (net_parse_range(*nets, &network.ip, &network.bits) < 0) {
			*error_r = t_strdup_printf(
				"'%s' is not an IP network", *nets);
			return -1;
		}
		array_push_back(networks, &network);
	}
	return 0;
}

bool listener_networks_match(const ARRAY_TYPE(listener_network) *networks,
			     const struct ip_addr *ip)
{
	const struct listener_network *network;

	array_foreach(networks, network) {
		if (net_is_in_network(ip, &network->ip, network->bits))
			return TRUE;
	}
	return FALSE;
}

/* "192.0.2.1", "192.0.2.1:4711", "2001:db8::1", "[2001:db8::1]:4711" */
static int
listener_address_parse(const char *str, struct ip_addr *ip_r,
		       in_port_t *port_r)
{
	const char *host;

	*port_r = 0;
	if (net_addr2ip(str, ip_r) == 0)
		return 0;
	if (net_str2hostport(str, 0, &host, port_r) < 0)
		return -1;
	return net_addr2ip(host, ip_r);
}

void listener_address_forwarded(const ARRAY_TYPE(listener_network) *networks,
				const char *forwarded_for,
				struct ip_addr *ip, in_port_t *port)
{
	const char *const *list;
	unsigned int i;
	struct ip_addr next_ip;
	in_port_t next_port;

	list = t_strsplit_spaces(forwarded_for, ", \t");
	for (i = str_array_length(list); i > 0; i--) {
		if (!listener_networks_match(networks, ip))
			break;
		if (listener_address_parse(list[i - 1], &next_ip,
					   &next_port) < 0)
			break;
		*ip = next_ip;
		*port = next_port;
	}
}
