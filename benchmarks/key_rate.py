"""Settings of very many links at once, against a SciPy optimiser for each link: speed and loss, in one run.

Run it with ``python benchmarks/key_rate.py``; it takes about two minutes. The links are those of finite-key BB84 with
two decoys (Lim 2014), all settings but the vacuum intensity open: loss 0 to 50 dB, dark counts 1e-9 to 1e-5
(log-uniform), misalignment 0 to 4 %, block of 1e7 bits, detectors of 10 %.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from typing import Any

# Threads of the linear algebra would only wait for each other over SciPy's five numbers, and count as its time.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from scipy.optimize import minimize

from planner.physics import key_rate

MODULE: dict[str, Any] = {"protocol": "bb84-decoy", "block_bits": 1e7, "vacuum_intensity": 0.0}
LINKS = 1_000_000
COMPARED = 20_000
AT_ONCE = 2_000  # as many as one call searches one by one
SCIPY_LINKS = 40


def links(count: int) -> dict[str, np.ndarray]:
    random = np.random.default_rng(20)
    return {
        "loss_db": random.uniform(0.0, 50.0, count),
        "dark_count_probability": 10.0 ** random.uniform(-9.0, -5.0, count),
        "misalignment_error": random.uniform(0.0, 0.04, count),
    }


def some(given: dict[str, np.ndarray], part: slice) -> dict[str, np.ndarray]:
    return {key: values[part] for key, values in given.items()}


def tight(given: dict[str, np.ndarray]) -> np.ndarray:
    """Key bits per pulse at the best settings, each link by a search of its own."""
    size = len(given["loss_db"])
    parts = [key_rate(MODULE, **some(given, slice(i, i + AT_ONCE))) for i in range(0, size, AT_ONCE)]
    return np.concatenate([part.key_bits_per_pulse for part in parts])


def lim2014(x: np.ndarray, *, eta: float, dark: float, error: float) -> float:
    """The rate per pulse as one writes it with NumPy for a single link, negative where there is no key.

    `x` are the logarithm of the signal intensity and the log-odds of decoy over signal intensity, of the signal's
    probability, of the decoy's share of the rest, and of the key basis: so written no point breaks a rule.
    """
    ratio, p_signal, share, q = 1.0 / (1.0 + np.exp(-x[1:]))
    mu = np.exp(x[0])
    nu, p = ratio * mu, np.array([p_signal, (1.0 - p_signal) * share, (1.0 - p_signal) * (1.0 - share)])
    k, n, eps = np.array([mu, nu, 0.0]), MODULE["block_bits"], 1e-10
    click = 1.0 - (1.0 - 2.0 * dark) * np.exp(-eta * k)
    wrong = dark + error * (1.0 - np.exp(-eta * k))
    gain = p @ click
    counts, tests = n * p * click / gain, n * p * click / gain * ((1.0 - q) / q) ** 2
    errors = n * p * wrong / gain * ((1.0 - q) / q) ** 2
    strength, weight = np.log(21.0 / eps) / 2.0, np.exp(k) / p
    tau0, tau1 = p @ np.exp(-k), p @ (np.exp(-k) * k)

    def photons(c: np.ndarray) -> tuple[float, float]:
        spread = np.sqrt(c.sum() * strength)
        low, high = weight * np.maximum(c - spread, 0.0), weight * (c + spread)
        none = max(tau0 * low[2], 0.0)
        return none, tau1 * mu * (low[1] - high[2] - (nu / mu) ** 2 * (high[0] - none / tau0)) / (mu * nu - nu**2)

    def entropy(z: float) -> float:
        return float(-z * np.log2(z) - (1.0 - z) * np.log2(1.0 - z)) if 0.0 < z < 1.0 else 0.0

    vacuum, single = photons(counts)
    test = photons(tests)[1]
    leak = 1.16 * n * entropy(float(p @ wrong / gain)) + 6.0 * np.log2(21.0 / eps) + np.log2(2.0 / 1e-15)
    kept = vacuum
    if single > 0.0 and test > 0.0:
        spread = np.sqrt(errors.sum() * strength)
        high, low = weight[1] * (errors[1] + spread), weight[2] * max(errors[2] - spread, 0.0)
        phase = min(max(tau1 * (high - low) / nu / test, 1e-15), 0.5)
        share = (single + test) / (single * test * (1.0 - phase) * phase)
        phase += np.sqrt(share * ((1.0 - phase) * phase) ** 2 / np.log(2.0) * np.log2(share * 21.0**2 / eps**2))
        kept += single * (1.0 - entropy(min(phase, 0.5)))
    return float(q**2 * gain * (kept - leak) / n)


START = np.array([-0.7, -0.6, 0.0, 1.0, 1.5])
"""Intensities 0.5 and 0.18, probabilities 0.5, 0.37 and 0.13, key basis 0.82: typical of these links."""
LIMITS = [(-6.0, 0.7), (-6.0, 6.0), (-8.0, 8.0), (-8.0, 8.0), (-4.0, 8.0)]
METHODS: dict[str, dict[str, Any]] = {
    "Nelder-Mead, xatol 1e-6, fatol 1e-10": {
        "method": "Nelder-Mead",
        "options": {"maxiter": 2000, "xatol": 1e-6, "fatol": 1e-10},
    },
    "L-BFGS-B, ftol 1e-10, differences of 1e-6": {"method": "L-BFGS-B", "options": {"ftol": 1e-10, "eps": 1e-6}},
    "SLSQP, ftol 1e-10": {"method": "SLSQP", "options": {"ftol": 1e-10, "maxiter": 500}},
    "SLSQP, ftol 1e-6 (its default)": {"method": "SLSQP", "options": {}},
}


def scipy_each(given: dict[str, np.ndarray], scale: np.ndarray, *, how: dict[str, Any]) -> tuple[float, np.ndarray]:
    """CPU seconds per link, and the rates found from one start, the objective being the rate over `scale`."""
    found = []
    begin = time.process_time()
    for loss, dark, error, unit in zip(*given.values(), scale, strict=True):
        eta = 0.1 * 10.0 ** (-loss / 10.0)

        def cost(
            x: np.ndarray, eta: float = eta, dark: float = dark, error: float = error, unit: float = unit
        ) -> float:
            return -lim2014(x, eta=eta, dark=dark, error=error) / unit

        found.append(-minimize(cost, START, bounds=LIMITS, **how).fun * unit)
    return (time.process_time() - begin) / len(found), np.array(found)


def report(name: str, value: str) -> None:
    sys.stdout.write(f"{name:<66} {value}\n")


def main() -> None:
    given = links(LINKS)
    begin, cpu = time.perf_counter(), time.process_time()
    key_rate(MODULE, **some(given, slice(0, AT_ONCE + 1)))
    report("table, made once", f"{time.perf_counter() - begin:.1f} s wall, {time.process_time() - cpu:.1f} s CPU")
    runs = []
    for _ in range(5):
        begin, cpu = time.perf_counter(), time.process_time()
        found = key_rate(MODULE, **given).key_bits_per_pulse
        runs.append((time.perf_counter() - begin, time.process_time() - cpu))
    wall, cpu = min(runs)
    report(f"{LINKS:,} links, best of {len(runs)} runs", f"{wall:.2f} s wall, {cpu:.2f} s CPU")
    report("links per second", f"{LINKS / wall:,.0f} by the clock, {LINKS / cpu:,.0f} per CPU second")
    report("most memory of the process", f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")

    begin = time.process_time()
    best = tight(some(given, slice(0, COMPARED)))
    each = (time.process_time() - begin) / COMPARED
    worth = best > 1e-8
    loss = 1.0 - found[:COMPARED][worth] / best[worth]
    report(
        "a search of its own for each link (planner's), CPU",
        f"{each * 1e3:.2f} ms, {each / cpu * LINKS:,.0f} times as long",
    )
    report(f"loss of rate over {worth.sum():,} links: median", f"{np.median(loss):.1e}")
    report("    99th percentile", f"{np.quantile(loss, 0.99):.1e}")
    report("    worst", f"{loss.max():.1e}")
    report("    most that it lies above that search", f"{max(-loss.min(), 0.0):.1e}")

    compare(given, best, wall=wall, cpu=cpu)
    report("processors", str(os.cpu_count()))


def compare(given: dict[str, np.ndarray], best: np.ndarray, *, wall: float, cpu: float) -> None:
    """Reports every method of SciPy, against seconds for all links and the best rates of the first ones."""
    rows = np.flatnonzero(best > 1e-8)[:SCIPY_LINKS]
    few = {key: values[rows] for key, values in given.items()}
    for name, how in METHODS.items():
        # Scaled to the size of the answer, so that the tolerances mean shares of the rate.
        seconds, rates = scipy_each(few, best[rows], how=how)
        short = 1.0 - np.maximum(rates, 0.0) / best[rows]
        report(f"scipy {name}, {len(rows)} links, CPU each", f"{seconds * 1e3:.2f} ms")
        report(
            "    times as long as the table",
            f"{seconds / cpu * LINKS:,.0f} by CPU, {seconds / wall * LINKS:,.0f} by the clock",
        )
        report(
            "    loses: median, worst, links without key",
            f"{np.median(short):.0e}, {short.max():.0e}, {np.sum(rates <= 0.0)}",
        )


if __name__ == "__main__":
    main()
