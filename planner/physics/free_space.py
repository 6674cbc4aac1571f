"""A satellite above a ground station: distance, loss of the downlink, light of the sky.

Transmittances and losses here leave out the detector's efficiency, and the receiver's optics unless they are given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from planner.physics.raman import photon_rate

if TYPE_CHECKING:
    from planner.physics.entropy import FloatArray

EARTH_RADIUS_KM = 6371.0

NODES = 48
"""Points of each of the two integrals over the apertures."""

WIDEST = 40.0
"""Largest ``k a_T a_R / d`` that is integrated, exactly to 1e-9; a larger receiver counts as one of that size."""

ATMOSPHERE: tuple[tuple[float, float], ...] = (
    (90.0, 0.81363900),
    (65.2779, 0.79910928),
    (46.7121, 0.76191401),
    (31.0612, 0.69300494),
    (19.6123, 0.58700337),
    (12.3867, 0.45627038),
    (7.2103, 0.28985354),
)
"""Transmittance of the whole atmosphere at 810 nm against elevation in degrees: MODTRAN, urban aerosols.

Values that SatQuMA (Sidhu et al., npj Quantum Inf. 8, 18 (2022)) uses for a satellite 500 km high.
"""


class DownlinkLoss(NamedTuple):
    """Where the decibels of a downlink go; arrays of one shape, losses positive.

    Attributes:
        diffraction_db: The beam is wider than the receiving telescope.
        pointing_db: The beam's centre jitters about the receiver.
        atmosphere_db: Absorption and scattering.
        system_db: Everything else: optics of both telescopes, filters, coupling.
        total_db: The sum.
    """

    diffraction_db: FloatArray
    pointing_db: FloatArray
    atmosphere_db: FloatArray
    system_db: FloatArray
    total_db: FloatArray


def slant_range_km(elevation_deg: npt.ArrayLike, *, altitude_km: npt.ArrayLike) -> FloatArray:
    """Distance to a satellite, ``-R sin e + sqrt((R sin e)^2 + 2 R h + h^2)``, over a sphere.

    Args:
        elevation_deg: Elevation above the horizon in degrees.
        altitude_km: Height of the orbit over the station, in km.

    Returns:
        Distances in km, an array of the broadcast shape.
    """
    rise = EARTH_RADIUS_KM * np.sin(np.radians(np.asarray(elevation_deg, dtype=np.float64)))
    height = np.asarray(altitude_km, dtype=np.float64)
    return np.asarray(np.sqrt(rise**2 + 2.0 * EARTH_RADIUS_KM * height + height**2) - rise)


def beam_radius_m(distance_km: npt.ArrayLike, *, waist_m: npt.ArrayLike, wavelength_nm: npt.ArrayLike) -> FloatArray:
    """Radius (1/e^2 of the intensity) of a Gaussian beam, ``w0 sqrt(1 + (d lambda / (pi w0^2))^2)``.

    Args:
        distance_km: Distance from the waist in km.
        waist_m: Radius w0 at the waist in m.
        wavelength_nm: Wavelength in nm.

    Returns:
        Radii in m, an array of the broadcast shape.
    """
    waist = np.asarray(waist_m, dtype=np.float64)
    spread = np.asarray(distance_km, dtype=np.float64) * 1e3 * (np.asarray(wavelength_nm) * 1e-9) / (np.pi * waist**2)
    return np.asarray(waist * np.sqrt(1.0 + spread**2))


def collected_fraction(
    distance_km: npt.ArrayLike,
    *,
    waist_m: npt.ArrayLike,
    receiver_radius_m: npt.ArrayLike,
    wavelength_nm: npt.ArrayLike,
    transmitter_radius_m: npt.ArrayLike | None = None,
) -> FloatArray:
    """The part of a beam that a telescope collects when it points exactly.

    Without a transmitter's aperture ``1 - exp(-2 a^2 / w(d)^2)``. With it the Gaussian beam is cut off at the edge of
    the aperture and its far field (Fraunhofer: the beam is focused on the receiver) is integrated numerically over
    the receiver; the fraction is of the light that leaves the aperture, where the intensity of a pulse is set.
    Cutting off at w0 costs 2.2 dB at 500 km and 3 dB at 1,000 km against the formula without it. A collimated beam
    instead of a focused one changes 0.2 % at 500 km (aperture 0.15 m).

    Args:
        distance_km: Distance in km; far beyond ``transmitter_radius_m^2 / wavelength`` (28 km for 0.15 m at 810 nm).
        waist_m: Radius w0 (1/e^2 of the intensity) of the beam at the transmitter, in m.
        receiver_radius_m: Radius of the receiver's aperture in m.
        wavelength_nm: Wavelength in nm.
        transmitter_radius_m: Radius of the transmitter's aperture in m; None: the beam is not cut off.

    Returns:
        Fractions, an array of the broadcast shape.
    """
    receiver = np.asarray(receiver_radius_m, dtype=np.float64)
    if transmitter_radius_m is None:
        width = beam_radius_m(distance_km, waist_m=waist_m, wavelength_nm=wavelength_nm)
        return np.asarray(-np.expm1(-2.0 * (receiver / width) ** 2))
    edge = np.asarray(transmitter_radius_m, dtype=np.float64)
    wave_number = 2.0 * np.pi / (np.asarray(wavelength_nm, dtype=np.float64) * 1e-9)
    scale = wave_number * edge * receiver / (np.asarray(distance_km, dtype=np.float64) * 1e3)
    scale, cut = np.broadcast_arrays(np.minimum(scale, WIDEST), edge / np.asarray(waist_m, dtype=np.float64))
    return _truncated(scale.ravel(), cut=cut.ravel()).reshape(scale.shape)


def _truncated(scale: FloatArray, *, cut: FloatArray) -> FloatArray:
    """Encircled power of the far field of a truncated Gaussian beam.

    Args:
        scale: ``k a_T a_R / d``.
        cut: ``a_T / w0``.

    Returns:
        Power within the receiver over the power that leaves the transmitter.
    """
    from scipy.special import j0

    points, weights = np.polynomial.legendre.leggauss(NODES)
    radius, weight = (points + 1.0) / 2.0, weights / 2.0
    grid = np.outer(radius, radius)
    field = np.empty((scale.size, NODES))
    for first in range(0, scale.size, 256):  # what fits the cache
        part = slice(first, first + 256)
        source = np.exp(-np.square(cut[part, None] * radius)) * radius * weight
        field[part] = np.einsum("dij,dj->di", j0(scale[part, None, None] * grid), source)
    inside = np.square(field) @ (radius * weight)
    emitted = -np.expm1(-2.0 * cut**2) / (4.0 * cut**2)
    return np.asarray(np.minimum(scale**2 * inside / emitted, 1.0))


def pointing_factor(
    distance_km: npt.ArrayLike, *, beam_radius_m: npt.ArrayLike, pointing_jitter_rad: npt.ArrayLike
) -> FloatArray:
    """What jitter of the pointing leaves of the light on average, ``w^2 / (w^2 + 4 s^2 d^2)``.

    The mean of ``exp(-2 r^2 / w^2)`` over a Rayleigh-distributed offset r: for a receiver small against the beam. Where
    the transmitter cuts the beam off, the beam is wider than w and the true factor is a little better.

    Args:
        distance_km: Distance in km.
        beam_radius_m: Radius w of the beam at the receiver in m.
        pointing_jitter_rad: Standard deviation s of the pointing in rad, of each axis.

    Returns:
        Fractions, an array of the broadcast shape.
    """
    width = np.square(np.asarray(beam_radius_m, dtype=np.float64))
    offset = np.asarray(pointing_jitter_rad, dtype=np.float64) * np.asarray(distance_km, dtype=np.float64) * 1e3
    return np.asarray(width / (width + 4.0 * offset**2))


def air_mass(elevation_deg: npt.ArrayLike) -> FloatArray:
    """How much more air a slanted path crosses than one to the zenith.

    Kasten and Young, Appl. Opt. 28, 4735 (1989), eq. (3); ``1 / sin(e)`` exceeds it by a tenth at 5 degrees.

    Args:
        elevation_deg: Elevation in degrees.

    Returns:
        Air masses, the same shape; infinite below the horizon.
    """
    elevation = np.asarray(elevation_deg, dtype=np.float64)
    above = np.maximum(elevation, 0.0)
    mass = 1.0 / (np.sin(np.radians(above)) + 0.50572 * (above + 6.07995) ** -1.6364)
    return np.asarray(np.where(elevation >= 0.0, mass, np.inf))


def atmosphere_transmittance(
    elevation_deg: npt.ArrayLike, *, zenith_transmittance: npt.ArrayLike = ATMOSPHERE[0][1]
) -> FloatArray:
    """What the atmosphere leaves of the light of a satellite.

    The optical depth of `ATMOSPHERE` is interpolated over the air mass (and continued below 7 degrees), then scaled to
    the transmittance given for the zenith. ``zenith^(1 / sin e)`` would be right above 20 degrees only.

    Args:
        elevation_deg: Elevation in degrees.
        zenith_transmittance: Transmittance straight up, by default that of `ATMOSPHERE`.

    Returns:
        Fractions, an array of the broadcast shape; zero below the horizon.
    """
    elevations, transmittances = np.asarray(ATMOSPHERE, dtype=np.float64).T
    masses, depths = air_mass(elevations), -np.log(transmittances)
    mass = air_mass(elevation_deg)
    steepness = (depths[-1] - depths[-2]) / (masses[-1] - masses[-2])
    beyond = np.maximum(mass - masses[-1], 0.0)
    depth = np.interp(mass, masses, depths) + np.where(beyond > 0.0, beyond * steepness, 0.0)
    ratio = np.log(np.asarray(zenith_transmittance, dtype=np.float64)) / -depths[0]
    return np.asarray(np.where(np.isfinite(mass), np.exp(-np.where(np.isfinite(depth), depth, 0.0) * ratio), 0.0))


def downlink_loss(
    distance_km: npt.ArrayLike,
    *,
    elevation_deg: npt.ArrayLike,
    wavelength_nm: npt.ArrayLike,
    waist_m: npt.ArrayLike,
    receiver_radius_m: npt.ArrayLike,
    transmitter_radius_m: npt.ArrayLike | None = None,
    pointing_jitter_rad: npt.ArrayLike = 0.0,
    zenith_transmittance: npt.ArrayLike = ATMOSPHERE[0][1],
    system_loss_db: npt.ArrayLike = 0.0,
) -> DownlinkLoss:
    """Loss from a satellite's transmitter to a ground station's detector.

    Args:
        distance_km: Distance in km.
        elevation_deg: Elevation of the satellite in degrees.
        wavelength_nm: Wavelength in nm.
        waist_m: Radius (1/e^2) of the beam at the transmitter in m.
        receiver_radius_m: Radius of the receiving telescope in m.
        transmitter_radius_m: Radius of the transmitting telescope in m; None: it does not cut the beam off.
        pointing_jitter_rad: Standard deviation of the pointing of each axis in rad.
        zenith_transmittance: Transmittance of the atmosphere straight up.
        system_loss_db: Everything else in dB.

    Returns:
        The loss and its parts, arrays of the broadcast shape; infinite below the horizon.
    """
    collected = collected_fraction(
        distance_km,
        waist_m=waist_m,
        receiver_radius_m=receiver_radius_m,
        wavelength_nm=wavelength_nm,
        transmitter_radius_m=transmitter_radius_m,
    )
    width = beam_radius_m(distance_km, waist_m=waist_m, wavelength_nm=wavelength_nm)
    pointed = pointing_factor(distance_km, beam_radius_m=width, pointing_jitter_rad=pointing_jitter_rad)
    air = atmosphere_transmittance(elevation_deg, zenith_transmittance=zenith_transmittance)
    with np.errstate(divide="ignore"):
        parts = [-10.0 * np.log10(part) + 0.0 for part in (collected, pointed, air)]
    parts.append(np.asarray(system_loss_db, dtype=np.float64))
    diffraction, pointing, atmosphere, system = (np.array(part) for part in np.broadcast_arrays(*parts))
    total = np.asarray(diffraction + pointing + atmosphere + system)
    return DownlinkLoss(diffraction, pointing, atmosphere, system, total)


def sky_photon_rate(
    radiance_w_per_m2_sr_nm: npt.ArrayLike,
    *,
    field_of_view_rad: npt.ArrayLike,
    receiver_radius_m: npt.ArrayLike,
    bandwidth_nm: npt.ArrayLike,
    wavelength_nm: npt.ArrayLike,
) -> FloatArray:
    """Photons per second of the bright sky in a telescope, ``H Omega A dl / (h nu)``.

    `planner.physics.raman.counts_per_gate` makes clicks per gate of them, for skylight is as unpolarised and as steady.

    Args:
        radiance_w_per_m2_sr_nm: Spectral radiance H of the sky in W/(m^2 sr nm).
        field_of_view_rad: Full angle of the receiver's field of view in rad.
        receiver_radius_m: Radius of the telescope in m.
        bandwidth_nm: Bandwidth of the filter in nm.
        wavelength_nm: Wavelength in nm.

    Returns:
        Photons per second at the telescope's aperture, both polarisations; an array of the broadcast shape.
    """
    solid_angle = np.pi * np.square(np.asarray(field_of_view_rad, dtype=np.float64) / 2.0)
    area = np.pi * np.square(np.asarray(receiver_radius_m, dtype=np.float64))
    power = np.asarray(radiance_w_per_m2_sr_nm, dtype=np.float64) * solid_angle * area * np.asarray(bandwidth_nm)
    return photon_rate(power, wavelength_nm=wavelength_nm)
