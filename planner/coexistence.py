"""Classical channels in the fibre of a link -> light at its quantum receiver."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from planner.physics.raman import counts_per_gate, crosstalk_power_w, photon_rate, raman_cross_section, raman_power_w

if TYPE_CHECKING:
    from planner.physics.entropy import FloatArray
    from planner.records import CoexistenceRecord


class Background(NamedTuple):
    """Light of classical channels behind the filters of a quantum receiver; arrays of one shape.

    Attributes:
        raman_per_s: Photons per second of Raman scattering, all channels together.
        crosstalk_per_s: Photons per second of the channels themselves, through the filters.
        per_gate: Clicks per gate of both, both detectors together: what is to be added to ``2 p_dc``.
    """

    raman_per_s: FloatArray
    crosstalk_per_s: FloatArray
    per_gate: FloatArray


def background(
    profile: CoexistenceRecord,
    *,
    length_km: npt.ArrayLike,
    attenuation_db_per_km: npt.ArrayLike,
    clock_hz: npt.ArrayLike,
    receiver_loss_db: npt.ArrayLike,
    detector_efficiency: npt.ArrayLike,
) -> Background:
    """What the channels of a profile put into a quantum receiver at the end of a fibre.

    The channels run along the whole fibre, at constant launch power. The filters weaken Raman light as they weaken the
    quantum light; what else the link loses (connectors, splices) may lie before or behind and is not counted, so that
    the light is rather too strong. Four-wave mixing is left out (see :mod:`planner.physics.raman`).

    Args:
        profile: The channels and the filters.
        length_km: Length of the fibre in km.
        attenuation_db_per_km: Attenuation at the quantum wavelength in dB/km.
        clock_hz: Clock of the quantum module in Hz.
        receiver_loss_db: Loss of the receiver's optics in dB.
        detector_efficiency: Efficiency of the detectors.

    Returns:
        The light and its clicks, arrays of the broadcast shape.
    """
    length = np.asarray(length_km, dtype=np.float64)[..., None]
    quantum = np.asarray(attenuation_db_per_km, dtype=np.float64)[..., None]
    each = [(nm, channel) for channel in profile.channels for nm in channel.wavelengths_nm]
    wavelengths = np.array([nm for nm, _ in each])
    launch_w = 1e-3 * 10.0 ** (np.array([channel.launch_power_dbm for _, channel in each]) / 10.0)
    pump = np.array([channel.attenuation_db_per_km for _, channel in each])
    backward = np.array([channel.direction == "backward" for _, channel in each])
    scattered_w = raman_power_w(
        launch_w,
        length_km=length,
        cross_section_per_km_nm=raman_cross_section(
            wavelengths,
            profile.quantum_wavelength_nm,
            temperature_k=profile.temperature_k,
            effective_area_um2=profile.effective_area_um2,
        ),
        bandwidth_nm=profile.filter_bandwidth_nm,
        pump_attenuation_db_per_km=pump,
        quantum_attenuation_db_per_km=quantum,
        backward=backward,
    )
    passed_w = crosstalk_power_w(
        launch_w,
        length_km=length,
        attenuation_db_per_km=pump,
        isolation_db=profile.isolation_db,
        return_loss_db=profile.return_loss_db,
        backward=backward,
    )
    raman = photon_rate(scattered_w, wavelength_nm=profile.quantum_wavelength_nm).sum(axis=-1)
    raman = raman * 10.0 ** (-profile.filter_loss_db / 10.0)
    crosstalk = photon_rate(passed_w, wavelength_nm=wavelengths).sum(axis=-1)
    period_s = 1.0 / np.asarray(clock_hz, dtype=np.float64)
    gate_s = np.minimum(period_s * (profile.gate_fraction or 1.0), profile.gate_width_s or np.inf)
    per_gate = counts_per_gate(
        raman + crosstalk,
        gate_width_s=gate_s,
        receiver_loss_db=receiver_loss_db,
        detector_efficiency=detector_efficiency,
        polarisation_fraction=profile.polarisation_fraction,
    )
    shape = per_gate.shape
    return Background(np.broadcast_to(raman, shape), np.broadcast_to(crosstalk, shape), per_gate)
