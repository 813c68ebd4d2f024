"""What Envoy's routes hash: https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto"""

from collections.abc import Iterator

from lbcore.presets.configs.envoy_fields import Field

ANY = ""  # a route whose cluster a header names


def keys_of(static: Field) -> dict[str, str]:
    """For each cluster that a route leads to, what is hashed; several policies in the words of `policy_text`."""
    keys: dict[str, list[str]] = {}
    for listener in static.all("listeners"):
        chains = listener.all("filter_chains")
        default = listener.get("default_filter_chain")
        for chain in [*chains, *([default] if default else [])]:
            for one in chain.all("filters"):
                config = one.get("typed_config")
                for action in _actions(config) if config else ():
                    policy = policy_text(action)
                    for name in _clusters(action):
                        known = keys.setdefault(name, [])
                        if policy and policy not in known:
                            known.append(policy)
    return {name: " | ".join(policies) for name, policies in keys.items() if policies}


def _actions(config: Field) -> Iterator[Field]:
    """What may name a cluster and a hash policy: the routes of an HTTP manager, or a TCP proxy itself."""
    kind = config.get("@type")
    if kind and kind.text.endswith(".TcpProxy"):
        yield config
    routes = config.get("route_config") if kind and kind.text.endswith(".HttpConnectionManager") else None
    for host in routes.all("virtual_hosts") if routes else ():
        for route in host.all("routes"):
            action = route.get("route")
            if action:
                yield action


def _clusters(action: Field) -> Iterator[str]:
    one, several = action.get("cluster"), action.get("weighted_clusters")
    if one:
        yield one.text
    for weighted in several.all("clusters") if several else ():
        name = weighted.get("name")
        if name:
            yield name.text
    if action.get("cluster_header"):
        yield ANY


def policy_text(action: Field) -> str:
    """The parts of a hash policy: `header User-Agent`, `cookie SID (terminal), source_ip`."""
    return ", ".join(
        kind_of(policy) + (" (terminal)" if (last := policy.get("terminal")) and last.yes() else "")
        for policy in action.all("hash_policy")
    )


def combined(key: str) -> bool:
    """Whether several parts may make one hash: a part that is not terminal, and others behind it."""
    return any(not part.endswith(" (terminal)") for policy in key.split(" | ") for part in policy.split(", ")[:-1])


def kind_of(policy: Field) -> str:
    for kind, name in (
        ("header", "header_name"),
        ("cookie", "name"),
        ("query_parameter", "name"),
        ("filter_state", "key"),
    ):
        field = policy.get(kind)
        if field is not None:
            inner = field.get(name)
            if inner is None:
                raise field.wrong(f"{name} is missing")
            return f"{kind} {inner.text}"
    for kind in ("connection_properties", "source_ip"):
        if policy.get(kind) is not None:
            return "source_ip"
    raise policy.wrong("a hash policy of an unknown kind")
