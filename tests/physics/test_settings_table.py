"""Settings of many links from a table, against a search for each link."""

import numpy as np
import pytest

from planner.physics import key_rate
from planner.physics.settings_table import Family, family_of

MANY = 2000
"""Number of elements above which a call makes a table."""

MODULE = {"protocol": "bb84-decoy", "block_bits": 1e7, "vacuum_intensity": 0.0}
RARE = 20
"""Every how many elements the search of its own is made."""


def sample(count, seed=11):
    random = np.random.default_rng(seed)
    return {
        "loss_db": random.uniform(0.0, 50.0, count),
        "dark_count_probability": 10.0 ** random.uniform(-9.0, -5.0, count),
        "misalignment_error": random.uniform(0.0, 0.04, count),
    }


@pytest.fixture(scope="module")
def links():
    return sample(20_000)


@pytest.fixture(scope="module")
def many(links):
    return key_rate(MODULE, **links)


def test_it_loses_at_most_a_thousandth_of_the_best_rate_and_next_to_nothing_in_the_median(links, many):
    best = key_rate(MODULE, **{key: values[::RARE] for key, values in links.items()}).key_bits_per_pulse
    found = many.key_bits_per_pulse[::RARE]
    worth = best > 1e-8
    loss = 1.0 - found[worth] / best[worth]
    assert worth.sum() > 700
    assert np.median(loss) < 5e-5
    assert loss.max() < 1e-3
    assert loss.min() > -1e-6
    assert found[~worth].max() <= 1.01e-8


OTHER_FAMILIES = {
    "one decoy": {"protocol": "bb84-one-decoy", "block_bits": 1e7},
    "asymptotic, dead time": {"protocol": "bb84-decoy", "dead_time_s": 1e-5},
    "fixed probabilities": MODULE
    | {"signal_probability": 0.6, "decoy_probability": 0.25, "key_basis_probability": 0.8},
}


@pytest.mark.parametrize("module", OTHER_FAMILIES.values(), ids=OTHER_FAMILIES)
def test_so_do_the_tables_of_other_families(module):
    links = sample(MANY + 1, seed=9)
    found = key_rate(module, **links).key_bits_per_pulse[::8]
    best = key_rate(module, **{key: values[::8] for key, values in links.items()}).key_bits_per_pulse
    worth = best > 1e-8
    loss = 1.0 - found[worth] / best[worth]
    assert worth.sum() > 150
    assert np.median(loss) < 5e-5
    assert loss.max() < 1e-3
    assert loss.min() > -1e-4


def test_a_rate_is_that_of_the_formula_at_the_settings_it_names(links, many):
    part = {key: values[:500] for key, values in links.items()}
    settings = {key: values[:500] for key, values in many.settings.items()}
    again = key_rate(MODULE, **part, **settings)
    np.testing.assert_allclose(again.key_rate_bps, many.key_rate_bps[:500], rtol=1e-9, atol=1e-300)
    np.testing.assert_allclose(again.qber, many.qber[:500], rtol=1e-9)


def test_settings_are_permitted_and_nothing_is_nan(many):
    signal, decoy = many.settings["signal_intensity"], many.settings["decoy_intensity"]
    assert np.all((decoy > 0.0) & (signal > decoy))
    assert all(np.isfinite(values).all() for values in many.settings.values())
    assert all(np.isfinite(values).all() for values in many.breakdown.values())
    assert np.all(many.key_rate_bps >= 0.0)
    assert np.all(many.key_rate_bps <= np.nan_to_num(many.bound_bps, nan=np.inf))
    assert (many.key_rate_bps == 0.0).any()


def test_shapes_broadcast_and_the_same_call_gives_the_same_bits(links, many):
    loss = links["loss_db"][:60, np.newaxis]
    dark = links["dark_count_probability"][:50]
    grid = key_rate(MODULE, loss_db=loss, dark_count_probability=dark, misalignment_error=0.01)
    assert grid.key_rate_bps.shape == (60, 50)
    again = key_rate(MODULE, **links)
    np.testing.assert_array_equal(again.key_rate_bps, many.key_rate_bps)


def test_an_element_does_not_depend_on_the_others(links, many):
    part = {key: values[: MANY + 1] for key, values in links.items()}
    np.testing.assert_allclose(key_rate(MODULE, **part).key_rate_bps, many.key_rate_bps[: MANY + 1], rtol=1e-12)


def test_few_elements_are_searched_one_by_one(links):
    few = {key: values[:300] for key, values in links.items()}
    together = key_rate(MODULE, **few).key_rate_bps
    alone = [float(key_rate(MODULE, **{k: v[i] for k, v in few.items()}).key_rate_bps) for i in range(0, 300, 60)]
    np.testing.assert_allclose(together[::60], alone, rtol=1e-9)


def test_the_rate_falls_with_the_loss():
    loss = np.linspace(0.0, 45.0, 4001)
    found = key_rate(MODULE, loss_db=loss, dark_count_probability=1e-6, misalignment_error=0.01).key_rate_bps
    assert np.all(np.diff(found) <= 0.0)


def test_outside_the_table_every_link_is_searched_or_has_no_key():
    loss = np.linspace(5.0, 200.0, MANY + 1)
    for error, dark in ((0.3, 1e-6), (0.01, 0.1), (0.01, 0.0)):
        found = key_rate(MODULE, loss_db=loss, misalignment_error=error, dark_count_probability=dark)
        assert np.isfinite(found.qber).all()
        picked = key_rate(
            MODULE, loss_db=loss[::100], misalignment_error=error, dark_count_probability=dark
        ).key_bits_per_pulse
        np.testing.assert_allclose(found.key_bits_per_pulse[::100], picked, rtol=1e-3, atol=1e-8)


def test_light_from_elsewhere_counts_as_noise(links):
    part = {key: values[: MANY + 1] for key, values in links.items()}
    dark = part.pop("dark_count_probability")
    as_light = key_rate(MODULE, **part, dark_count_probability=0.0, background_probability=2.0 * dark)
    as_dark = key_rate(MODULE, **part, dark_count_probability=dark)
    np.testing.assert_allclose(as_light.key_rate_bps, as_dark.key_rate_bps, rtol=1e-9)


def test_links_that_differ_in_something_else_have_no_table():
    ones = np.ones(3)
    common = {"clock_hz": ones, "dead_time_s": 0.0 * ones, "block_bits": 1e7 * ones}
    fixed = {"vacuum_intensity": 0.0 * ones}

    def family(protocol="bb84-decoy", **changed):
        return family_of(protocol, words={}, parameters=common | changed, fixed=fixed)

    assert isinstance(family(), Family)
    assert family(dark_count_probability=np.arange(3.0), detector_efficiency=np.arange(3.0)) == family()
    assert family(dead_time_s=np.array([0.0, 1e-6, 0.0])) is None
    assert family("bbm92") is None
    fixed |= {"decoy_intensity": 0.1 * ones}
    assert family() is None
