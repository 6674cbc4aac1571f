"""Services and their users become demands for key, in bit/s.

A demand asks either for a rate, or for a number of units of a service. What one unit of a service
needs in the busy hour follows from its record (:func:`unit_key_rate_bps`). How a number of users is
spread over pairs of places follows from a gravity model (:func:`gravity_split`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import combinations
from typing import TYPE_CHECKING

from planner.errors import InputError, Problem, nearest

if TYPE_CHECKING:
    import pandas as pd

    from planner.network import Network
    from planner.records import Figure, ServiceRecord

SECONDS_PER_HOUR = 3600.0

Pair = tuple[str, str]


def unit_key_rate_bps(service: ServiceRecord) -> float:
    """The key that one unit of a service uses, averaged over the busy hour.

    While a unit is in use it draws ``ongoing = key_bits / rekey_interval_s + otp_rate_bps``. A service that is
    always on needs just that. A service in sessions (calls, conferences) needs

    ``sessions_per_busy_hour / 3600 * (keys_per_session * key_bits + session_duration_s * ongoing)``.

    Args:
        service: The service; figures that it does not give count as zero.

    Returns:
        Key rate of one unit, in bit/s.
    """
    key_bits = _value(service.key_bits)
    ongoing_bps = _value(service.otp_rate_bps)
    if service.rekey_interval_s is not None:
        ongoing_bps += key_bits / service.rekey_interval_s.value
    if service.sessions_per_busy_hour is None:
        return ongoing_bps
    session_bits = _value(service.keys_per_session) * key_bits + _value(service.session_duration_s) * ongoing_bps
    return service.sessions_per_busy_hour.value / SECONDS_PER_HOUR * session_bits


def _value(figure: Figure | None) -> float:
    return 0.0 if figure is None else figure.value


def demand_rates(network: Network) -> pd.DataFrame:
    """The demands of a network with the key rate that each asks for.

    Args:
        network: The network; its demands name services by their id.

    Returns:
        One row a demand: the columns of the demands table, and ``requested_bps`` (bit/s): ``rate_bps`` where it is
        given, else ``units`` times :func:`unit_key_rate_bps` of the service. The network is not changed.

    Raises:
        InputError: A demand names a service that the network does not know; all such demands at once.
    """
    known = network.services
    wanted = network.demands["service"].dropna()
    unknown = network.demands.loc[wanted.index[~wanted.isin(list(known))], ["demand_id", "service"]]
    if len(unknown):
        raise InputError(
            Problem(
                f"demand '{demand_id}' names the unknown service '{service}'",
                file="demands.csv",
                column="service",
                expected=nearest(service, known),
            )
            for demand_id, service in unknown.itertuples(index=False)
        )
    unit_bps = {service_id: unit_key_rate_bps(known[service_id]) for service_id in wanted.unique()}
    demands = network.demands.copy()
    from_units = demands["units"] * demands["service"].map(unit_bps).astype("float64")
    demands["requested_bps"] = demands["rate_bps"].astype("float64").fillna(from_units)
    return demands


def gravity_split(
    units: float,
    *,
    weights: Mapping[str, float],
    pairs: Iterable[Pair] | None = None,
    distances_km: Mapping[Pair, float] | None = None,
    distance_exponent: float = 0.0,
) -> dict[Pair, float]:
    """Spreads users over pairs of places by a gravity model.

    A pair (a, b) attracts ``g = weight_a * weight_b / distance_ab ** distance_exponent`` and gets the share
    ``g / sum(g)`` of the units: two large places get more, and with a positive exponent two near ones too. The
    shares add up to ``units``; the order of places in a pair does not matter.

    Args:
        units: How many units (subscribers, tunnels, ...) to spread; not negative.
        weights: Size of each place, in any unit (inhabitants, offices); not negative.
        pairs: The pairs to spread over; every pair of the places of ``weights`` by default.
        distances_km: Distance of each pair in km, in either order; needed when the exponent is not zero.
        distance_exponent: How much distance hinders; 0 ignores it, 1 and 2 are usual.

    Returns:
        Units by pair, in the order of ``pairs``.

    Raises:
        InputError: A number is negative or not finite, a place has no weight, a pair has no distance or is named
            twice, there is no pair, or all pairs together attract nothing.
    """
    chosen = list(combinations(weights, 2)) if pairs is None else list(pairs)
    distances = _both_ways(distances_km or {})
    _check_gravity(units, weights, chosen, distances, distance_exponent)
    # In logarithms, so that neither huge weights nor steep exponents overflow.
    log_pull = [
        _log(weights[a]) + _log(weights[b]) - (distance_exponent * _log(distances[a, b]) if distance_exponent else 0.0)
        for a, b in chosen
    ]
    strongest = max(log_pull, default=-math.inf)
    if strongest == -math.inf:
        raise InputError("there is no pair of places to spread the units over")
    pull = [math.exp(value - strongest) for value in log_pull]
    total = math.fsum(pull)
    return {pair: units * (value / total) for pair, value in zip(chosen, pull, strict=True)}


def _log(number: float) -> float:
    return math.log(number) if number > 0 else -math.inf


def _both_ways(distances_km: Mapping[Pair, float]) -> dict[Pair, float]:
    return {**{(b, a): km for (a, b), km in distances_km.items()}, **distances_km}


def _check_gravity(
    units: float,
    weights: Mapping[str, float],
    pairs: Sequence[Pair],
    distances: Mapping[Pair, float],
    distance_exponent: float,
) -> None:
    problems = []
    if not 0 <= units < math.inf:
        problems.append(f"units is {units}; it must be a number from 0 up")
    if not math.isfinite(distance_exponent):
        problems.append(f"distance_exponent is {distance_exponent}; it must be a finite number")
    problems += [f"the weight of '{place}' is {w}" for place, w in weights.items() if not 0 <= w < math.inf]
    seen: set[frozenset[str]] = set()
    for a, b in pairs:
        problems += [f"'{place}' has no weight; {nearest(place, weights)}" for place in (a, b) if place not in weights]
        if a == b:
            problems.append(f"'{a}' is paired with itself")
        if frozenset((a, b)) in seen:
            problems.append(f"the pair '{a}', '{b}' is there twice")
        seen.add(frozenset((a, b)))
        if distance_exponent and not 0 < distances.get((a, b), 0.0) < math.inf:
            problems.append(f"'{a}' and '{b}' have no distance above 0 km")
    if problems:
        raise InputError(Problem(text) for text in problems)


def apportion(total: int, *, shares: Sequence[float]) -> list[int]:
    """Shares out a whole number in proportion, so that the parts are whole and add up exactly.

    The method of largest remainders (Hamilton): everyone gets the whole part of the quota, and what is left goes
    one each to the largest fractions, the earlier first among equals.

    Args:
        total: What is shared out; not negative.
        shares: The proportions; not negative, not all zero unless ``total`` is 0.

    Returns:
        One whole number a share, each within one of its exact quota.

    Raises:
        InputError: A number is negative or not finite, or there is something to share and nobody to take it.
    """
    if total < 0 or any(not 0 <= share < math.inf for share in shares) or (total and not any(shares)):
        raise InputError(f"{total} cannot be shared out in proportion to {list(shares)}")
    exact = [Fraction(share) for share in shares]
    whole = sum(exact) or 1
    quotas = [total * share / whole for share in exact]
    parts = [math.floor(quota) for quota in quotas]
    by_remainder = sorted(range(len(parts)), key=lambda i: parts[i] - quotas[i])
    for i in by_remainder[: total - sum(parts)]:
        parts[i] += 1
    return parts
