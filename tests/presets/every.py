"""Every preset, by the kind of key it takes."""

from collections.abc import Callable

from lbcore import Selector
from lbcore.presets import envoy, grpc, haproxy, ketama, nginx, redis

KEYLESS: dict[str, Callable[..., Selector]] = {
    "nginx.round_robin": nginx.round_robin,
    "nginx.least_conn": nginx.least_conn,
    "nginx.random": lambda *a, **k: nginx.random(*a, seed=1, **k),
    "nginx.random two": lambda *a, **k: nginx.random(*a, seed=1, two=True, **k),
    "haproxy.roundrobin": haproxy.roundrobin,
    "haproxy.static_rr": haproxy.static_rr,
    "haproxy.leastconn": haproxy.leastconn,
    "envoy.round_robin": envoy.round_robin,
    "envoy.least_request": envoy.least_request,
}
ADDRESSED: dict[str, Callable[..., Selector]] = {"nginx.ip_hash": nginx.ip_hash, "haproxy.source": haproxy.source}
KEYED: dict[str, Callable[..., Selector]] = {
    "nginx.hash": nginx.hash,
    "nginx.hash_consistent": nginx.hash_consistent,
    "haproxy.hash": haproxy.hash,
    "haproxy.uri": haproxy.uri,
    "haproxy.hash consistent": lambda *a, **k: haproxy.hash(*a, method="consistent", **k),
    "haproxy.hash bounded": lambda *a, **k: haproxy.hash(*a, method="consistent", balance_factor=150, **k),
    "envoy.ring_hash": envoy.ring_hash,
    "envoy.ring_hash bounded": lambda *a, **k: envoy.ring_hash(*a, balance_factor=150, **k),
    "envoy.maglev": envoy.maglev,
    "envoy.maglev bounded": lambda *a, **k: envoy.maglev(*a, balance_factor=150, **k),
    "grpc.ring_hash": grpc.ring_hash,
    "ketama.libketama": ketama.libketama,
    "ketama.twemproxy": ketama.twemproxy,
    "ketama.twemproxy modula": lambda *a, **k: ketama.twemproxy(*a, distribution="modula", **k),
    "ketama.uhashring": ketama.uhashring,
    "ketama.hash_ring": ketama.hash_ring,
}
WEIGHTED = {**KEYLESS, **ADDRESSED, **KEYED}
EVERY = {**WEIGHTED, "redis.slots": redis.slots, "ketama.libmemcached": ketama.libmemcached}
EVERY["ketama.libmemcached modula"] = lambda servers: ketama.libmemcached(servers, distribution="modula")
SERVERS = ["10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:80"]
