"""Lines that look like records are never taken for keys without a word, what may be keys is, and no key is an error."""

import pytest

from lbcore import ModuloHash
from lbcore.lab import count_keys, read_keys
from lbcore.lab.exhibits.keys._reader import KeyFileError

COMMON = '192.0.2.7 - ann [10/Oct/2000:13:55:36 -0700] "GET /a/b.html?q=1 HTTP/1.0" 200 2326'
JSON_LINE = '{"ts":1760104555.1,"request":{"remote_ip":"203.0.113.9","uri":"/p"},"status":200}'
RECORDS = {
    "host first": "www.example.org " + COMMON,
    "host and port first": "www.example.org:443 " + COMMON,
    "user with a blank": COMMON.replace("ann", "ann lee"),
    "user in quotes": COMMON.replace("ann", '"ann lee"'),
    "syslog, 3164": "<134>Oct 10 13:55:36 edge nginx: " + COMMON,
    "syslog, a file": "Oct  1 13:55:36 edge nginx: up",
    "syslog, 5424": "<134>1 2025-10-10T13:55:36.123Z edge nginx 7 - - " + COMMON,
    "container": "2025-10-10T13:55:36.123456789Z stdout F " + COMMON,
    "json": JSON_LINE,
    "json, in words": '{ "client": "203.0.113.9" }',
    "envoy": '[2025-10-10T13:55:36.123Z] "GET /p HTTP/1.1" 200 - 0 154 226 100 "203.0.113.9" "curl" "id" "a" "b"',
    "haproxy": "203.0.113.9:4711 [10/Oct/2025:13:55:36.123] web app/s1 0/0/1/2/3 200 154 - - ---- "
    '1/1/0/0/0 0/0 "GET /p HTTP/1.1"',
    "haproxy, syslog": "Oct 10 13:55:36 edge haproxy[7]: 203.0.113.9:4711 [10/Oct/2025:13:55:36.123] web app/s1 0/0/1",
    "aws": "https 2025-10-10T13:55:36.123456Z app/lb/50dc6c 203.0.113.9:2817 10.0.0.1:80 0.0 0.1 0.0 200 200 34 366 "
    '"GET https://example.org:443/p HTTP/1.1" "curl" ECDHE TLSv1.2',
    "apache's errors": "[Fri Oct 10 13:55:36.123456 2025] [core:error] [pid 7] [client 203.0.113.9:4711] no such file",
    "nginx's errors": "2025/10/10 13:55:36 [error] 7#7: *1 no such file",
    "squid": "1760104555.779    180 203.0.113.9 TCP_MISS/200 411 GET http://example.org/ - DIRECT/10.0.0.1 text/html",
    "a request alone": '"GET /p HTTP/1.1"',
    "csv": "203.0.113.9,/p,200",
    "two columns": "203.0.113.9;/p",
    "tabs": "203.0.113.9\t/p",
    "w3c": "2025-10-10 13:55:36 10.0.0.1 GET /p - 80 - 203.0.113.9 curl 200 0 0 15",
    "counted": "     42 /p",
    "logfmt": "client=203.0.113.9 path=/p status=200",
    "xml": "<key>p</key>",
}


@pytest.mark.parametrize("shape", RECORDS)
def test_records_are_never_taken_for_keys_without_a_word(file, shape):
    path = file("\n".join([RECORDS[shape]] * 200))
    begins = repr(RECORDS[shape].strip()[:20])[:-1]
    with pytest.raises(KeyFileError, match=r"looks like (records, not like one key a line: |an access log)") as caught:
        count_keys(ModuloHash(3), path)
    assert begins in str(caught.value) and "field='line'" in str(caught.value)
    for field in ("client", "path"):
        with pytest.raises(KeyFileError, match=r"line 1 is no line of a log: .* leave `field` out") as caught:
            count_keys(ModuloHash(3), path, field)
        assert begins.strip("'") in str(caught.value)
    assert count_keys(ModuloHash(3), path, "line").top[0][1] == 200


def test_records_behind_a_head_and_over_many_lines(file):
    names = "#Version: 1.0\n#Fields: date time s-ip cs-method\n" + RECORDS["w3c"]
    for content in (names, "client,path\n203.0.113.9,/p\n", '{\n  "client": 1,\n  "path": 2\n}\n', "[\n1,\n2\n]\n"):
        with pytest.raises(KeyFileError, match="looks like records"):
            read_keys(file(content))


@pytest.mark.parametrize(
    "keys",
    [
        ["user:1", "user:2"],
        ["{user1000}", "{user1000}.following"],
        ["00:1a:2b:3c:4d:5e", "10:20:30:40:50:60"],
        ["[2001:db8:10:20:30:40:50:60]:80", "[::1]:80"],
        ["2025-10-10T13:55", "2025-10-10T13:56"],
        ["how to bake bread", "bread", "bread and butter"],
        ["Paris", "Rome, Italy"],
        ["#one", "#two"],
        ["/p?a=1&b=2", "/q?c=[3]"],
        ["ann lee", "bob ray"],
        ["42", "43"],
    ],
)
def test_what_may_be_keys_is_taken_for_keys(file, keys):
    assert list(read_keys(file("\n".join(keys * 20)))) == keys * 20


@pytest.mark.parametrize(
    ("content", "field", "words"),
    [
        ("", None, "is empty"),
        ("\n \r\n\n", "path", "is empty"),
        ("/p\n" * 200, "path", "line 1 is no line of a log: '/p'.* leave `field` out"),
        ((COMMON + "\n") * 3, "agent", "line 1 is without agent: '192.0.2.7 - ann.* another field: client, "),
        ("\n" + "x" * 40_000, None, "line 2 is too long: 'xxx.* 32 KiB"),
        ("x" * 400_000, "path", "line 1 is too long: 'xxx.* 32 KiB"),
    ],
)
def test_no_usable_line_is_an_error(file, content, field, words):
    with pytest.raises(KeyFileError, match=words) as caught:
        count_keys(ModuloHash(3), file(content), field)
    assert "keys.txt" in str(caught.value) and len(str(caught.value)) < 500
