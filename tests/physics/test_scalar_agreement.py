"""The vectorised formulas agree with an independent scalar implementation, over a wide range of parameters."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.physics import key_rate
from tests.physics import scalar


def decades(low, high):
    return st.floats(low, high).map(lambda exponent: 10.0**exponent)


devices = st.builds(
    scalar.Device,
    loss_db=st.floats(0, 60),
    clock_hz=decades(6, 10),
    receiver_loss_db=st.floats(0, 6),
    detector_efficiency=st.floats(0.01, 1),
    dark_count_probability=st.one_of(st.just(0.0), decades(-11, -3)),
    dead_time_s=st.one_of(st.just(0.0), decades(-9, -5)),
    afterpulse_probability=st.one_of(st.just(0.0), st.floats(0, 0.2)),
    misalignment_error=st.floats(0, 0.1),
    ec_efficiency=st.floats(1, 1.5),
    block_bits=decades(3, 13),
    secrecy_epsilon=decades(-14, -5),
    correctness_epsilon=decades(-16, -8),
)
open_share = st.floats(0.02, 0.98)


@st.composite
def two_decoys(draw):
    signal = draw(st.floats(0.05, 1.2))
    vacuum = draw(st.one_of(st.just(0.0), st.floats(0.001, 0.3))) * signal
    decoy = vacuum + draw(st.floats(0.05, 0.95)) * (signal - 2 * vacuum)
    share = draw(open_share)
    other = (1 - share) * draw(open_share)
    return (signal, decoy, vacuum), (share, other, 1 - share - other), draw(open_share)


@st.composite
def one_decoys(draw):
    signal = draw(st.floats(0.05, 1.2))
    share = draw(open_share)
    return (signal, signal * draw(st.floats(0.05, 0.95))), (share, 1 - share), draw(open_share)


def assert_same(result, expected):
    # A key that is a billionth of the sifted bits is a difference of large numbers: six digits of it do not exist.
    assert float(result.key_rate_bps) == pytest.approx(
        expected.key_rate_bps, rel=1e-6, abs=1e-9 * expected.sifted_rate_bps
    )
    assert float(result.qber) == pytest.approx(expected.qber, rel=1e-6)
    assert float(result.sifted_rate_bps) == pytest.approx(expected.sifted_rate_bps, rel=1e-6)


def module(device, *, protocol, mu, p, q, asymptotic=False, **more):
    keys = asdict(device) | {
        "protocol": protocol,
        "signal_intensity": mu[0],
        "decoy_intensity": mu[1],
        "signal_probability": p[0],
        "key_basis_probability": q,
    }
    del keys["loss_db"]
    if protocol == "bb84-decoy":
        keys |= {"vacuum_intensity": mu[2], "decoy_probability": p[1]}
    if asymptotic:
        del keys["block_bits"]
    return keys | more


@settings(max_examples=250)
@given(device=devices, chosen=two_decoys())
def test_two_decoys_finite_is_lim_2014(device, chosen):
    mu, p, q = chosen
    result = key_rate(module(device, protocol="bb84-decoy", mu=mu, p=p, q=q), loss_db=device.loss_db)
    assert_same(result, scalar.lim(device, mu, p, q))


@settings(max_examples=150)
@given(device=devices, chosen=two_decoys())
def test_two_decoys_asymptotic_is_ma_2005(device, chosen):
    mu, p, q = chosen
    keys = module(device, protocol="bb84-decoy", mu=mu, p=p, q=q, asymptotic=True)
    assert_same(key_rate(keys, loss_db=device.loss_db), scalar.ma(device, mu, p, q))


@settings(max_examples=250)
@given(device=devices, chosen=one_decoys(), wiesemann=st.booleans())
def test_one_decoy_finite_is_rusca_2018_or_wiesemann_2024(device, chosen, wiesemann):
    mu, p, q = chosen
    proof = "wiesemann2024" if wiesemann else "rusca2018"
    keys = module(device, protocol="bb84-one-decoy", mu=mu, p=p, q=q, security_proof=proof)
    assert_same(key_rate(keys, loss_db=device.loss_db), scalar.one_decoy(device, mu, p, q, wiesemann=wiesemann))


@settings(max_examples=120)
@given(device=devices, chosen=one_decoys(), wiesemann=st.booleans())
def test_one_decoy_asymptotic(device, chosen, wiesemann):
    mu, p, q = chosen
    proof = "wiesemann2024" if wiesemann else "rusca2018"
    keys = module(device, protocol="bb84-one-decoy", mu=mu, p=p, q=q, asymptotic=True, security_proof=proof)
    expected = scalar.one_decoy_asymptotic(device, mu, p, q, wiesemann=wiesemann)
    assert_same(key_rate(keys, loss_db=device.loss_db), expected)


def test_most_of_the_comparison_is_about_positive_rates():
    """At usual settings the agreement is not one of zeros: 1e-6 relative without any absolute allowance."""
    mu, p, q = (0.45, 0.2, 0.001), (0.5, 0.35, 0.15), 0.85
    losses = np.linspace(0, 24, 25)
    device = scalar.Device(loss_db=0.0, dead_time_s=1e-8, afterpulse_probability=0.02, receiver_loss_db=1.5)
    found = key_rate(module(device, protocol="bb84-decoy", mu=mu, p=p, q=q), loss_db=losses)
    expected = [scalar.lim(scalar.Device(**asdict(device) | {"loss_db": x}), mu, p, q).key_rate_bps for x in losses]
    assert min(expected) > 1.0
    np.testing.assert_allclose(found.key_rate_bps, expected, rtol=1e-9)
