"""Names of the user's are drawn as they stand, and what hides a module of Python's is named."""

import subprocess
import sys

import pytest

from lbcore import ModuloHash, RoundRobin, TwoChoices
from lbcore.lab import balance, choice, count_keys, hot_keys, latency, moves, sequence, slider
from lbcore.lab.frame import style
from lbcore.lab.frame.still import figure
from lbcore.lab.player.trace import Trace

NAMES = ["$HOST-$ZONE", "price$_$", r"\$a$"]


def pictures(file):
    labels = {name: RoundRobin(3) for name in NAMES}
    return [
        balance(RoundRobin(NAMES), 100),
        moves(ModuloHash(NAMES), ModuloHash([*NAMES, "$x_$"]), 100),
        hot_keys(ModuloHash(NAMES), 100),
        count_keys(ModuloHash(NAMES), file("$a_$\n$b_$\n")),
        sequence(labels, 40),
        latency(dict.fromkeys(NAMES, RoundRobin), 50, nodes=3, requests=2_000),
    ]


def test_a_dollar_is_no_mathematics(file):
    for result in pictures(file):
        svg = style.svg(figure(result))
        assert {name for name in NAMES if name in svg} == set(NAMES), type(result)


@pytest.mark.parametrize("name", ["\ud800", "a\udfffb"])
def test_half_of_a_surrogate_pair_is_refused_by_name(name):
    said = "has half of a surrogate pair"
    one = RoundRobin([name, "b"])
    for call in (
        lambda: balance(one, 100),
        lambda: balance(selector=one),
        lambda: sequence([RoundRobin(2), one], 20),
        lambda: sequence({name: RoundRobin(2)}, 20),
        lambda: moves(ModuloHash(2), ModuloHash(["a", name]), 100),
        lambda: hot_keys(ModuloHash, nodes=[name, "b"]),
        lambda: Trace((name,), [0.0], [0], [0.0], [1.0]),
    ):
        with pytest.raises(ValueError, match=rf"^\w+: '.*\\ud.*' {said}") as caught:
            call()
        str(caught.value).encode()
    panel = balance(one, slider(1, 100))
    assert said in panel.sentence and panel.board.picture == ""
    panel = sequence(choice(RoundRobin, TwoChoices), nodes=["a", name])
    assert said in panel.sentence


@pytest.mark.parametrize("module", ["html", "queue"])
def test_a_file_that_hides_a_module_of_pythons_is_named(tmp_path, module):
    (tmp_path / f"{module}.py").write_text("")
    code = "import lbcore.lab; lbcore.lab.balance"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    last = done.stderr.strip().splitlines()[-1]
    assert f"{module}.py hides Python's own module {module}, which lbcore.lab needs. Give the file another name" in last
