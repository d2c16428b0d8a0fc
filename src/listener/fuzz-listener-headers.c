#include "lib.h"
#include "array.h"
#include "net.h"
#include "listener-address.h"
#include "listener-credentials.h"

/* The headers that we take apart ourselves: a first line as Authorization, a
   second as the target's query, the rest as X-Forwarded-For. */

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc ATTR_UNUSED, char ***argv ATTR_UNUSED)
{
	lib_init();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	T_BEGIN {
		const char *const *lines =
			t_strsplit(t_strndup(data, size), "\n");
		const char *const end = "";
		const char *query = lines[0] == NULL ? NULL : lines[1];
		const char *forwarded = query == NULL || lines[2] == NULL ?
			end : lines[2];
		struct listener_credentials cred;
		ARRAY_TYPE(listener_network) networks;
		struct ip_addr ip;
		in_port_t port = 0;
		const char *error;

		if (lines[0] != NULL &&
		    listener_credentials_parse(lines[0], query, &cred) == 0) {
			i_assert(cred.logins_count > 0);
			i_assert(*cred.logins[0].user != '\0');
		}
		t_array_init(&networks, 4);
		if (listener_networks_parse("0.0.0.0/1 ::/0", &networks,
					    &error) < 0 ||
		    net_addr2ip("127.0.0.1", &ip) < 0)
			i_unreached();
		listener_address_forwarded(&networks, forwarded, &ip, &port);
		i_assert(ip.family != 0);
	} T_END;
	return 0;
}
