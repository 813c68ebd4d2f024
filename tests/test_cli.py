"""The command line: what it prints, its exit status, and one sentence where something is wrong."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lbcore import cli, lessons
from lbcore.presets import haproxy, nginx

DATA = Path(__file__).parent / "presets" / "configs" / "data"
STREAM = str(DATA / "nginx-http-and-stream.conf")


def ask(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = cli.main(arguments)
    out, err = capsys.readouterr()
    return status, out, err


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict]:
    status, out, err = ask(capsys, *arguments, "--json")
    assert (status, err) == (0, "")
    return json.loads(out)


def test_shares_are_those_of_the_preset(capsys: pytest.CaptureFixture[str]) -> None:
    [pool] = told(capsys, "predict", STREAM, "--upstream", "enrol", "--requests", "300")
    assert pool["requests"] == {"10.0.6.21:1515": 200, "10.0.6.22:1515": 100}
    assert pool["busiest_over_mean"] == pytest.approx(4 / 3)
    assert pool["if_it_goes"]["10.0.6.21:1515"]["busiest"] == "10.0.6.22:1515"


def test_the_readme_shows_what_it_prints(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    readme = (Path(__file__).parent.parent / "README.md").read_text()
    command, shown = readme.partition("\nlbcore ")[2].split("\n```\n\n```\n")[:2]
    (tmp_path / "nginx.conf").write_text((DATA / "nginx-websocket-affinity.conf").read_text())
    monkeypatch.chdir(tmp_path)
    assert ask(capsys, *command.split()) == (0, shown.partition("```")[0], "")


def test_requests_end_so_that_no_server_is_full(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "nginx.conf").write_text("http { upstream a { server 10.0.0.1 max_conns=3; server 10.0.0.2; } }")
    [pool] = told(capsys, "predict", str(tmp_path / "nginx.conf"), "--requests", "1000")
    assert list(pool["requests"].values()) == [500, 500] and pool["unserved"] == 0


def test_keys_of_a_file_and_the_hot_ones(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    keys = ["10.1.1.1"] * 30 + [f"10.2.{i}.1" for i in range(70)]
    (tmp_path / "keys").write_text("\n".join(keys) + "\n")
    [pool] = told(
        capsys, "predict", STREAM, "--upstream", "cluster", "--context", "stream", "--keys", str(tmp_path / "keys")
    )
    names = ["10.0.6.21:1514", "10.0.6.22:1514"]
    picks = nginx.hash_consistent(names).select_many(keys)
    assert list(pool["requests"].values()) == [int((picks == i).sum()) for i in (0, 1)]
    assert pool["hot_keys"] == [{"key": "10.1.1.1", "requests": 30, "server": names[picks[0]]}]
    assert pool["if_it_goes"][names[0]]["moved"] == (picks == 0).mean()


def test_what_moves_when_a_server_goes_or_comes(capsys: pytest.CaptureFixture[str]) -> None:
    where = ("predict", str(DATA / "nginx-websocket-affinity.conf"), "--upstream", "nodes", "--requests", "5000")
    [pool] = told(capsys, *where, "--down", "10.0.1.11:3000")
    gone = pool["servers"]["10.0.1.11:3000"]
    assert gone["after"] == 0 and gone["loses"] == gone["before"] == round(pool["moved"] * 5000)
    assert sum(row["gains"] for row in pool["servers"].values()) == gone["loses"]
    [pool] = told(capsys, *where, "--add", "10.0.1.15:3000=2")
    come = pool["servers"]["10.0.1.15:3000"]
    assert come["before"] == 0 and come["gains"] == come["after"] == round(pool["moved"] * 5000) > 500


def test_two_files_tell_what_the_change_moves(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    text = Path(STREAM).read_text()
    (tmp_path / "new.conf").write_text(text.replace("10.0.6.22:1514;", "10.0.6.22:1514; server 10.0.6.23:1514;"))
    where = ("predict", STREAM, str(tmp_path / "new.conf"))
    [pool] = told(capsys, *where, "--upstream", "cluster", "--context", "stream", "--requests", "6000")
    rows = pool["servers"]
    assert rows["10.0.6.23:1514"]["gains"] == rows["10.0.6.23:1514"]["after"] == round(pool["moved"] * 6000)
    assert 0.2 < pool["moved"] < 0.5 and rows["10.0.6.21:1514"]["gains"] == 0
    status, out, _ = ask(capsys, *where, "--requests", "1000")
    assert status == 0 and "0.0 %" in out and "enrol (nginx, stream" in out


def test_where_one_key_goes_and_goes_on_to(capsys: pytest.CaptureFixture[str]) -> None:
    where = (
        "predict",
        str(DATA / "haproxy-env-weights.cfg"),
        "--env",
        "BROKER2_WEIGHT=1",
        "--upstream",
        "broker_cluster",
    )
    [pool] = told(capsys, *where, "--key", "192.0.2.7")
    selector, path = haproxy.source(["broker1", "broker2", "broker3"], [1, 1, 2]), []
    for _ in range(3):
        path.append(selector.select("192.0.2.7"))
        selector.mark_down(path[-1])
    assert pool["path"] == [f"broker{i + 1}" for i in path]
    status, out, _ = ask(capsys, *where, "--key", "192.0.2.7")
    assert status == 0 and f"192.0.2.7 goes to {pool['path'][0]}" in out


@pytest.mark.parametrize("file", sorted(path.name for path in DATA.iterdir()))
def test_every_file_is_answered(capsys: pytest.CaptureFixture[str], file: str) -> None:
    ignored = [
        "resolvers",
        "stick",
        "cookie",
        "env",
    ]
    more = [word for name in ignored for word in ("--ignore", name)]
    status, out, err = ask(capsys, "predict", str(DATA / file), "--requests", "2000", *more)
    assert status == (file == "nginx-third-party-sticky.conf") and err == ""
    assert "busiest: " in out or "goes" in out


def test_a_fault_is_status_1(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    status, out, _ = ask(capsys, "predict", str(DATA / "nginx-third-party-sticky.conf"), "--requests", "60")
    assert status == 1
    assert 'nginx-third-party-sticky.conf:30: unknown directive "sticky"' in out and "10.0.7.2:9061       5" in out
    status, out, _ = ask(capsys, "predict", str(DATA / "haproxy-env-weights.cfg"))
    assert status == 1 and ":41: " in out and "ignore env" in out
    (tmp_path / "bad.conf").write_text("http {")
    status, out, err = ask(capsys, "predict", str(tmp_path / "bad.conf"))
    assert (status, out) == (1, "") and err.startswith("lbcore: ") and "bad.conf:1: " in err and err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["predict", "gone.conf"], "gone.conf: No such file"),
        (["predict", STREAM, "--upstream", "clster"], "no pool is called 'clster'"),
        (["predict", STREAM, "--upstream", "cluster"], "2 pools of that name fit"),
        (["predict", STREAM, "--upstream", "enrol", "--down", "x"], "has no server 'x'"),
        (["predict", STREAM, "--upstream", "enrol", "--add", "x=y"], "no whole number"),
        (["predict", STREAM, "--plot", "a.txt"], "ends in none of"),
        (["predict", STREAM, STREAM, STREAM], "one file, or the old and the new"),
    ],
)
def test_wrong_use_is_one_sentence_and_status_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    status, out, err = ask(capsys, *arguments)
    assert (status, out) == (2, "") and sentence in err and err.count("\n") == 1


@pytest.mark.parametrize("arguments", [[], ["predict"], ["predict", STREAM, "--requests", "0"], ["fly"]])
def test_what_argparse_refuses_is_status_2(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2 and "usage: lbcore" in capsys.readouterr().err


def test_a_picture(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason='matplotlib is missing: pip install "lbcore[lessons]"')
    picture = tmp_path / "shares.svg"
    assert ask(capsys, "predict", STREAM, "--requests", "100", "--plot", str(picture))[0] == 0
    drawn = picture.read_text()
    assert drawn.count("share of requests (%)") == 4
    more = ("--plot", str(picture), "--down", "10.0.6.21:1515")  # a server of one pool alone
    assert ask(capsys, "predict", STREAM, "--requests", "100", *more)[0] == 0
    assert picture.read_text().count("share of requests (%)") == 1


def test_a_picture_without_matplotlib_names_the_extra() -> None:
    code = "import sys; sys.modules['matplotlib.figure'] = None\nfrom lbcore.cli import main\n"
    code += f"main(['predict', {STREAM!r}, '--plot', 'a.png'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr == 'lbcore: a picture needs matplotlib: pip install "lbcore[lessons]"\n'


@pytest.mark.skipif(sys.platform != "linux", reason="reads how long the process has worked from /proc")
def test_ctrl_c_is_one_sentence() -> None:
    command = [sys.executable, "-m", "lbcore", "predict", STREAM, "--upstream", "jobs", "--requests", "2000000000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        while True:
            time.sleep(0.05)
            stat = Path(f"/proc/{process.pid}/stat").read_text()
            if (
                int(stat.rpartition(")")[2].split()[11]) > 150
            ):  # a second and a half of work, in hundredths: it is picking
                break
            assert process.poll() is None
        os.kill(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (out, err, process.returncode) == ("", "lbcore: interrupted\n", 130)


def test_doctor(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli.doctor, "checks", lambda: (("one", lambda: None), ("two", lambda: "mend it")))
    status, out, _ = ask(capsys, "doctor")
    assert status == 1 and "ok       one" in out and "missing  two: mend it" in out
    status, out, _ = ask(capsys, "doctor", "--json")
    assert status == 1 and json.loads(out) == [
        {"check": "one", "trouble": None},
        {"check": "two", "trouble": "mend it"},
    ]
    monkeypatch.setattr(cli.doctor, "checks", lambda: (("one", lambda: None),))
    assert ask(capsys, "doctor")[0] == 0


def test_lessons_are_copied_and_a_students_work_is_kept(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "02_random.ipynb").write_text("my answers")
    status, out, _ = ask(capsys, "lessons", str(folder), "--no-open")
    assert status == 0 and "1 that were there are kept" in out
    assert (folder / "02_random.ipynb").read_text() == "my answers"
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert there == set(lessons.files(lessons.source())) and "data/access.log" in there


def test_lessons_open_in_jupyterlab(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called = []
    monkeypatch.setattr(lessons.subprocess, "call", lambda command, cwd: called.append((command[1:], cwd)) or 0)
    assert ask(capsys, "lessons", str(tmp_path / "l"))[0] == 0
    assert called == [(["-m", "jupyterlab", "00_start_here.ipynb"], tmp_path / "l")]
    monkeypatch.setattr(lessons.importlib.util, "find_spec", lambda name: None)
    status, _, err = ask(capsys, "lessons", str(tmp_path / "l"))
    assert status == 2 and 'pip install "lbcore[lessons]"' in err
