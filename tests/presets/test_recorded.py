"""Every recorded pick, again: what the systems picked is what the presets pick."""

from collections.abc import Callable

import pytest

from .recordings import Case, cases

CASES = cases()
SYSTEMS = sorted({case.system for case in CASES})


@pytest.mark.parametrize("case", CASES, ids=[f"{case.system}-{case.name}".replace(" ", "-") for case in CASES])
def test_picks(case: Case) -> None:
    assert case.picks() == case.wanted


@pytest.mark.parametrize("system", SYSTEMS)
def test_account(system: str, record_property: Callable[[str, object], None]) -> None:
    """How many picks were compared, for the report; enough that a recording that went missing would show."""
    mine = [case for case in CASES if case.system == system]
    compared = sum(len(case.wanted) for case in mine)
    record_property(f"{system} recorded", f"{compared} picks compared in {len(mine)} runs")
    least = {"envoy": 7000, "grpc": 1000, "haproxy": 6000, "libketama": 200, "libmemcached": 1000}
    least |= {"hash_ring": 450, "nginx": 1500, "redis": 200, "twemproxy": 1400, "uhashring": 300}
    assert compared >= least[system]
