#include "lib.h"
#include "array.h"
#include "net.h"
#include "test-common.h"
#include "listener-address.h"

static void test_networks_parse(void)
{
	static const struct {
		const char *str;
		unsigned int count;
		const char *error;
	} tests[] = {
		{ "", 0, NULL },
		{ "192.0.2.1", 1, NULL },
		{ " 192.0.2.0/24, 10.0.0.0/8  2001:db8::/32", 3, NULL },
		{ "192.0.2.0/24 x", 0, "'x' is not an IP network" },
		{ "192.0.2.0/33", 0, "'192.0.2.0/33' is not an IP network" },
	};
	ARRAY_TYPE(listener_network) networks;
	const char *error;
	unsigned int i;

	test_begin("listener networks parse");
	for (i = 0; i < N_ELEMENTS(tests); i++) {
		t_array_init(&networks, 4);
		if (tests[i].error == NULL) {
			test_assert_idx(listener_networks_parse(tests[i].str,
				&networks, &error) == 0, i);
			test_assert_idx(array_count(&networks) ==
					tests[i].count, i);
		} else {
			test_assert_idx(listener_networks_parse(tests[i].str,
				&networks, &error) < 0, i);
			test_assert_strcmp_idx(error, tests[i].error, i);
		}
	}
	test_end();
}

static void test_address_forwarded(void)
{
	static const struct {
		const char *peer, *header;
		const char *ip;
		in_port_t port;
	} tests[] = {
		/* nobody before us */
		{ "10.0.0.1", "", "10.0.0.1", 7 },
		{ "192.0.2.1", "", "192.0.2.1", 7 },
		/* a client that isn't trusted says what it likes */
		{ "192.0.2.1", "198.51.100.1", "192.0.2.1", 7 },
		{ "192.0.2.1", "10.0.0.2", "192.0.2.1", 7 },
		/* one proxy, two proxies */
		{ "10.0.0.1", "192.0.2.1", "192.0.2.1", 0 },
		{ "10.0.0.1", "192.0.2.1, 10.0.0.2", "192.0.2.1", 0 },
		{ "2001:db8::1", "10.0.0.2,192.0.2.1,10.0.0.3", "192.0.2.1", 0 },
		/* what the client itself put into the list */
		{ "10.0.0.1", "198.51.100.1, 192.0.2.1", "192.0.2.1", 0 },
		{ "10.0.0.1", "10.0.0.9, 192.0.2.1", "192.0.2.1", 0 },
		{ "10.0.0.1", "nonsense, 192.0.2.1", "192.0.2.1", 0 },
		/* all of them trusted */
		{ "10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3", 0 },
		/* with ports, and IPv6 */
		{ "10.0.0.1", "192.0.2.1:4711", "192.0.2.1", 4711 },
		{ "10.0.0.1", "2001:db9::5", "2001:db9::5", 0 },
		{ "10.0.0.1", "[2001:db9::5]:80", "2001:db9::5", 80 },
		/* broken: the last good one counts */
		{ "10.0.0.1", "nonsense", "10.0.0.1", 7 },
		{ "10.0.0.1", "192.0.2.1, unknown", "10.0.0.1", 7 },
		{ "10.0.0.1", "192.0.2.1, unknown, 10.0.0.2", "10.0.0.2", 0 },
		{ "10.0.0.1", "192.0.2.1:99999", "10.0.0.1", 7 },
		{ "10.0.0.1", ",, ,", "10.0.0.1", 7 },
		{ "10.0.0.1", ",192.0.2.1,", "192.0.2.1", 0 },
	};
	ARRAY_TYPE(listener_network) networks;
	struct ip_addr ip;
	in_port_t port;
	const char *error;
	unsigned int i;

	test_begin("listener address forwarded");
	t_array_init(&networks, 4);
	test_assert(listener_networks_parse("10.0.0.0/8 2001:db8::/32",
					    &networks, &error) == 0);
	for (i = 0; i < N_ELEMENTS(tests); i++) {
		test_assert(net_addr2ip(tests[i].peer, &ip) == 0);
		port = 7;
		listener_address_forwarded(&networks, tests[i].header,
					   &ip, &port);
		test_assert_strcmp_idx(net_ip2addr(&ip), tests[i].ip, i);
		test_assert_idx(port == tests[i].port, i);
	}
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_networks_parse,
		test_address_forwarded,
		NULL
	};
	return test_run(test_functions);
}
