#ifndef LISTENER_ADDRESS_H
#define LISTENER_ADDRESS_H

#include "net.h"

struct listener_network {
	struct ip_addr ip;
	unsigned int bits;
};
ARRAY_DEFINE_TYPE(listener_network, struct listener_network);

/* Parses roost_trusted_networks (blanks or commas between networks) into
   networks, which the caller has initialised. Returns 0, or -1 and a sentence
   about the first that is none. */
int listener_networks_parse(const char *str,
			    ARRAY_TYPE(listener_network) *networks,
			    const char **error_r);
bool listener_networks_match(const ARRAY_TYPE(listener_network) *networks,
			     const struct ip_addr *ip);

/* The client's address behind trusted proxies: of the X-Forwarded-For list
   the right-most address that isn't a trusted proxy's. Each proxy appends the
   address it was called from, so whatever stands left of the first untrusted
   one may have been invented by the client. *ip holds the address that called
   us and is replaced if it is trusted; *port becomes the one given with the
   address, or 0. Stops at the first entry that is no address. */
void listener_address_forwarded(const ARRAY_TYPE(listener_network) *networks,
				const char *forwarded_for,
				struct ip_addr *ip, in_port_t *port);

#endif
