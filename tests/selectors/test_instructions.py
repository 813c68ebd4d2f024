"""Whatever instruction set a batch is compiled for, the picks are those of single calls."""

from collections.abc import Iterator

import numpy as np
import pytest

from lbcore import JumpHash, Random, Rendezvous
from lbcore.selectors._instructions import available, use


@pytest.fixture(params=available())
def instructions(request: pytest.FixtureRequest) -> Iterator[str]:
    """Each that this machine has; afterwards the fastest again."""
    use(request.param)
    yield request.param
    use(available()[-1])


@pytest.mark.parametrize("n", [1, 2, 7, 100])
def test_rendezvous(instructions: str, n: int) -> None:
    selector, keys = Rendezvous(n), np.random.default_rng(n).integers(0, 2**63, 1_000)
    assert selector.select_many(keys).tolist() == [selector.select(int(key)) for key in keys]
    selector.mark_down(n // 2)
    if n > 1:
        assert selector.select_many(keys).tolist() == [selector.select(int(key)) for key in keys]
    else:
        assert (selector.select_many(keys) == -1).all()


@pytest.mark.parametrize("n", [1, 2, 7, 100])
def test_rendezvous_by_weight(instructions: str, n: int) -> None:
    weights = (np.arange(n) * 7 % 23 + (n < 3)).tolist()
    selector, keys = Rendezvous(n, weights), np.random.default_rng(n).integers(0, 2**63, 2_000)
    assert selector.select_many(keys).tolist() == [selector.select(int(key)) for key in keys]
    selector.mark_down(n // 2)
    assert selector.select_many(keys[:999]).tolist() == [
        selector.select(int(key)) if n > 1 else -1 for key in keys[:999]
    ]


@pytest.mark.parametrize("n", [1, 2, 7, 100, 1_000, 1 << 20])
def test_jump(instructions: str, n: int) -> None:
    selector, keys = JumpHash(n), np.random.default_rng(n).integers(0, 2**63, 1_000)
    assert selector.select_many(keys).tolist() == [selector.select(int(key)) for key in keys]


@pytest.mark.parametrize("n", [1, 2, 7, 100, 1 << 20])
def test_random(instructions: str, n: int) -> None:
    many, one = Random(n, seed=7), Random(n, seed=7)
    for requests in (1, 0, 2, 5, 64, 63, 1_000):
        assert many.select_many(requests).tolist() == [one.select() for _ in range(requests)]


def test_no_other() -> None:
    with pytest.raises(ValueError, match="instructions: 'abacus' is none of baseline"):
        use("abacus")
