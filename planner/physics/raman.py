"""Light from classical channels in the same fibre: spontaneous Raman scattering, and crosstalk through the filter.

Powers are launch powers at the fibre's input (not powers at a receiver, which reverse the dependence on length).
Four-wave mixing is left out: it matters for several strong channels that run along with a quantum channel within about
200 GHz, or next to the fibre's zero dispersion; not for channels that run against it, and not for a quantum channel in
the O band beside data in the C band.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from planner.physics.fibre import transmittance

if TYPE_CHECKING:
    from planner.physics.entropy import FloatArray

PLANCK_J_S = 6.62607015e-34
BOLTZMANN_J_PER_K = 1.380649e-23
LIGHT_M_PER_S = 299_792_458.0

GAIN_PUMP_HZ = 206.184634112792e12
"""Frequency of the pump (1454 nm) for which `GAIN` holds."""

GAIN_AREA_UM2 = 75.75
"""Effective area of the fibre, pump and scattered light together, for which `GAIN` holds."""

# fmt: off
GAIN: tuple[tuple[float, float], ...] = (
    (0.0, 0.0), (0.5, 0.11235161), (1.0, 0.34783807), (1.5, 0.57935664), (2.0, 0.80692168), (2.5, 0.97984571),
    (3.0, 1.1045436), (3.5, 1.187353), (4.0, 1.2473689), (4.5, 1.3011005), (5.0, 1.4100127), (5.5, 1.4638325),
    (6.0, 1.5701179), (6.5, 1.7076587), (7.0, 1.8840891), (7.5, 2.0591413), (8.0, 2.2407403), (8.5, 2.4750828),
    (9.0, 2.7772917), (9.5, 3.0804424), (10.0, 3.3476444), (10.5, 3.564817), (11.0, 3.7712726), (11.5, 3.9626912),
    (12.0, 4.1095518), (12.5, 4.1871876), (12.75, 4.1951126), (13.0, 4.1702538), (13.25, 4.1356537),
    (13.5, 4.0772605), (14.0, 3.8367129), (14.5, 4.0856428), (14.75, 3.6957194), (15.0, 3.1444209), (15.5, 2.1607454),
    (16.0, 1.2309782), (16.5, 0.89545746), (17.0, 0.7524704), (17.5, 0.71980615), (18.0, 0.88796116),
    (18.25, 0.93081207), (18.5, 0.93705827), (18.75, 0.84571962), (19.0, 0.69058529), (19.5, 0.45040716),
    (20.0, 0.33652125), (20.5, 0.30229248), (21.0, 0.26937694), (21.5, 0.2600209), (22.0, 0.28295896),
    (22.5, 0.30866756), (23.0, 0.36602466), (23.5, 0.58061031), (24.0, 0.65479794), (24.5, 0.62502272),
    (25.0, 0.53780644), (25.5, 0.39499662), (26.0, 0.26812064), (26.5, 0.23303855), (27.0, 0.17914076),
    (27.5, 0.15247242), (28.0, 0.13270757), (28.5, 0.10654176), (29.0, 0.098464937), (29.5, 0.091399963),
    (30.0, 0.090897101), (30.5, 0.10422753), (31.0, 0.15041927), (31.5, 0.17783823), (32.0, 0.21581082),
    (32.5, 0.20374401), (33.0, 0.18193934), (33.5, 0.13186212), (34.0, 0.096535212), (34.5, 0.086269832),
    (35.0, 0.091868802), (35.5, 0.10173778), (36.0, 0.10801782), (36.5, 0.10390359), (37.0, 0.093004033),
    (37.5, 0.083080917), (38.0, 0.06906504), (38.5, 0.055223803), (39.0, 0.039064871), (39.5, 0.022290823),
    (40.0, 0.015579618), (40.5, 0.0097721872), (41.0, 0.0032347724), (41.5, 0.0016060245), (42.0, 0.00079730639),
)
# fmt: on
"""Raman gain of standard single-mode fibre: shift in THz, gain in 1e-4/(W m).

Samples that GNPy (BSD-3-Clause) ships as its default, after D'Amico et al., J. Lightwave Technol. 40, 3499 (2022).
"""


def raman_cross_section(
    pump_nm: npt.ArrayLike,
    quantum_nm: npt.ArrayLike,
    *,
    temperature_k: npt.ArrayLike = 300.0,
    effective_area_um2: npt.ArrayLike = GAIN_AREA_UM2,
) -> FloatArray:
    """Spontaneous Raman light per power, length and bandwidth, beta, from the Raman gain with detailed balance.

    ``beta = h nu_q g(|delta nu|) (n + 1) c / lambda_q^2`` where the quantum channel has the longer wavelength
    (Stokes), with ``n`` in place of ``n + 1`` where it has the shorter one; ``n = 1 / (exp(h |delta nu| / k T) - 1)``.
    The gain is that of `GAIN`, scaled inversely with the effective area and with the higher of the two frequencies,
    which is the pump of the stimulated process in either direction. With this prefactor the measured tables for a pump
    at 1550 nm are met within their scatter (with a factor of 2 they would not).

    Closer to the pump than about 2 nm what a receiver sees is the pump itself and Brillouin light, not this. Beyond
    42 THz (from 1550 nm: below 1274 nm) the gain is not known and zero.

    Args:
        pump_nm: Wavelength of the classical channel in nm.
        quantum_nm: Wavelength of the quantum channel in nm.
        temperature_k: Temperature of the fibre in K.
        effective_area_um2: Effective area of the fibre in square micrometres.

    Returns:
        Cross-sections in 1/(km nm), for both polarisations together; an array of the broadcast shape.
    """
    pump_hz, quantum_hz = (LIGHT_M_PER_S / (np.asarray(nm, dtype=np.float64) * 1e-9) for nm in (pump_nm, quantum_nm))
    shift_hz = np.abs(pump_hz - quantum_hz)
    shifts, gains = np.asarray(GAIN, dtype=np.float64).T
    # The gain is taken over the shift: that is finite at zero shift too, where the occupation is infinite.
    inner_hz = np.maximum(shift_hz, 1e9)
    slope = np.interp(inner_hz, shifts * 1e12, gains * 1e-4, right=0.0) / inner_hz
    thermal_hz = BOLTZMANN_J_PER_K * np.asarray(temperature_k, dtype=np.float64) / PLANCK_J_S
    ratio = np.maximum(shift_hz / thermal_hz, 1e-12)
    occupation = np.where(quantum_hz > pump_hz, ratio / np.expm1(ratio), -ratio / np.expm1(-ratio))
    gain = slope * thermal_hz * occupation * (np.maximum(pump_hz, quantum_hz) / GAIN_PUMP_HZ)
    gain = gain * GAIN_AREA_UM2 / np.asarray(effective_area_um2, dtype=np.float64)
    per_m2 = PLANCK_J_S * quantum_hz * gain * quantum_hz**2 / LIGHT_M_PER_S  # c / lambda^2 = nu^2 / c
    return np.asarray(per_m2 * 1e3 * 1e-9)


def raman_power_w(
    launch_power_w: npt.ArrayLike,
    *,
    length_km: npt.ArrayLike,
    cross_section_per_km_nm: npt.ArrayLike,
    bandwidth_nm: npt.ArrayLike,
    pump_attenuation_db_per_km: npt.ArrayLike,
    quantum_attenuation_db_per_km: npt.ArrayLike | None = None,
    backward: npt.ArrayLike = False,
) -> FloatArray:
    """Raman light that arrives at the quantum receiver within its filter's bandwidth.

    Eraerds et al., NJP 12, 063027 (2010), eqs. (2) and (3); Kumar, Qin, Alléaume, NJP 17, 043027 (2015), eqs. (6) and
    (7); for unequal attenuation ``P beta dl (exp(-a_p L) - exp(-a_q L)) / (a_q - a_p)`` forward and
    ``P beta dl (1 - exp(-(a_p + a_q) L)) / (a_p + a_q)`` backward.

    Args:
        launch_power_w: Power of the classical channel at its input of the fibre, in W.
        length_km: Length of the fibre they share, in km.
        cross_section_per_km_nm: beta in 1/(km nm).
        bandwidth_nm: Bandwidth of the filter before the receiver, in nm.
        pump_attenuation_db_per_km: Attenuation at the classical channel's wavelength, in dB/km.
        quantum_attenuation_db_per_km: Attenuation at the quantum channel's wavelength; the same by default.
        backward: True where the classical channel runs against the quantum light, so that it enters the fibre at the
            quantum receiver's end.

    Returns:
        Powers in W, an array of the broadcast shape.
    """
    length = np.asarray(length_km, dtype=np.float64)
    neper = np.log(10.0) / 10.0
    pump = np.asarray(pump_attenuation_db_per_km, dtype=np.float64) * neper
    quantum = (
        pump
        if quantum_attenuation_db_per_km is None
        else np.asarray(quantum_attenuation_db_per_km, dtype=np.float64) * neper
    )
    forward_km = length * np.exp(-np.minimum(pump, quantum) * length) * _mean_decay(np.abs(pump - quantum) * length)
    backward_km = length * _mean_decay((pump + quantum) * length)
    density = np.asarray(launch_power_w, dtype=np.float64) * np.asarray(cross_section_per_km_nm) * bandwidth_nm
    return np.asarray(density * np.where(backward, backward_km, forward_km))


def crosstalk_power_w(
    launch_power_w: npt.ArrayLike,
    *,
    length_km: npt.ArrayLike,
    attenuation_db_per_km: npt.ArrayLike,
    isolation_db: npt.ArrayLike,
    return_loss_db: npt.ArrayLike,
    backward: npt.ArrayLike = False,
) -> FloatArray:
    """Light of a classical channel that passes the receiver's filters (linear crosstalk).

    Args:
        launch_power_w: Power of the classical channel at its input of the fibre, in W.
        length_km: Length of the fibre, in km.
        attenuation_db_per_km: Attenuation at the classical channel's wavelength, in dB/km.
        isolation_db: What all filters before the receiver together take from the channel, in dB.
        return_loss_db: What of a backward channel comes back by Rayleigh scattering and reflection, in dB (positive).
        backward: True where the channel enters the fibre at the quantum receiver's end.

    Returns:
        Powers in W behind the filters, an array of the broadcast shape.
    """
    line_db = np.where(backward, return_loss_db, np.asarray(length_km) * np.asarray(attenuation_db_per_km))
    return np.asarray(np.asarray(launch_power_w, dtype=np.float64) * transmittance(line_db + np.asarray(isolation_db)))


def photon_rate(power_w: npt.ArrayLike, *, wavelength_nm: npt.ArrayLike) -> FloatArray:
    """Photons per second of a power, ``P lambda / (h c)``.

    Args:
        power_w: Power in W.
        wavelength_nm: Wavelength in nm.

    Returns:
        Photons per second, an array of the broadcast shape.
    """
    energy_j = PLANCK_J_S * LIGHT_M_PER_S / (np.asarray(wavelength_nm, dtype=np.float64) * 1e-9)
    return np.asarray(np.asarray(power_w, dtype=np.float64) / energy_j)


def counts_per_gate(
    photons_per_s: npt.ArrayLike,
    *,
    gate_width_s: npt.ArrayLike,
    receiver_loss_db: npt.ArrayLike,
    detector_efficiency: npt.ArrayLike,
    polarisation_fraction: npt.ArrayLike = 1.0,
) -> FloatArray:
    """Clicks by continuous light per gate, both detectors together: what is to be added to ``2 p_dc``.

    ``1 - exp(-photons in a gate)``, so that it stays a probability.

    Args:
        photons_per_s: Photons per second at the receiver's input, both polarisations.
        gate_width_s: For how long a click counts, in s: the detector's gate or the window around the pulse.
        receiver_loss_db: Loss of the receiver's optics in dB; a receiver that splits the bases passively has it here.
        detector_efficiency: Efficiency of the detectors.
        polarisation_fraction: The part of the unpolarised light that the receiver takes: 1 where both polarisations
            reach a detector (polarisation coding), 1/2 where a polariser stands before them.

    Returns:
        Probabilities, an array of the broadcast shape.
    """
    passed = np.asarray(detector_efficiency) * np.asarray(polarisation_fraction) * transmittance(receiver_loss_db)
    return np.asarray(-np.expm1(-np.asarray(photons_per_s, dtype=np.float64) * np.asarray(gate_width_s) * passed))


def _mean_decay(depth: FloatArray) -> FloatArray:
    """``(1 - exp(-x)) / x``, 1 at zero."""
    thick = depth > 1e-12
    safe = np.where(thick, depth, 1.0)
    return np.asarray(np.where(thick, -np.expm1(-safe) / safe, 1.0))
