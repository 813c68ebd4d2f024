"""The same picks as NGINX, HAProxy, Envoy, gRPC, Redis and the ketama family: what each system's configuration says.

Servers are given in the order of the configuration, usually as `host:port`, and each call returns a selector whose
picks are indices in that order. Retries are picks that `avoid` what was tried; `release` ends a request, and tells a
failure where the system counts those. The rules are those of NGINX 1.22, HAProxy 2.6, Envoy 1.40, gRPC C-core 1.85,
Redis 7, twemproxy 0.5, libmemcached 1.0.16 and 1.1.4, libketama, uhashring 2.5 and hash_ring 1.3. `read` gives the same
selectors from the configuration file of an NGINX, HAProxy or Envoy that is there.

>>> from lbcore import presets
>>> presets.nginx.round_robin(["a:80", "b:80", "c:80"], [5, 1, 1]).select_many(7).tolist()
[0, 0, 1, 0, 2, 0, 0]
"""

from lbcore.presets import envoy, grpc, haproxy, ketama, nginx, redis
from lbcore.presets.configs import read

__all__ = ["envoy", "grpc", "haproxy", "ketama", "nginx", "read", "redis"]
