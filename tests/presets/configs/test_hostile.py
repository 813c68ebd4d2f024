"""Files that are broken, hostile or no configuration at all: one sentence with file and line."""

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lbcore.presets import read
from lbcore.presets.configs import ConfigError

from .wanted import DATA, FILES

ENDING = {"nginx": ".conf", "haproxy": ".cfg", "envoy": ".yaml"}
CLUSTER = """static_resources:
  clusters:
  - name: a
    load_assignment:
      endpoints:
      - lb_endpoints:
        - endpoint: { address: { socket_address: { address: 10.0.0.1, port_value: 80 } } }
"""
REFUSED = [
    ("nginx", "http {\n upstream a {\n server 10.0.0.1;\n", "unexpected end of file", 3),
    ("nginx", "http {\n upstream a { server 10.0.0.1; } } }\n", 'unexpected "}"', 2),
    ("nginx", 'http {\n upstream a { server "10.0.0.1; } }\n', "end of file", 0),
    ("nginx", "http { { } }\n", "", 1),
    ("nginx", "http {\n include itself.conf; }\n", "loop", 2),
    ("nginx", "http {\n include gone.conf; }\n", "cannot be opened", 2),
    ("nginx", "http {\n upstream a { server b:1; }\n upstream a { server b:1; } }\n", "duplicate upstream", 3),
    ("nginx", "upstream a { server b:1; }\n", "not allowed here", 1),
    ("nginx", "\n" + "a {" * 5000 + "}" * 5000, "too deeply", 0),
    ("nginx", "a b;\n\0", "no text", 2),
    ("nginx", "http { upstream 'a\nb' { server c; }\n upstream 'a\nb' { server c; } }", "duplicate", 3),
    ("haproxy", "backend " + "a" * 5000 + "\nbackend " + "a" * 5000, "...", 2),
    ("haproxy", "backend a\n  server b 'c\n", "not closed", 2),
    ("haproxy", 'defaults\n  balance "${A"\n', "brace", 2),
    ("haproxy", "server a b\n", "out of section", 1),
    ("haproxy", "backend a\nbackend a\n", "before", 2),
    ("haproxy", "defaults\n  server a b\n", "not allowed", 2),
    ("haproxy", "backend a from b\n", "no defaults section", 1),
    ("haproxy", "global\n.if true\n", "not read", 2),
    ("haproxy", "backend a\n  server " + "b " * 70 + "\n", "more than 64 words", 2),
    ("haproxy", "backend a\n  acl b hdr \\xg1\n", "hexadecimal", 2),
    ("envoy", "static_resources: {\n", "YAML", 2),
    ("envoy", "a: 'b\n", "YAML", 0),
    ("envoy", CLUSTER + "  clusters: []\n", "given twice", 8),
    ("envoy", CLUSTER + "admin: &a { b: 1 }\nmore: { <<: *a }\n", "<<", 9),
    ("envoy", "a: 1\n---\nb: 2\n", "YAML", 0),
    ("envoy", "[" * 200_000, "", 0),
    ("envoy", "static_resources: [1]\n", "message", 1),
    ("envoy", "", "nothing", 0),
    ("envoy", "\x07", "YAML", 0),
]


@pytest.mark.parametrize(("system", "text", "reason", "line"), REFUSED)
def test_a_broken_file_is_one_sentence(tmp_path: Path, system: str, text: str, reason: str, line: int) -> None:
    path = tmp_path / ("itself" + ENDING[system])
    path.write_text(text)
    with pytest.raises(ConfigError) as told:
        read(path)
    assert reason in told.value.reason and "\n" not in str(told.value)
    assert told.value.file == str(path)
    assert told.value.line == line or line == 0


FAULTS = {
    ("nginx", "http {\n upstream a {\n {} } }\n"): """
        server;
        server 10.0.0.1 weight=0;
        server 10.0.0.1 weight=x;
        server 10.0.0.1:0;
        server 10.0.0.1:99999;
        server /run/a;
        server 10.0.0.1 fail_timeout=1.5;
        server 10.0.0.1 max_fails=-1;
        server 10.0.0.1 colour=1;
        server 10.0.0.1 { }
        hash; server 10.0.0.1;
        hash $a b; server 10.0.0.1;
        least_conn 1; server 10.0.0.1;
        random two b; server 10.0.0.1;
        ip_hash; server 10.0.0.1; server 10.0.0.2 backup;
        server 10.0.0.1 backup;
        sticky a; server 10.0.0.1;""",
    ("haproxy", "\nbackend a\n  {}\n"): """
        server b
        server b c weight 257
        server b c weight -1
        server b,b c
        server b c id 0
        server b c:99999
        server b c colour
        server-template b 0 c
        server-template b 3-2 c
        server-template b 1-999999999 c
        server-template b 2
        default-server weight 300""",
    ("haproxy", "backend a\n  server b c\n  {}\n  hash-type consistent\n"): """
        balance round
        balance uri len
        balance uri colour
        balance hdr
        balance hdr()
        balance random(0)
        balance random(x)
        no balance
        balance url_param""",
    ("haproxy", "backend a\n  server b c\n  balance source\n  {}\n"): """
        hash-type consistent md5
        hash-type x
        hash-type
        hash-balance-factor 50""",
    ("envoy", CLUSTER.replace("port_value: 80", "{}")): """
        port_value: x
        port_value: 70000
        port: 1""",
    ("envoy", CLUSTER.replace("load_assignment:", "{}\n    load_assignment:")): """
        loadAssignment: {}
        lb_policy: BEST
        type: EDS""",
}


@pytest.mark.parametrize(
    ("system", "frame", "text"),
    [(*place, line.strip()) for place, lines in FAULTS.items() for line in lines.split("\n")[1:]],
)
def test_what_the_server_refuses_is_the_fault_of_its_pool(tmp_path: Path, system: str, frame: str, text: str) -> None:
    path = tmp_path / ("a" + ENDING[system])
    path.write_text(frame.replace("{}", text, 1))
    [pool] = read(path)
    assert pool.fault is not None and pool.fault.line > 1
    with pytest.raises(ConfigError, match=r"^.*:\d+: "):
        pool.selector()


def test_aliases_of_aliases_do_not_unfold_for_ever(tmp_path: Path) -> None:
    lines = ["static_resources:", "  listeners:", "  - &a", "    filter_chains:", "    - &b", "      filters:"]
    lines += ["      - &c { typed_config: { '@type': x.TcpProxy, cluster: y } }"]
    lines += ["      - *c"] * 200 + ["    - *b"] * 200 + ["  - *a"] * 200
    path = tmp_path / "bomb.yaml"
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(ConfigError, match="million"):
        read(path)


def test_a_file_of_many_megabytes_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "nginx.conf"
    with path.open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(ConfigError, match="larger than 16 MiB"):
        read(path)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(file=st.sampled_from(sorted(FILES)), seed=st.integers(0, 2**32))
def test_whatever_is_broken_the_error_is_ours(tmp_path: Path, file: str, seed: int) -> None:
    """Pieces of the fourteen files are cut out, doubled, exchanged or overwritten."""
    rng = random.Random(seed)
    data = bytearray((DATA / file).read_bytes())
    for _ in range(rng.randrange(1, 6)):
        a, b = sorted(rng.choices(range(len(data) + 1), k=2))
        b = min(b, a + rng.choice([1, 3, 30]))
        kind = rng.randrange(4)
        if kind == 0:
            del data[a:b]
        elif kind == 1:
            data[a:a] = data[a:b]
        elif kind == 2:
            data[a:b] = rng.choice(
                [b"{", b"}", b'"', b"'", b"\\", b"$", b"${", b"#", b";", b"\n", b": ", b"*a", b"&a ", b"- "]
            )
        else:
            data[a:b] = rng.randbytes(b - a)
    path = tmp_path / f"broken{Path(file).suffix}"
    path.write_bytes(data)
    try:
        pools = read(path, system=file.partition("-")[0])
    except ConfigError as error:
        told = [error]
        pools = ()
    else:
        told = []
    for pool in pools:
        try:
            pool.selector(ignore={setting.name for setting in pool.unread})
        except ConfigError as error:
            told.append(error)
    assert all(str(path) in str(error) and "\n" not in str(error) for error in told)
