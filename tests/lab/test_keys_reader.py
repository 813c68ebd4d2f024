"""Reading keys from a file: every shape a student's file may have, and flat memory."""

import gzip
import io
import os
import tarfile
import time
import tracemalloc

import numpy as np
import pytest

from lbcore.lab import count_keys, read_keys
from lbcore.lab.exhibits.keys._reader import FIELDS, NO_FIELD, NO_LOG_LINE, TOO_LONG, KeyFileError

COMMON = '192.0.2.7 - ann [10/Oct/2000:13:55:36 -0700] "GET /a/b.html?q=1 HTTP/1.0" 200 2326'
COMBINED = COMMON + ' "https://example.org/start" "Mozilla/5.0 (X11; \\"odd\\")"'


def tarred(content):
    packed, data = io.BytesIO(), content.encode()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        member = tarfile.TarInfo("access.log")
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    return packed.getvalue()


class ByLength:
    """A selector of three nodes that needs nothing compiled: the node is the key's length modulo 3."""

    nodes = ("a", "b", "c")
    keyed = True

    def select_many(self, batch):
        return np.array([len(key) % 3 for key in batch], dtype=np.int32)


@pytest.mark.parametrize(
    ("content", "expected", "empty"),
    [
        ("a\nb\n", ["a", "b"], 0),
        ("a\nb", ["a", "b"], 0),
        ("a\r\nb\r\n", ["a", "b"], 0),
        ("a\n\n \t\n\r\nb\n", ["a", "b"], 3),
        ("\ufeffa\nb\n", ["a", "b"], 0),
        ("two words\n é \n", ["two words", " é "], 0),
        ("a\u2028b\x0bc\n", ["a\u2028b\x0bc"], 0),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_one_key_a_line(file, content, expected, empty, packed):
    data = content.encode()
    reader = read_keys(file(gzip.compress(data) if packed else data))
    assert list(reader) == expected
    assert (reader.keys, reader.empty_lines, reader.bad_lines) == (len(expected), empty, 0)
    assert reader.lines == len(expected) + empty
    assert reader.problem is None


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("client", "192.0.2.7"),
        ("identity", "-"),
        ("user", "ann"),
        ("time", "10/Oct/2000:13:55:36 -0700"),
        ("request", "GET /a/b.html?q=1 HTTP/1.0"),
        ("method", "GET"),
        ("path", "/a/b.html"),
        ("url", "/a/b.html?q=1"),
        ("protocol", "HTTP/1.0"),
        ("status", "200"),
        ("bytes", "2326"),
        ("referrer", "https://example.org/start"),
        ("agent", 'Mozilla/5.0 (X11; \\"odd\\")'),
    ],
)
def test_every_field_of_a_log(file, field, expected):
    assert list(read_keys(file(COMBINED + "\n"), field)) == [expected]
    assert list(read_keys(file(COMBINED + ' "198.51.100.4" 0.004\r\n'), field)) == [expected]
    lacking = field in {"referrer", "agent"}
    common = read_keys(file(f"{COMMON}\n{COMBINED}\n"), field)
    assert list(common) == [expected] * (2 - lacking)
    assert common.reasons == ({NO_FIELD: 1} if lacking else {})


def test_every_field_is_tested():
    tested = {parameters[0] for parameters in test_every_field_of_a_log.pytestmark[0].args[1]}
    assert tested | {"line"} == set(FIELDS)


def test_the_whole_line_where_it_is_asked_for(file):
    assert list(read_keys(file(f"{COMMON}\n\n{{}}\n"), "line")) == [COMMON, "{}"]


@pytest.mark.parametrize(
    ("line", "client", "path"),
    [
        ('2001:db8::1 - - [x] "GET / HTTP/2.0" 200 5', "2001:db8::1", "/"),
        ('192.0.2.1 - - [x] "-" 400 0', "192.0.2.1", None),
        ('192.0.2.1 - - [x] "\\x16\\x03" 400 0', "192.0.2.1", None),
        ('192.0.2.1 - - [x] "" 408 -', "192.0.2.1", None),
        ('192.0.2.1 - - [x] "GET /old" 200 -', "192.0.2.1", "/old"),
        ('192.0.2.1 - - [x] "get /small HTTP/1.1" 200 -', "192.0.2.1", "/small"),
        ('192.0.2.1 - - [x] "GET /a b/c ?d HTTP/1.1" 200 -', "192.0.2.1", "/a b/c "),
        ('192.0.2.1 - - [x] "GET http://example.org/p?q HTTP/1.1" 200 -', "192.0.2.1", "/p"),
        ('192.0.2.1 - - [x] "GET http://example.org HTTP/1.1" 200 -', "192.0.2.1", "/"),
        ('192.0.2.1 - - [x] "CONNECT example.org:443 HTTP/1.1" 200 -', "192.0.2.1", "example.org:443"),
        ('www.example.org:443 192.0.2.1 - - [x] "GET / HTTP/1.1" 200 5', None, None),
        ('192.0.2.1 - - [x] "GET / HTTP/1.1" 2000 5', None, None),
        ('192.0.2.1 - - [x] "GET / HTTP/1.1', None, None),
        ("nonsense", None, None),
    ],
)
def test_odd_log_lines(file, line, client, path):
    for field, expected in (("client", client), ("path", path)):
        reader = read_keys(file(f"{COMMON}\n{line}\n"), field)
        found = list(reader)[1:]
        assert found == ([] if expected is None else [expected])
        assert reader.first_bad == ([2] if expected is None else [])


def test_bad_lines_are_counted_and_the_first_are_numbered(file):
    lines = [b"good"] * 40
    for at in (2, 3, 5, 8, 13, 21, 34):
        lines[at - 1] = b"long" * 10_000
    reader = read_keys(file(b"\n".join(lines)))
    assert list(reader) == ["good"] * 33
    assert (reader.lines, reader.bad_lines, reader.first_bad) == (40, 7, [2, 3, 5, 8, 13])
    assert reader.reasons == {TOO_LONG: 7}


def test_bad_lines_are_counted_by_reason(file):
    lines = [
        COMBINED,
        COMBINED.replace("/a/b", "/caf\xe9"),
        COMMON,
        "nonsense",
        "x" * 40_000,
        "x" * 400_000,
        "",
        COMMON,
    ]
    reader = read_keys(file("\n".join(lines).encode("latin-1")), "agent")
    assert len(list(reader)) == 2
    assert reader.reasons == {NO_FIELD: 2, NO_LOG_LINE: 1, TOO_LONG: 2} and reader.first_bad == [3, 4, 5, 6, 8]
    assert f"5 lines could not be used, 2 {NO_FIELD}, 2 {TOO_LONG}, 1 {NO_LOG_LINE} (line 3, 4, 5, 6, 8)" in str(
        count_keys(ByLength(), reader.path, "agent")
    )


def test_a_line_that_is_not_utf_8_is_still_a_line(file):
    """Five lines of 100 would else answer for all."""
    lines = [COMMON] * 5 + [COMMON.replace("/a/b.html", "/café")] * 95
    result = count_keys(ByLength(), file("\n".join(lines).encode("latin-1")), "path")
    assert (result.requests, result.bad_lines, result.top) == (100, 0, (("/café", 95), ("/a/b.html", 5)))
    assert list(read_keys(file(b"a\n\xff\nb\n"))) == ["a", "ÿ", "b"]


@pytest.mark.parametrize("length", [32 * 1024, 32 * 1024 + 1, 100_000, 300_000, 3_000_000])
@pytest.mark.parametrize("last", [False, True])
def test_a_very_long_line_is_bad_and_the_next_is_not(file, length, last):
    reader = read_keys(file(b"a\n" + b"x" * length + (b"" if last else b"\nb\nc\n")))
    lengths = [len(key) for key in reader]
    fits = length <= 32 * 1024
    assert lengths == [1] + [length] * fits + ([] if last else [1, 1])
    assert reader.first_bad == ([] if fits else [2])
    assert reader.lines == (2 if last else 4)


def test_numbers_of_bad_lines_hold_across_pieces(file):
    content = [b"key-%d" % number for number in range(100_000)]
    content[70_000] = b"z" * 40_000
    content[90_000] = b"y" * 50_000
    reader = read_keys(file(b"\n".join(content)))
    assert list(reader) == [key.decode() for at, key in enumerate(content) if at not in {70_000, 90_000}]
    assert reader.first_bad == [70_001, 90_001]
    assert reader.lines == 100_000


HOSTILE = {
    "brackets": lambda n: "a a a [" * (n // 7),
    "letters": lambda n: "a" * n,
    "backslashes": lambda n: '1 - - [x] "' + "\\" * n,
    "quotes": lambda n: '1 - - [x] "' + '" "' * (n // 3),
    "openings": lambda n: "[ " * (n // 2),
}


@pytest.mark.parametrize("shape", HOSTILE)
def test_a_hostile_line_takes_no_longer_than_its_length(file, shape):
    """Ten times the length, about ten times the work; a pattern that goes back and tries again takes a hundred."""

    def work_s(length):
        reader = read_keys(file("\n".join([COMMON] + [HOSTILE[shape](length)] * 10)), "path")
        spent = []
        for _ in range(3):
            begun = time.process_time()
            assert list(reader) == ["/a/b.html"] and reader.bad_lines == 10
            spent.append(time.process_time() - begun)
        return min(spent)

    assert work_s(30_000) < 40 * work_s(3_000)


def test_iterating_again_starts_anew(file):
    reader = read_keys(file("a\n" + "x" * 40_000))
    assert list(reader) == list(reader) == ["a"]
    assert (reader.lines, reader.bad_lines) == (2, 1)


@pytest.mark.parametrize("cut", [0.1, 0.5, 0.99])
def test_a_cut_off_gzip_gives_what_it_holds_and_says_so(file, cut):
    whole = [f"key-{number * 7919 % 100_003}" for number in range(100_000)]
    packed = gzip.compress("\n".join(whole).encode())
    reader = read_keys(file(packed[: int(len(packed) * cut)], "k.gz"))
    found = list(reader)
    assert found[:-1] == whole[: len(found) - 1]
    assert len(found) > 0.8 * cut * len(whole)
    assert "k.gz" in reader.problem and "gzip" in reader.problem
    assert str(count_keys(ByLength(), reader.path)).startswith(reader.problem)


def test_a_damaged_gzip_is_told(file):
    packed = bytearray(gzip.compress(os.urandom(200_000).hex("\n").encode()))
    packed[len(packed) // 2] ^= 255
    packed[-5] ^= 255
    reader = read_keys(file(bytes(packed)))
    list(reader)
    assert reader.problem
    with pytest.raises(KeyFileError, match="gzip"):
        read_keys(file(b"\x1f\x8bnonsense"))


def test_gzip_of_several_members_and_under_any_name(file):
    reader = read_keys(file(gzip.compress(b"a\nb") + gzip.compress(b"c\nd\n"), "plain.txt"))
    assert list(reader) == ["a", "bc", "d"]
    assert list(read_keys(file("a\n", "not.gz"))) == ["a"]


@pytest.mark.parametrize(
    ("content", "field", "words"),
    [
        (None, None, "There is no file"),
        (COMBINED + "\n", None, "looks like an access log"),
        (gzip.compress((COMBINED + "\n").encode()), None, "looks like an access log"),
        ("# a log\n" * 30 + (COMMON + "\n") * 40, None, "looks like an access log"),
        (b"PK\x03\x04rest", None, "zip"),
        (b"\x04\x22\x4d\x18rest", None, "lz4"),
        (b"7z\xbc\xaf\x27\x1crest", "path", "7z"),
        (b"\x89PNG\r\n\x1a\n", "path", "a picture"),
        (tarred(COMMON), "path", "a tar archive"),
        (gzip.compress(tarred("a\n")), None, "a tar archive"),
        ("some keys\n".encode("utf-16-le"), None, "UTF-16"),
        ("some keys\n".encode("utf-16-be"), "path", "UTF-16"),
        (b"a\0\0\0\0b\n", None, "not a file of text"),
        ("a\rb\rc\r", None, "end in CR alone"),
        ("\r".join([COMMON] * 9), "path", "end in CR alone"),
        ("keys\n".encode("utf-16"), None, "UTF-16"),
    ],
)
def test_unusable_files_are_a_sentence_that_names_the_file(tmp_path, file, content, field, words):
    path = tmp_path / "missing.txt" if content is None else file(content)
    with pytest.raises(KeyFileError, match=words) as caught:
        count_keys(ByLength(), path, field)
    assert path.name in str(caught.value)
    assert str(caught.value).endswith(".")
    assert caught.value._render_traceback_() == [str(caught.value)]


def test_a_folder_or_a_pipe_is_refused_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(KeyFileError, match="not a file"):
            read_keys(path)


def test_a_field_that_is_none(file):
    with pytest.raises(ValueError, match=r"^field: 'pth' is none of client, identity"):
        read_keys(file("a\n"), "pth")


@pytest.mark.parametrize("packed", [False, True])
def test_memory_is_flat(tmp_path, packed):
    """Ten times the file, the same peak. Every key is different, which is the worst case for the hot keys."""

    def peak_bytes(lines):
        path = tmp_path / f"{lines}"
        with gzip.open(path, "wb", compresslevel=1) if packed else path.open("wb") as out:
            for start in range(0, lines, 10_000):
                out.write(b"".join(b"/some/path/%d\n" % number for number in range(start, start + 10_000)))
        tracemalloc.start()
        result = count_keys(ByLength(), path)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert result.requests == lines
        return peak

    assert peak_bytes(400_000) < 1.3 * peak_bytes(40_000) + 8_000_000
