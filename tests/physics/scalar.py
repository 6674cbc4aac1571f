"""Key rates written straight from the papers' equations, one number at a time, for comparison.

Nothing here comes from the planner. Lim: PRA 89, 022307 (2014). Ma: PRA 72, 012326 (2005). Rusca: APL 112, 171104
(2018). Wiesemann: arXiv:2405.16578. Detection and sifting follow the conventions stated in the design.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass
class Device:
    loss_db: float
    clock_hz: float = 1e9
    receiver_loss_db: float = 0.0
    detector_efficiency: float = 0.1
    dark_count_probability: float = 6e-7
    dead_time_s: float = 0.0
    afterpulse_probability: float = 0.0
    misalignment_error: float = 0.01
    ec_efficiency: float = 1.16
    block_bits: float = 1e7
    secrecy_epsilon: float = 1e-10
    correctness_epsilon: float = 1e-15

    @property
    def eta(self):
        return 10 ** (-(self.loss_db + self.receiver_loss_db) / 10) * self.detector_efficiency


@dataclass
class Result:
    key_rate_bps: float
    qber: float
    sifted_rate_bps: float
    length: float = math.nan


def h(x):
    if x <= 0 or x >= 1:
        return 0.0
    return -x * math.log2(x) - (1 - x) * math.log2(1 - x)


def click_lim(d, k):
    # 1 - (1 - 2 p_dc) exp(-eta k), written so that no digits are lost where almost nothing clicks
    D = 2 * d.dark_count_probability * math.exp(-d.eta * k) - math.expm1(-d.eta * k)
    return D, d.dark_count_probability + d.misalignment_error * -math.expm1(-d.eta * k)


def click_rusca(d, k):
    D = -math.expm1(-d.eta * k) + 2 * d.dark_count_probability
    return D, d.dark_count_probability + d.misalignment_error * -math.expm1(-d.eta * k)


def gains(d, mu, click):
    R, e = [], []
    for k in mu:
        D, wrong = click(d, k)
        R.append(D * (1 + d.afterpulse_probability))
        e.append(wrong + d.afterpulse_probability * D / 2)
    return R, e


def gamma(a, b, c, d):
    if b == 0:  # the limit
        return 0.0
    first = (c + d) * (1 - b) * b / (c * d * math.log(2))
    return math.sqrt(first * math.log2((c + d) / (c * d * (1 - b) * b) * 21**2 / a**2))


def lim(d, mu, p, q, *, clamped=True):
    """Lim eqs. (1)-(5), counts clamped at zero or left as they are ("strict"), phi at most one half."""
    least = 0.0 if clamped else -math.inf
    R, e = gains(d, mu, click_lim)
    nX = d.block_bits
    mean = p[0] * R[0] + p[1] * R[1] + p[2] * R[2]
    N = nX / (q**2 * mean)
    nXk = [N * q**2 * p[i] * R[i] for i in range(3)]
    nZk = [N * (1 - q) ** 2 * p[i] * R[i] for i in range(3)]
    mZk = [N * (1 - q) ** 2 * p[i] * e[i] for i in range(3)]
    tau = [sum(math.exp(-mu[i]) * mu[i] ** n * p[i] for i in range(3)) for n in range(2)]

    def plus(counts, i):
        delta = math.sqrt(sum(counts) / 2 * math.log(21 / d.secrecy_epsilon))
        return math.exp(mu[i]) / p[i] * (counts[i] + delta)

    def minus(counts, i):
        delta = math.sqrt(sum(counts) / 2 * math.log(21 / d.secrecy_epsilon))
        return math.exp(mu[i]) / p[i] * max(counts[i] - delta, least)

    def s0(counts):
        return max(tau[0] * (mu[1] * minus(counts, 2) - mu[2] * plus(counts, 1)) / (mu[1] - mu[2]), least)

    def s1(counts):
        top = minus(counts, 1) - plus(counts, 2)
        top -= (mu[1] ** 2 - mu[2] ** 2) / mu[0] ** 2 * (plus(counts, 0) - s0(counts) / tau[0])
        return max(tau[1] * mu[0] * top / (mu[0] * (mu[1] - mu[2]) - mu[1] ** 2 + mu[2] ** 2), 0.0)

    v = tau[1] * (plus(mZk, 1) - minus(mZk, 2)) / (mu[1] - mu[2])
    sX1, sZ1 = s1(nXk), s1(nZk)
    phi = 0.5
    if sX1 > 0 and sZ1 > 0 and v / sZ1 < 0.5:
        phi = min(v / sZ1 + gamma(d.secrecy_epsilon, v / sZ1, sZ1, sX1), 0.5)
    qber = sum(p[i] * e[i] for i in range(3)) / mean
    leak = d.ec_efficiency * nX * h(min(qber, 0.5))
    length = s0(nXk) + sX1 * (1 - h(phi)) - leak
    length -= 6 * math.log2(21 / d.secrecy_epsilon) + math.log2(2 / d.correctness_epsilon)
    live = 1 / (1 + d.clock_hz * mean * d.dead_time_s)
    return Result(max(length, 0) / N * d.clock_hz * live, qber, nX / N * d.clock_hz * live, length)


def ma(d, mu, p, q):
    """Ma eqs. (1), (18), (21), (25); both bases make key, only signal pulses do."""
    R, e = gains(d, mu, click_lim)
    m, n1, n2 = mu
    y0 = max((n1 * R[2] * math.exp(n2) - n2 * R[1] * math.exp(n1)) / (n1 - n2), 0.0)
    y1 = m / (m * n1 - m * n2 - n1**2 + n2**2)
    y1 *= R[1] * math.exp(n1) - R[2] * math.exp(n2) - (n1**2 - n2**2) / m**2 * (R[0] * math.exp(m) - y0)
    rate = 0.0
    if y1 > 0:
        e1 = min((e[1] * math.exp(n1) - e[2] * math.exp(n2)) / ((n1 - n2) * y1), 0.5)
        rate = m * math.exp(-m) * y1 * (1 - h(e1)) - d.ec_efficiency * R[0] * h(min(e[0] / R[0], 0.5))
    sifting = q**2 + (1 - q) ** 2
    mean = sum(p[i] * R[i] for i in range(3))
    live = 1 / (1 + d.clock_hz * mean * d.dead_time_s)
    qber = sum(p[i] * e[i] for i in range(3)) / mean
    return Result(max(rate, 0.0) * sifting * p[0] * d.clock_hz * live, qber, sifting * mean * d.clock_hz * live)


def one_decoy(d, mu, p, q, *, wiesemann=False, click=click_rusca, R_and_e=None):
    """Rusca (A16), (A17), (A19), (A22), (A25); or the corrected proof, counts limited to 0..total."""
    R, e = R_and_e or gains(d, mu, click)
    nZ = d.block_bits
    mean = p[0] * R[0] + p[1] * R[1]
    N = nZ / (q**2 * mean)
    nkey = [N * q**2 * p[i] * R[i] for i in range(2)]
    mkey = [N * q**2 * p[i] * e[i] for i in range(2)]
    ntest = [N * (1 - q) ** 2 * p[i] * R[i] for i in range(2)]
    mtest = [N * (1 - q) ** 2 * p[i] * e[i] for i in range(2)]
    terms = 15 if wiesemann else 19
    eps = d.secrecy_epsilon / terms
    tau0 = sum(p[i] * math.exp(-mu[i]) for i in range(2))
    tau1 = sum(p[i] * math.exp(-mu[i]) * mu[i] for i in range(2))

    def delta(n):
        return math.sqrt(n * math.log(1 / eps) / 2)

    def plus(counts, i):
        value = counts[i] + delta(sum(counts))
        return math.exp(mu[i]) / p[i] * (min(value, sum(counts)) if wiesemann else value)

    def minus(counts, i):
        value = counts[i] - delta(sum(counts))
        return math.exp(mu[i]) / p[i] * (max(value, 0.0) if wiesemann else value)

    def s0_upper(counts, errors):
        return min(
            2 * (tau0 * math.exp(mu[i]) / p[i] * (errors[i] + delta(sum(errors))) + delta(sum(counts)))
            for i in range(2)
        )

    def s1(counts, errors):
        bracket = minus(counts, 1) - mu[1] ** 2 / mu[0] ** 2 * plus(counts, 0)
        bracket -= (mu[0] ** 2 - mu[1] ** 2) / mu[0] ** 2 * s0_upper(counts, errors) / tau0
        return tau1 * mu[0] / (mu[1] * (mu[0] - mu[1])) * bracket

    s0 = max(tau0 / (mu[0] - mu[1]) * (mu[0] * minus(nkey, 1) - mu[1] * plus(nkey, 0)), 0.0)
    v = tau1 / (mu[0] - mu[1]) * (plus(mtest, 0) - minus(mtest, 1))
    key1, test1 = max(s1(nkey, mkey), 0.0), s1(ntest, mtest)
    phi = 0.5
    if key1 > 0 and test1 > 0 and v / test1 < 0.5:
        if wiesemann:
            extra = math.sqrt((key1 + test1) / (key1 * test1) * (test1 + 1) / test1 * math.log(1 / eps))
        else:
            extra = gamma(d.secrecy_epsilon, v / test1, test1, key1)
        phi = min(v / test1 + extra, 0.5)
    qber = (p[0] * e[0] + p[1] * e[1]) / mean
    length = key1 * (1 - h(phi)) - d.ec_efficiency * nZ * h(min(qber, 0.5)) - math.log2(2 / d.correctness_epsilon)
    if wiesemann:
        length -= 4 * math.log2(15 / (d.secrecy_epsilon * 2**0.25))
    else:
        length += s0 - 6 * math.log2(19 / d.secrecy_epsilon)
    live = 1 / (1 + d.clock_hz * mean * d.dead_time_s)
    return Result(max(length, 0) / N * d.clock_hz * live, qber, nZ / N * d.clock_hz * live, length)


def one_decoy_asymptotic(d, mu, p, q, *, wiesemann=False):
    """The same without fluctuations, per signal pulse: yields of vacuum and of single photons, signal makes key."""
    R, e = gains(d, mu, click_rusca)
    m, n = mu
    y0_upper = min(2 * math.exp(mu[i]) * e[i] for i in range(2))
    y0_lower = max((m * R[1] * math.exp(n) - n * R[0] * math.exp(m)) / (m - n), 0.0)
    bracket = R[1] * math.exp(n) - n**2 / m**2 * R[0] * math.exp(m) - (m**2 - n**2) / m**2 * y0_upper
    y1 = max(m / (n * (m - n)) * bracket, 0.0)
    rate = 0.0 if wiesemann else math.exp(-m) * y0_lower
    if y1 > 0:
        e1 = min((e[0] * math.exp(m) - e[1] * math.exp(n)) / ((m - n) * y1), 0.5)
        rate += m * math.exp(-m) * y1 * (1 - h(e1))
    rate -= d.ec_efficiency * R[0] * h(min(e[0] / R[0], 0.5))
    sifting = q**2 + (1 - q) ** 2
    mean = p[0] * R[0] + p[1] * R[1]
    live = 1 / (1 + d.clock_hz * mean * d.dead_time_s)
    qber = (p[0] * e[0] + p[1] * e[1]) / mean
    return Result(max(rate, 0.0) * sifting * p[0] * d.clock_hz * live, qber, sifting * mean * d.clock_hz * live)
