"""What a reader finds in the fourteen files, pool by pool.

A server is `name`, `name*weight`, and in brackets what else counts. `unread` are the settings that no preset has.
"""

from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Wanted:
    line: int
    servers: str
    key: str | None = None
    unread: tuple[str, ...] = ()
    fault_line: int = 0


FILES: dict[str, dict[tuple[str, str], Wanted]] = {
    "haproxy-several-defaults.cfg": {
        ("backend", "www"): Wanted(29, "www1*3 www2 back(backup) back-old*2(backup)", unread=("cookie",)),
        ("backend", "www2"): Wanted(46, "www2a*20 www2b*10 www2c*20(down)"),
        ("backend", "demo"): Wanted(54, "demo1 demo2*2 demo3", "hdr(Host) use_domain_only"),
        ("listen", "status"): Wanted(63, "s1 s2*2"),
    },
    "haproxy-room-affinity.cfg": {
        ("backend", "room-backend"): Wanted(18, "meet1 meet2 meet3", "url_param roomId", ("stick",)),
        ("backend", "lobby-backend"): Wanted(32, "meet1*2 meet2 meet3", unread=("stick",)),
        ("backend", "upload-backend"): Wanted(43, "up-1 up-2*3", "uri depth 2"),
    },
    "haproxy-device-platform.cfg": {
        ("listen", "mqtt-in"): Wanted(22, "mqtt1 mqtt2", unread=("resolvers",)),
        ("listen", "edges-rpc-in"): Wanted(37, "edge1 edge2", unread=("resolvers",)),
        ("backend", "web-backend"): Wanted(50, "web2*10 web3*10 web4*10", unread=("resolvers",)),
        ("backend", "st_src_rate10s"): Wanted(56, "", fault_line=56),
        ("backend", "st_src_rate1m"): Wanted(58, "", fault_line=58),
        ("backend", "api-backend"): Wanted(61, "api1 api2", "source", ("resolvers",)),
    },
    "haproxy-search-weights.cfg": {
        ("listen", "search"): Wanted(26, "search0*60 search2*60 search3*0"),
        ("listen", "covers"): Wanted(37, "cover-b*2 cover-a cover-c(down)", "uri len 40"),
        ("listen", "thumbs"): Wanted(45, "thumb-a thumb-b thumb-c(backup)", "uri whole"),
        ("listen", "pages"): Wanted(54, "page-a*5 page-b page-c"),
    },
    "haproxy-env-weights.cfg": {
        ("listen", "stats"): Wanted(19, "", fault_line=19),
        ("listen", "mqtt-in"): Wanted(29, "", fault_line=29),
        ("backend", "broker_cluster"): Wanted(36, "broker1 broker2*0 broker3*2", "source", ("env",)),
    },
    "nginx-flat-braces.conf": {
        ("http", "big_server"): Wanted(
            32, "10.0.0.3:8000*5 10.0.0.3:8001*5 10.0.0.4:8000 unix:/run/app/big.sock 10.0.0.4:8001*2"
        ),
    },
    "nginx-websocket-affinity.conf": {
        ("http", "nodes"): Wanted(
            34, "10.0.1.11:3000 10.0.1.12:3000*2 10.0.1.13:3000(down) 10.0.1.14:3000", "$remote_addr"
        ),
        ("http", "rooms"): Wanted(
            46, "10.0.1.21:3000*3 10.0.1.22 10.0.1.23:3000(down) 10.0.1.24:3000", "$arg_room$cookie_sid"
        ),
    },
    "nginx-object-store.conf": {
        ("http", "store"): Wanted(23, "10.0.5.1:9000 10.0.5.2:9000 10.0.5.3:9000 10.0.5.4:9000 10.0.5.5:9000(backup)"),
        ("http", "console"): Wanted(
            32, "10.0.5.1:9001 10.0.5.2:9001*2 10.0.5.3:9001(down) 10.0.5.4:9001", "$remote_addr"
        ),
    },
    "nginx-http-and-stream.conf": {
        ("http", "cluster"): Wanted(21, "10.0.6.1 10.0.6.2*4 10.0.6.3:8080*2 10.0.6.4(backup) 10.0.6.5*3(backup)"),
        ("http", "jobs"): Wanted(29, "10.0.6.11:9999*3 10.0.6.12:9999 10.0.6.13:9999"),
        ("stream", "cluster"): Wanted(47, "10.0.6.21:1514 10.0.6.22:1514", "$remote_addr"),
        ("stream", "enrol"): Wanted(52, "10.0.6.21:1515*2 10.0.6.22:1515"),
    },
    "nginx-third-party-sticky.conf": {
        ("http", "callCluster"): Wanted(28, "", fault_line=30),
        ("http", "reports"): Wanted(34, "10.0.7.2:9061*5 10.0.7.2:9071"),
    },
    "envoy-ring-hash.yaml": {
        ("static_resources", "web_cluster_01"): Wanted(
            45, "10.0.20.1:80 10.0.20.2:80*3 10.0.20.3:80(down)", "header User-Agent"
        ),
        ("static_resources", "cart"): Wanted(61, "cart-1.example cart-2.example", "cookie SID (terminal), source_ip"),
    },
    "envoy-localities.yaml": {
        ("static_resources", "backend"): Wanted(
            19,
            "10.0.21.1:8080 10.0.21.2:8080*2 10.0.22.1:8080 10.0.23.1:8080 10.0.31.1:8080 10.0.31.2:8080(down)",
        ),
    },
    "envoy-maglev-json.yaml": {
        ("static_resources", "app"): Wanted(
            49, "10.0.24.1:8001*2 10.0.24.2:8001 10.0.24.3:8001", "query_parameter user"
        ),
    },
    "envoy-least-request.yaml": {
        ("static_resources", "web_cluster_01"): Wanted(6, "10.0.25.1:80 10.0.25.2:80*3 10.0.25.3:80*5"),
        ("static_resources", "plain"): Wanted(35, "10.0.26.1:80 10.0.26.2:80"),
        ("static_resources", "by_policy_list"): Wanted(44, "10.0.26.1:80 10.0.26.2:80"),
        ("static_resources", "discovered"): Wanted(57, "", fault_line=59),
        ("static_resources", "xds_cluster"): Wanted(68, "127.0.0.1:9977"),
    },
}
