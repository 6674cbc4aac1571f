"""Light from elsewhere at the detectors: the same as dark counts, where there are two of them."""

from __future__ import annotations

import numpy as np
import pytest

from planner.errors import InputError
from planner.physics import key_rate

DEVICE = {"detector_efficiency": 0.2, "dark_count_probability": 1e-7, "dead_time_s": 1e-7, "block_bits": 1e7}
VARIANTS = [
    pytest.param({"protocol": "bb84-decoy"} | DEVICE, id="two decoys"),
    pytest.param({"protocol": "bb84-decoy"} | DEVICE | {"block_bits": None}, id="asymptotic"),
    pytest.param({"protocol": "bb84-one-decoy"} | DEVICE, id="one decoy"),
    pytest.param({"protocol": "bb84-one-decoy"} | DEVICE | {"block_bits": None}, id="one decoy, asymptotic"),
]


@pytest.mark.parametrize("module", VARIANTS)
def test_background_adds_to_twice_the_dark_counts(module):
    loss, background = np.array([5.0, 12.0, 20.0]), np.array([0.0, 2e-6, 4e-6])
    lit = key_rate(module, loss_db=loss, background_probability=background)
    darker = key_rate(module, loss_db=loss, dark_count_probability=1e-7 + background / 2)
    np.testing.assert_allclose(lit.key_rate_bps, darker.key_rate_bps, rtol=1e-9)
    np.testing.assert_allclose(lit.qber, darker.qber, rtol=1e-9)
    plain = key_rate(module, loss_db=loss)
    assert lit.key_rate_bps[0] == plain.key_rate_bps[0]
    assert (lit.key_rate_bps[1:] < plain.key_rate_bps[1:]).all()


@pytest.mark.parametrize("module", VARIANTS)
def test_bright_light_leaves_nothing_and_no_nan(module):
    lit = key_rate(module, loss_db=10.0, background_probability=[1e-2, 1.0])
    assert (lit.key_rate_bps == 0).all()
    assert np.isfinite(lit.qber).all()
    assert np.isfinite(lit.sifted_rate_bps).all()


def test_a_module_may_have_background_of_its_own():
    with pytest.raises(InputError, match="background_probability is 2"):
        key_rate({"protocol": "bb84-decoy", "background_probability": 2}, loss_db=10)
    module = {"protocol": "bb84-decoy", "background_probability": 1e-5} | DEVICE
    assert (
        key_rate(module, loss_db=10).key_rate_bps < key_rate(module, loss_db=10, background_probability=0).key_rate_bps
    )
