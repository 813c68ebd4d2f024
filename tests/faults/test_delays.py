"""Laws of delay: what is drawn is what the law says."""

import math

import numpy as np
import pytest

from lbcore.faults import ConstantDelay, Delay, ExponentialDelay, LognormalDelay, UniformDelay
from tests.faults.samples import near

NAN, INF = math.nan, math.inf
LAWS = [ExponentialDelay(0.3), ConstantDelay(0.3), UniformDelay(0.1, 0.5), LognormalDelay(0.3, 0.2)]


@pytest.mark.parametrize("law", LAWS, ids=repr)
def test_draws_and_cdf_agree(law: Delay) -> None:
    """Kolmogorov and Smirnov with 20,000 draws, at an alarm level of 1 in 10,000."""
    drawn = np.sort(law.draw(np.random.default_rng(1), 20_000))
    assert near(drawn, 0.3) or isinstance(law, ConstantDelay)
    if isinstance(law, ConstantDelay):
        assert set(drawn) == {0.3} and (law.cdf(0.29), law.cdf(0.3)) == (0.0, 1.0)
        return
    cdf = np.array([law.cdf(float(x)) for x in drawn])
    bound = math.sqrt(math.log(2 / 1e-4) / 2 / 20_000)
    assert np.abs(cdf - np.arange(20_000) / 20_000).max() < bound
    assert law.cdf(-1.0) == 0.0 and law.cdf(0.0) == 0.0 and law.cdf(1e9) == 1.0 and (drawn >= 0).all()


def test_lognormal_has_the_mean_and_deviation_it_was_given() -> None:
    drawn = LognormalDelay(0.3, 0.2).draw(np.random.default_rng(2), 200_000)
    assert near(drawn, 0.3) and near((drawn - 0.3) ** 2, 0.04)


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: ConstantDelay(-0.1), "delay_s"),
        (lambda: ConstantDelay(NAN), "delay_s"),
        (lambda: UniformDelay(-0.1, 1.0), "low_s"),
        (lambda: UniformDelay(1.0, 1.0), "high_s"),
        (lambda: UniformDelay(0.0, INF), "high_s"),
        (lambda: LognormalDelay(0.0, 1.0), "mean_s"),
        (lambda: LognormalDelay(1.0, 0.0), "sd_s"),
        (lambda: LognormalDelay(1.0, NAN), "sd_s"),
    ],
)
def test_bad_laws(make, name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name}: "):
        make()
