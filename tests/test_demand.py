"""Services become bit/s; users are spread over pairs of places."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.demand import apportion, demand_rates, gravity_split, unit_key_rate_bps
from planner.errors import InputError
from planner.network import build_network
from planner.records import ServiceRecord


def service(**figures):
    return ServiceRecord.model_validate(
        {"title": "A service", "description": "For a test.", "unit": "unit"}
        | {key: {"value": value, "basis": "assumed"} for key, value in figures.items()}
    )


class TestUnitKeyRate:
    def test_a_call_takes_its_keys_and_no_more(self):
        call = service(key_bits=128, keys_per_session=3, sessions_per_busy_hour=0.5)
        assert unit_key_rate_bps(call) == pytest.approx(0.5 * 3 * 128 / 3600)

    def test_a_conference_also_rekeys_while_it_lasts(self):
        conference = service(
            key_bits=128, keys_per_session=3, sessions_per_busy_hour=2, session_duration_s=900, rekey_interval_s=10
        )
        assert unit_key_rate_bps(conference) == pytest.approx(2 / 3600 * (3 * 128 + 90 * 128))

    def test_a_gateway_is_always_on(self):
        assert unit_key_rate_bps(service(key_bits=128, rekey_interval_s=60)) == pytest.approx(128 / 60)

    def test_a_one_time_pad_uses_as_much_key_as_data(self):
        assert unit_key_rate_bps(service(otp_rate_bps=8000)) == 8000

    def test_a_one_time_pad_call_uses_key_only_while_it_lasts(self):
        call = service(otp_rate_bps=16_000, sessions_per_busy_hour=1, session_duration_s=180)
        assert unit_key_rate_bps(call) == pytest.approx(16_000 * 180 / 3600)

    @given(
        st.floats(1, 1e4),
        st.floats(0, 100),
        st.floats(0, 100),
        st.floats(0, 7200),
        st.floats(0.1, 1e5),
        st.floats(0, 10),
    )
    def test_it_is_linear_in_the_sessions(self, bits, keys, sessions, duration_s, interval_s, factor):
        def rate(count):
            return unit_key_rate_bps(
                service(
                    key_bits=bits,
                    keys_per_session=keys,
                    sessions_per_busy_hour=count,
                    session_duration_s=duration_s,
                    rekey_interval_s=interval_s,
                )
            )

        assert rate(factor * sessions) == pytest.approx(factor * rate(sessions), rel=1e-9, abs=1e-300)

    @given(st.floats(1, 1e4), st.floats(0.1, 1e5))
    def test_one_session_of_a_whole_hour_is_always_on(self, bits, interval_s):
        session = service(key_bits=bits, rekey_interval_s=interval_s, sessions_per_busy_hour=1, session_duration_s=3600)
        always = service(key_bits=bits, rekey_interval_s=interval_s)
        assert unit_key_rate_bps(session) == pytest.approx(unit_key_rate_bps(always))


def network(demands, **services):
    places = [
        {"node_id": name, "name": name, "kind": "trusted", "lat_deg": 30, "lon_deg": lon, "basis": "assumed"}
        for name, lon in (("a", 100), ("b", 101), ("c", 102))
    ]
    return build_network(nodes=places, links=[], demands=demands, services=services)


class TestDemandRates:
    def test_units_or_a_rate(self):
        made = demand_rates(
            network(
                [
                    {"demand_id": "d1", "node_a": "a", "node_b": "b", "service": "vpn", "units": 30},
                    {"demand_id": "d2", "node_a": "b", "node_b": "c", "rate_bps": 500},
                    {"demand_id": "d3", "node_a": "a", "node_b": "c", "rate_bps": 0},
                ],
                vpn=service(key_bits=128, rekey_interval_s=60),
            )
        )
        assert list(made["demand_id"]) == ["d1", "d2", "d3"]
        np.testing.assert_allclose(made["requested_bps"], [64, 500, 0])
        assert made["requested_bps"].dtype == np.float64

    def test_the_network_stays_as_it_was(self):
        before = network([{"demand_id": "d", "node_a": "a", "node_b": "b", "rate_bps": 1}])
        demand_rates(before)
        assert "requested_bps" not in before.demands.columns

    def test_a_table_without_rows(self):
        made = demand_rates(network([]))
        assert len(made) == 0
        assert made["requested_bps"].dtype == np.float64

    def test_every_unknown_service_is_named_with_its_neighbour(self):
        wrong = network(
            [
                {"demand_id": "d1", "node_a": "a", "node_b": "b", "service": "voise", "units": 1},
                {"demand_id": "d2", "node_a": "a", "node_b": "b", "service": "fax", "units": 1},
            ],
            voice=service(otp_rate_bps=1),
        )
        with pytest.raises(InputError) as caught:
            demand_rates(wrong)
        assert len(caught.value.problems) == 2
        assert "did you mean 'voice'?" in str(caught.value)


PLACES = st.dictionaries(st.sampled_from("abcdefgh"), st.floats(0.01, 1e6), min_size=2, max_size=8)


class TestGravitySplit:
    def test_by_hand(self):
        split = gravity_split(
            100,
            weights={"a": 2, "b": 1, "c": 1},
            distances_km={("a", "b"): 1, ("c", "a"): 2, ("b", "c"): 1},
            distance_exponent=1,
        )
        assert split == pytest.approx({("a", "b"): 50, ("a", "c"): 25, ("b", "c"): 25})

    @given(PLACES, st.floats(0, 1e9))
    def test_the_total_is_kept_and_nothing_is_negative(self, weights, units):
        split = gravity_split(units, weights=weights)
        assert math.fsum(split.values()) == pytest.approx(units, rel=1e-12)
        assert min(split.values()) >= 0
        assert len(split) == math.comb(len(weights), 2)

    @given(PLACES, st.floats(0.001, 1000), st.floats(0, 3), st.randoms())
    def test_neither_the_unit_of_weight_nor_of_length_nor_the_order_matters(self, weights, scale, exponent, random):
        pairs = [(a, b) for a in weights for b in weights if a < b]
        km = {pair: random.uniform(1, 2000) for pair in pairs}
        split = gravity_split(1, weights=weights, pairs=pairs, distances_km=km, distance_exponent=exponent)
        other = gravity_split(
            1,
            weights={place: scale * weight for place, weight in weights.items()},
            pairs=[(b, a) for a, b in reversed(pairs)],
            distances_km={pair: scale * length for pair, length in km.items()},
            distance_exponent=exponent,
        )
        assert {(b, a): value for (a, b), value in other.items()} == pytest.approx(split, rel=1e-9)

    def test_huge_weights_and_steep_exponents_do_not_overflow(self):
        km = {("a", "b"): 1e300, ("a", "c"): 1e300, ("b", "c"): 1e300}
        split = gravity_split(3, weights=dict.fromkeys("abc", 1e300), distances_km=km, distance_exponent=50)
        assert split == pytest.approx(dict.fromkeys(km, 1))

    @pytest.mark.parametrize(
        ("units", "arguments", "words"),
        [
            (-1, {"weights": {"a": 1, "b": 1}}, "units is -1"),
            (math.nan, {"weights": {"a": 1, "b": 1}}, "units is nan"),
            (1, {"weights": {"a": -1, "b": 1}}, "the weight of 'a' is -1"),
            (1, {"weights": {"a": 0, "b": 1}}, "no pair of places"),
            (1, {"weights": {"a": 1}}, "no pair of places"),
            (1, {"weights": {"a": 1, "b": 1}, "pairs": [("a", "bb")]}, "'bb' has no weight"),
            (1, {"weights": {"a": 1, "b": 1}, "pairs": [("a", "a")]}, "paired with itself"),
            (1, {"weights": {"a": 1, "b": 1}, "pairs": [("a", "b"), ("b", "a")]}, "twice"),
            (1, {"weights": {"a": 1, "b": 1}, "distance_exponent": 1}, "no distance"),
            (1, {"weights": {"a": 1, "b": 1}, "distance_exponent": math.inf}, "finite number"),
        ],
    )
    def test_wrong_input(self, units, arguments, words):
        with pytest.raises(InputError, match=words):
            gravity_split(units, **arguments)


class TestApportion:
    def test_by_hand(self):
        assert apportion(10, shares=[1, 1, 1]) == [4, 3, 3]
        assert apportion(7, shares=[0.5, 3.25, 3.25]) == [1, 3, 3]
        assert apportion(0, shares=[0, 0]) == [0, 0]
        assert apportion(0, shares=[]) == []

    @given(
        st.integers(0, 10**18),
        st.lists(st.floats(0, 1e9), min_size=1, max_size=20).filter(lambda shares: sum(shares) > 0),
    )
    def test_whole_parts_within_one_of_the_quota_that_add_up(self, total, shares):
        parts = apportion(total, shares=shares)
        assert sum(parts) == total
        whole = math.fsum(shares)
        for part, share in zip(parts, shares, strict=True):
            assert abs(part - total * share / whole) <= 1 + 1e-9 * total

    @pytest.mark.parametrize(("total", "shares"), [(-1, [1.0]), (1, [0.0]), (1, []), (1, [-1.0, 3.0]), (1, [math.nan])])
    def test_wrong_input(self, total, shares):
        with pytest.raises(InputError, match="cannot be shared out"):
            apportion(total, shares=shares)
