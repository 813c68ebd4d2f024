"""The static clusters of an Envoy bootstrap (v3), in YAML or JSON:
https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/cluster/v3/cluster.proto
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lbcore.presets import envoy
from lbcore.presets.configs.envoy_fields import Document, Field
from lbcore.presets.configs.envoy_routes import ANY, combined, keys_of
from lbcore.presets.configs.pool import ConfigError, Configuration, EmptyPool, Pool, Server, Unread, in_order
from lbcore.presets.configs.text import numeric
from lbcore.selectors import Random, Selector

Addresses = Mapping[str, Sequence[str]]

MOST_WEIGHT = 2**32 - 1
# Enumerations, with the numbers that stand for them.
HEALTH = {"UNKNOWN": 0, "HEALTHY": 1, "UNHEALTHY": 2, "DRAINING": 3, "TIMEOUT": 4, "DEGRADED": 5}
DOWN = {"UNHEALTHY", "DRAINING", "TIMEOUT"}
TYPES = {"STATIC": 0, "STRICT_DNS": 1, "LOGICAL_DNS": 2, "EDS": 3, "ORIGINAL_DST": 4}
LB_POLICIES = {
    "ROUND_ROBIN": 0,
    "LEAST_REQUEST": 1,
    "RING_HASH": 2,
    "RANDOM": 3,
    "MAGLEV": 5,
    "CLUSTER_PROVIDED": 6,
    "LOAD_BALANCING_POLICY_CONFIG": 7,
}
HASHES = {"DEFAULT_HASH": 0, "XX_HASH": 1, "MURMUR_HASH_2": 2}
POLICIES = {
    "ROUND_ROBIN": "round_robin_lb_config",
    "LEAST_REQUEST": "least_request_lb_config",
    "RING_HASH": "ring_hash_lb_config",
    "MAGLEV": "maglev_lb_config",
    "RANDOM": "",
}
# The names under which load_balancing_policy has them.
EXTENSIONS = {
    "RoundRobin": "ROUND_ROBIN",
    "LeastRequest": "LEAST_REQUEST",
    "RingHash": "RING_HASH",
    "Maglev": "MAGLEV",
    "Random": "RANDOM",
}
# What changes no pick: connections, protocols, statistics, and health checks, which `mark_down` stands for.
PASSED = frozenset(
    """
    name alt_stat_name type connect_timeout per_connection_buffer_limit_bytes lb_policy load_assignment health_checks
    max_requests_per_connection circuit_breakers upstream_http_protocol_options common_http_protocol_options
    http_protocol_options http2_protocol_options typed_extension_protocol_options dns_refresh_rate dns_jitter
    dns_failure_refresh_rate respect_dns_ttl dns_lookup_family dns_resolvers use_tcp_for_dns_lookups
    dns_resolution_config typed_dns_resolver_config wait_for_warm_on_init outlier_detection cleanup_interval
    upstream_bind_config ring_hash_lb_config maglev_lb_config least_request_lb_config round_robin_lb_config
    common_lb_config transport_socket transport_socket_matches metadata protocol_selection
    upstream_connection_options close_connections_on_host_health_failure ignore_health_on_host_removal filters
    load_balancing_policy lrs_server track_timeout_budgets track_cluster_stats eds_cluster_config
    connection_pool_per_downstream_connection dns_min_refresh_rate
    """.split()  # noqa: SIM905 (one list in a few lines)
)
PASSED_COMMON = {
    "healthy_panic_threshold",
    "locality_weighted_lb_config",
    "consistent_hashing_lb_config",
    "update_merge_window",
    "ignore_new_hosts_until_first_hc",
    "close_connections_on_host_set_change",
}


def read(path: str, addresses: Addresses) -> Configuration:
    """Every cluster of static_resources."""
    static = Document(path).root().get("static_resources")
    if static is None:
        return Configuration()
    keys = keys_of(static)
    pools = [Cluster(field, path, keys, addresses).pool() for field in static.all("clusters")]
    names = [pool.name for pool in pools]
    for i, pool in enumerate(pools):
        if pool.name in names[:i]:
            raise ConfigError(f"cluster: duplicate {pool.name!r}", path, pool.line)
    return Configuration(pools)


@dataclass(frozen=True)
class Host:
    """An endpoint, and where it stands."""

    server: Server
    priority: int
    locality: int  # which item of `endpoints`
    locality_weight: int | None


class Cluster:
    """One cluster, read field by field."""

    def __init__(self, field: Field, path: str, keys: Mapping[str, str], addresses: Addresses):
        self.field, self.path, self.keys, self.addresses = field, path, keys, addresses
        self.notes: list[Unread] = []
        self.assumed: list[str] = []
        self.hosts: list[Host] = []

    def pool(self) -> Pool:
        name = self.field.get("name")
        if name is None or not name.text:
            raise self.field.wrong("a cluster has no name")
        where = (name.text, "static_resources", self.path, name.line, "envoy")
        preset, arguments, fault, key = None, dict[str, Any](), None, None
        try:
            self._look_for_unread()
            policy, config = self._policy()
            key = self.keys.get(name.text, self.keys.get(ANY)) if policy in ("RING_HASH", "MAGLEV") else None
            self._read_hosts(name.text, policy)
            preset, arguments = self._preset(policy, config)
            if policy in ("RING_HASH", "MAGLEV") and key is None:
                self.notes.append(name.unread("hash_policy", "no route says what is hashed, and Envoy draws at random"))
            elif key is not None and combined(key):
                text = f"{key} make one hash: keys are what envoy.policy_key makes, with hashed=True"
                self.notes.append(name.unread("hash_policy", text))
        except ConfigError as wrong:
            fault = wrong
        servers = tuple(host.server for host in self.hosts)
        notes, assumed = in_order(self.notes), tuple(self.assumed)
        return Pool(*where, key, servers, notes, assumed, fault, preset, arguments)

    def _look_for_unread(self) -> None:
        common = self.field.get("common_lb_config")
        for field, passed in ((self.field, PASSED), (common, PASSED_COMMON)):
            self.notes += [inner.unread() for inner in field.fields() if inner.name not in passed] if field else []

    def _policy(self) -> tuple[str, Field | None]:
        """The policy's name, and its own settings."""
        chosen = self.field.get("load_balancing_policy")
        if chosen is None:
            given = self.field.get("lb_policy")
            policy = given.one_of(LB_POLICIES) if given else "ROUND_ROBIN"
            if given is not None and policy not in POLICIES:
                raise given.wrong(f"{policy!r} picks by no list of hosts that is in the file")
            return policy, self.field.get(POLICIES[policy]) if POLICIES[policy] else None
        for one in chosen.all("policies"):
            config = one.get("typed_extension_config", "typed_config")
            kind = config.get("@type") if config else None
            known = EXTENSIONS.get(kind.text.rpartition(".")[2]) if kind else None
            if known is not None:  # the first that is known is used
                return known, config
            self.notes.append(one.unread("load_balancing_policy", kind.text if kind else None))
        raise chosen.wrong("none of the policies is known here")

    def _read_hosts(self, name: str, policy: str) -> None:
        kind, assignment = self.field.get("type"), self.field.get("load_assignment")
        discovered = kind.one_of(TYPES) if kind else "STATIC"
        if discovered in ("EDS", "ORIGINAL_DST") or self.field.get("cluster_type"):
            line = (kind or self.field).line
            raise EmptyPool(f"{name}: its hosts come from discovery ({discovered}), not from the file", self.path, line)
        for number, locality in enumerate(assignment.all("endpoints") if assignment else ()):
            priority, weight = locality.get("priority"), locality.get("load_balancing_weight")
            place = (
                priority.number(0, 128) if priority else 0,
                number,
                weight.number(1, MOST_WEIGHT) if weight else None,
            )
            for endpoint in locality.all("lb_endpoints"):
                self.hosts += [Host(server, *place) for server in self._servers(endpoint, discovered, policy)]
        if not self.hosts:
            raise EmptyPool(f"{name}: there is no endpoint in the file", self.path, (assignment or self.field).line)

    def _servers(self, field: Field, kind: str, policy: str) -> list[Server]:
        """A host, or one for each address of its name."""
        weight, health = field.get("load_balancing_weight"), field.get("health_status")
        status = health.one_of(HEALTH) if health else "UNKNOWN"
        if health and status == "DEGRADED":
            self.notes.append(health.unread(text="health_status DEGRADED"))
        if field.get("metadata", "filter_metadata", "envoy.lb", "hash_key"):
            self.notes.append(field.unread("hash_key", "metadata hash_key"))
        one, path = field.get("endpoint", "address", "socket_address"), field.get("endpoint", "address", "pipe", "path")
        number = weight.number(1, MOST_WEIGHT) if weight else 1
        if path is not None:
            return [Server(path.text, path.text, path.line, number, status in DOWN)]
        host, port = (one.get("address"), one.get("port_value")) if one else (None, None)
        if host is None or port is None:
            raise field.wrong("an endpoint has no address with a port_value")
        number_of_port = port.number(0, 65535)
        if kind == "STATIC" and not numeric(host.text):
            raise host.wrong(f"{host.text!r} is no IP address, which a STATIC cluster needs")
        given = field.get("endpoint", "hostname")
        hostname = given.text if given and given.text else "" if kind == "STATIC" else host.text
        found = [host.text] if kind == "STATIC" else self._resolved(host, policy)
        addresses = [f"[{one}]:{number_of_port}" if ":" in one else f"{one}:{number_of_port}" for one in found]
        named = self._by_hostname() and policy in ("RING_HASH", "MAGLEV")
        if named and (len(addresses) > 1 or not hostname):
            self.notes.append(host.unread("hostname", f"{host.text}: {len(addresses)} hosts of one name, or without"))
        return [
            Server(hostname if named and hostname else one, one, host.line, number, status in DOWN) for one in addresses
        ]

    def _resolved(self, host: Field, policy: str) -> list[str]:
        """What a name stands for. A ring is made of addresses, unless it is told to use host names."""
        known = list(self.addresses.get(host.text, ()))
        if not known and policy in ("RING_HASH", "MAGLEV") and not self._by_hostname():
            self.notes.append(host.unread("addresses", f"the address of {host.text} is hashed, and is not in the file"))
        elif not known:
            self.assumed.append(f"{host.text} stands for one address")
        return known or [host.text]

    def _by_hostname(self) -> bool:
        used = self._consistent().get("use_hostname_for_hashing")
        return used is not None and used.yes()

    def _consistent(self) -> dict[str, Field]:
        """consistent_hashing_lb_config, of the cluster or of its policy."""
        _, config = self._policy() if self.field.get("load_balancing_policy") else ("", None)
        found = config.get("consistent_hashing_lb_config") if config else None
        found = found or self.field.get("common_lb_config", "consistent_hashing_lb_config")
        return {field.name: field for field in found.fields()} if found else {}

    def _preset(self, policy: str, config: Field | None) -> tuple[Callable[..., Selector], dict[str, Any]]:
        """The preset and its arguments."""
        names = [host.server.name for host in self.hosts]
        given: dict[str, Any] = {"hosts": names, "weights": [host.server.weight for host in self.hosts]}
        given |= self._places(policy)
        own = {field.name: field for field in config.fields()} if config else {}
        if "slow_start_config" in own:
            self.notes.append(own["slow_start_config"].unread())
        if policy in ("RING_HASH", "MAGLEV") and "hash_balance_factor" in self._consistent():
            factor = self._consistent()["hash_balance_factor"].number(100, MOST_WEIGHT)
            given["balance_factor"] = factor
        match policy:
            case "LEAST_REQUEST":
                if "choice_count" in own:
                    given["choice_count"] = own["choice_count"].number(2, MOST_WEIGHT)
                bias = own["active_request_bias"].get("default_value") if "active_request_bias" in own else None
                if bias:
                    given["active_request_bias"] = bias.real(0, MOST_WEIGHT)
                return envoy.least_request, given
            case "RING_HASH":
                for name in ("minimum_ring_size", "maximum_ring_size"):
                    if name in own:
                        given[name] = own[name].number(0, envoy.MOST_POINTS)
                if "hash_function" in own:
                    murmur = own["hash_function"].one_of(HASHES) == "MURMUR_HASH_2"
                    given["function"] = "murmur_hash_2" if murmur else "xx_hash"
                return envoy.ring_hash, given
            case "MAGLEV":
                if "table_size" in own:
                    given["table_size"] = own["table_size"].number(1, envoy.MOST_ENTRIES)
                return envoy.maglev, given
            case "RANDOM":
                return random, given
            case _:
                return envoy.round_robin, given

    def _places(self, policy: str) -> dict[str, Any]:
        """Priorities and panic; unread are the weights of localities, where they decide."""
        given: dict[str, Any] = {}
        priorities = [host.priority for host in self.hosts]
        if any(priorities):
            given["priorities"] = priorities
        threshold = self.field.get("common_lb_config", "healthy_panic_threshold")
        if threshold:
            given["healthy_panic_threshold"] = threshold.real(0, 100)
        factor = self.field.get("load_assignment", "policy", "overprovisioning_factor")
        if factor:
            given["overprovisioning_factor"] = factor.number(100, MOST_WEIGHT)
        weighted = self.field.get("common_lb_config", "locality_weighted_lb_config")
        places = {(host.priority, host.locality) for host in self.hosts}
        several = len(places) > len(set(priorities)) or any(host.locality_weight is None for host in self.hosts)
        if weighted and several and policy == "ROUND_ROBIN":
            given["localities"] = [str(host.locality) for host in self.hosts]
            given["locality_weights"] = {str(host.locality): host.locality_weight or 0 for host in self.hosts}
        elif weighted and several:
            self.notes.append(weighted.unread())
        if policy == "RANDOM" and given:
            self.notes.append(self.field.unread("priority", f"RANDOM with {', '.join(given)}"))
            return {}
        return given


def random(hosts: Sequence[str], weights: Sequence[int], seed: Any = None) -> Selector:
    """RANDOM: a host drawn, whatever it weighs."""
    return Random(hosts, seed)
