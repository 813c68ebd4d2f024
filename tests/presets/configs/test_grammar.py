"""How the files are written: words, quotes, variables, includes, aliases. HAProxy 2.6 reads the lines below so."""

from pathlib import Path

import pytest

from lbcore.presets import read
from lbcore.presets.configs import system_of
from lbcore.presets.configs.haproxy_lines import line_of

ENV = {"V": "val", "W": "w1 1.1.1.1", "P": "10.0.0.7"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (r'server "a b" c', ["server", "a b", "c"]),
        (r"server 'a\ b' c", ["server", r"a\ b", "c"]),
        (r"server a\ b c", ["server", "a b", "c"]),
        (r'server "a#b"c d # e', ["server", "a#bc", "d"]),
        (r"server a\#b c", ["server", "a#b", "c"]),
        ("server a#b c", ["server", "a"]),
        (r'server "a\"b" a\"b a\'b', ["server", 'a"b', 'a"b', "a'b"]),
        (r"server a\x41 a\1", ["server", "aA", r"a\1"]),
        ("server $V ${V}x '$V'x", ["server", "$V", "${V}x", "$Vx"]),
        (r'server "$V"x "${V}" "a\$V"', ["server", "valx", "val", "a$V"]),
        ('server "${U-d e}" "${.LINE}" "${W[*]}"', ["server", "d e", "7", "w1", "1.1.1.1"]),
        ('server "" a"" "${U}"', ["server", "", "a", ""]),
        ("\t server\ta \t", ["server", "a"]),
    ],
)
def test_words_of_haproxy(text: str, words: list[str]) -> None:
    line = line_of(text, "a.cfg", 7, ENV, "backend")
    assert line is not None and list(line.words) == words
    assert line.unset == (("U",) if "${U}" in text else ())


@pytest.mark.parametrize("text", ["", "  ", "# a", " \t# b"])
def test_lines_that_say_nothing(text: str) -> None:
    assert line_of(text, "a.cfg", 1, {}, "") is None


def test_haproxy_defaults_by_name_and_variables_in_addresses(tmp_path: Path) -> None:
    path = tmp_path / "haproxy.cfg"
    path.write_text(
        "global\n  presetenv Q 10.0.0.8\n  setenv W 3\n"
        "defaults one\n  balance leastconn\n  default-server weight 5 backup\n"
        "defaults two from one\n  balance source\n"
        "defaults three\n  option prefer-last-server\n"
        "backend a from two\n  server s ${P}:80\n  server t $Q:80 weight \"$W\" no-backup\n  server u $NONE:80\n"
        "backend b\n  no option prefer-last-server\n  server s 10.0.0.1\n"
        "backend c\n  server s 10.0.0.1\n"
    )  # fmt: skip
    a, b, c = read(path, ENV)
    assert (a.key, b.key) == ("source", None)
    assert [(s.address, s.weight, s.backup) for s in a.servers][:2] == [
        ("10.0.0.7:80", 5, True),
        ("10.0.0.8:80", 3, False),
    ]
    assert [(note.name, note.line) for note in a.unread] == [("env", 14)]
    assert b.unread == () and [(note.name, note.line) for note in c.unread] == [("prefer-last-server", 10)]


def test_nginx_includes_and_braces_of_variables(tmp_path: Path) -> None:
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "conf.d" / "b.conf").write_text("# b\nupstream b { include servers; hash ${arg_k} consistent; }\n")
    (tmp_path / "conf.d" / "a.conf").write_text('upstream a { hash "${arg_k} consistent"; server 10.0.0.1; }\n')
    (tmp_path / "servers").write_text("\nserver 10.0.0.2;\nserver 10.0.0.3 slow_start=3s;\n")
    path = tmp_path / "nginx.conf"
    path.write_text("http { include conf.d/*.conf; include none.d/*; }\n")
    a, b = read(path)
    assert (a.name, a.key, b.name, b.key) == ("a", "${arg_k} consistent", "b", "${arg_k}")
    assert (b.file, b.line) == (str(tmp_path / "conf.d" / "b.conf"), 2)
    [note] = b.unread
    assert (note.name, note.file, note.line) == ("slow_start", str(tmp_path / "servers"), 3)
    assert [server.line for server in b.servers] == [2, 3]


def test_envoys_numbers_and_enumerations(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(
        '{\n\t"staticResources": {"clusters": [{"name": "a", "lbPolicy": 5, "maglevLbConfig": {"tableSize": 0x65},'
        '\n\t"loadAssignment": {"endpoints": [{"lbEndpoints": [{"healthStatus": "draining",'
        '"loadBalancingWeight": {"value": 2e0},'
        '"endpoint": {"address": {"socketAddress": {"address": "::1", "portValue": "80"}}}}]}]}}]}}\n'
    )
    [pool] = read(path)
    assert pool.fault is None and (pool.arguments["table_size"], pool.system) == (101, "envoy")
    [server] = pool.servers
    assert (server.name, server.weight, server.down, server.line) == ("[::1]:80", 2, True, 3)


@pytest.mark.parametrize(
    ("name", "text", "system"),
    [
        ("haproxy.conf", "# x\nglobal\n  daemon\nbackend a\n  server b 10.0.0.1\n", "haproxy"),
        ("nginx.cfg.bak", "http { server { listen 80; } upstream a { server 10.0.0.1; } }", "nginx"),
        ("bootstrap", '{"static_resources": {"clusters": []}}', "envoy"),
    ],
)
def test_a_file_tells_whose_it_is(tmp_path: Path, name: str, text: str, system: str) -> None:
    assert system_of(str(tmp_path / name), text) == system
