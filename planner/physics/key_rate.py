"""The one entry of the physics: key rate of a module at a loss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from planner.errors import InputError, Problem
from planner.physics import decoy_bb84
from planner.physics.bounds import repeaterless_bound
from planner.physics.checks import choice_problem, cross_problems, number_problem, protocol_problem, unknown_key
from planner.physics.decoy_bb84.settings import TYPICAL, open_axes, place, without_tests
from planner.physics.detector import live_fraction, system_transmittance
from planner.physics.module import Module, load_module
from planner.physics.optimise import maximise
from planner.physics.parameters import PARAMETERS, Parameter, settings_of

if TYPE_CHECKING:
    from planner.physics.entropy import FloatArray

_LOSS = Parameter("dB", "loss of the link", low=0.0)


@dataclass(frozen=True, eq=False)
class KeyRate:
    """What a module pair gives on a link. Arrays of the broadcast shape, 0-d for scalars.

    Attributes:
        protocol: The protocol.
        key_rate_bps: Secret bits per second after all sacrifices, never negative.
        key_bits_per_pulse: The same per clock slot.
        qber: Error rate of all clicks, also where there is no key; 1/2 where nothing ever clicks.
        sifted_rate_bps: Sifted bits per second, key basis (asymptotic: both bases), all intensities.
        bound_bps: Repeaterless bound of the channel (without the receiver) times the clock; NaN at 0 dB.
        settings: Every setting that was used, by key. Given back as overrides they give the same rate.
        breakdown: Where bits and decibels go. Per second: ``sent_per_s``, ``detected_per_s`` (clicks that the dead
            time leaves), ``sifted_bps`` = ``error_correction_bps`` + ``privacy_amplification_bps`` +
            ``finite_size_bps`` + ``key_rate_bps``. ``finite_size_bps`` is what the same formula without fluctuations
            and epsilon terms gives more, at the same settings; privacy amplification is the rest (asymptotic: with
            the sifted bits of decoy pulses, which make no key). The sum holds without key too: then error correction
            counts at most what is there. Decibels: ``channel_loss_db``, ``receiver_loss_db``, ``detector_loss_db``.
        at_limit: For each setting that was optimised: where there is key and the optimum lies on a limit of the
            search that is not a physical one.
    """

    protocol: str
    key_rate_bps: FloatArray
    key_bits_per_pulse: FloatArray
    qber: FloatArray
    sifted_rate_bps: FloatArray
    bound_bps: FloatArray
    settings: dict[str, FloatArray]
    breakdown: dict[str, FloatArray]
    at_limit: dict[str, npt.NDArray[np.bool_]]


def key_rate(module: str | Path | Mapping[str, Any] | Module, *, loss_db: npt.ArrayLike, **overrides: Any) -> KeyRate:
    """Secret-key rate of one module pair on a link; settings that are absent are optimised for each element.

    Lim et al., PRA 89, 022307 (2014), eq. (1) with block size, Ma et al., PRA 72, 012326 (2005), eq. (1) without it;
    one decoy: Rusca et al., APL 112, 171104 (2018), eq. (A25), or its correction arXiv:2405.16578.

    Args:
        module: A shipped id, the path of a TOML file, a mapping of module keys, or a `Module`.
        loss_db: Loss of the link in dB, without the receiver; any shape.
        **overrides: Module keys (see `PARAMETERS`) that replace the module's; numbers may be arrays that broadcast
            against `loss_db`. None means absent: a setting is optimised, `block_bits` is asymptotic (infinity is not
            permitted, for the asymptotic rate counts both bases), another key takes its default.

    Returns:
        The key rate and all that belongs to it.

    Raises:
        InputError: The module, the loss or an override is wrong; holds every problem with key, value and range.

    Example:
        >>> float(key_rate({"protocol": "bb84-decoy"}, loss_db=10.0).key_rate_bps) > 1e6
        True
    """
    loaded = load_module(module)
    protocol, parameters = _parameters(loaded, loss_db=loss_db, overrides=overrides)
    wiesemann = parameters.pop("security_proof", None) == "wiesemann2024"
    loss = np.asarray(loss_db, dtype=np.float64)
    arrays = {key: np.asarray(value, dtype=np.float64) for key, value in parameters.items()}
    shape = np.broadcast_shapes(loss.shape, *(array.shape for array in arrays.values()))
    flat = {key: np.broadcast_to(array, shape).ravel() for key, array in arrays.items()}
    link = _Link(protocol, flat, loss=np.broadcast_to(loss, shape).ravel(), wiesemann=wiesemann)
    result = link.key_rate()

    def shaped(array: npt.NDArray[Any]) -> Any:
        return np.array(np.broadcast_to(array, link.loss.shape)).reshape(shape)

    return replace(
        result,
        key_rate_bps=shaped(result.key_rate_bps),
        key_bits_per_pulse=shaped(result.key_bits_per_pulse),
        qber=shaped(result.qber),
        sifted_rate_bps=shaped(result.sifted_rate_bps),
        bound_bps=shaped(result.bound_bps),
        settings={name: shaped(values) for name, values in result.settings.items()},
        breakdown={name: shaped(values) for name, values in result.breakdown.items()},
        at_limit={name: shaped(values) for name, values in result.at_limit.items()},
    )


def _parameters(module: Module, *, loss_db: npt.ArrayLike, overrides: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The protocol and every parameter that it uses, checked."""
    protocol = overrides.get("protocol") if overrides.get("protocol") is not None else module.protocol
    changed = {key: value for key, value in overrides.items() if key != "protocol"}
    problems = [
        problem
        for problem in (
            protocol_problem(protocol),
            number_problem("loss_db", loss_db, known=_LOSS),
            *(_override_problem(key, value) for key, value in changed.items()),
        )
        if problem is not None
    ]
    if problems:
        raise InputError(problems)
    values = {key: value for key, value in module.parameters.items() if key not in changed}
    values |= {key: value for key, value in changed.items() if value is not None}
    defaults = {key: known.default for key, known in PARAMETERS.items() if known.default is not None}
    used = {key: value for key, value in (defaults | values).items() if protocol in PARAMETERS[key].protocols}
    problems = _shape_problems(loss_db, used) or cross_problems(str(protocol), used)
    if problems:
        raise InputError(problems)
    return str(protocol), used


def _override_problem(key: str, value: Any) -> Problem | None:
    known = PARAMETERS.get(key)
    if known is None:
        return unknown_key(key, known=(*PARAMETERS, "protocol"))
    if value is None:
        return None
    return (choice_problem if known.choices else number_problem)(key, value, known=known)


def _shape_problems(loss_db: npt.ArrayLike, values: Mapping[str, Any]) -> list[Problem]:
    shapes = {"loss_db": np.shape(loss_db)} | {key: np.shape(value) for key, value in values.items()}
    try:
        np.broadcast_shapes(*shapes.values())
    except ValueError:
        shown = ", ".join(f"{key} {shape}" for key, shape in shapes.items() if shape)
        return [Problem(f"arrays do not fit together: {shown}", column="loss_db", expected="shapes that broadcast")]
    return []


class _Link:
    """One module on many links: parameters and fixed settings as flat arrays."""

    def __init__(self, protocol: str, values: dict[str, FloatArray], *, loss: FloatArray, wiesemann: bool) -> None:
        self.protocol = protocol
        self.wiesemann = wiesemann
        self.loss = loss
        self.names = settings_of(protocol)
        self.parameters = {key: array for key, array in values.items() if key not in self.names}
        self.parameters["transmittance"] = system_transmittance(
            loss,
            receiver_loss_db=self.parameters["receiver_loss_db"],
            detector_efficiency=self.parameters["detector_efficiency"],
        )
        self.fixed = {key: array for key, array in values.items() if key in self.names}
        if "block_bits" not in values:
            limits = without_tests(self.fixed, protocol=protocol)
            self.fixed = {key: np.broadcast_to(array, loss.shape) for key, array in limits.items()}
        self.axes = open_axes(self.names, fixed=self.fixed)

    def objective(
        self, coordinates: Sequence[FloatArray], elements: npt.NDArray[np.intp]
    ) -> tuple[FloatArray, FloatArray]:
        """Key bits per clock slot after the dead time, and the guide, for some elements."""
        parameters = {key: array[elements] for key, array in self.parameters.items()}
        fixed = {key: array[elements] for key, array in self.fixed.items()}
        named = {axis.name: array for axis, array in zip(self.axes, coordinates, strict=True)}
        settings = place(named, fixed=fixed, protocol=self.protocol)
        found = decoy_bb84.evaluate(parameters, settings, protocol=self.protocol, wiesemann=self.wiesemann)
        live = live_fraction(found.clicks, clock_hz=parameters["clock_hz"], dead_time_s=parameters["dead_time_s"])
        return np.asarray(found.secret * live), found.guide

    def settings(self) -> tuple[dict[str, FloatArray], dict[str, npt.NDArray[np.bool_]]]:
        """The settings of every element, and where the optimum lies on a limit."""
        if not self.axes or not self.loss.size:
            settings = place({axis.name: np.zeros(0) for axis in self.axes}, fixed=self.fixed, protocol=self.protocol)
            return settings, {axis.name: np.zeros(self.loss.shape, dtype=np.bool_) for axis in self.axes}
        optimum = maximise(self.objective, axes=self.axes, elements=self.loss.size)
        named = {
            axis.name: np.where(optimum.values > 0.0, found, TYPICAL[axis.name])
            for axis, found in zip(self.axes, optimum.coordinates, strict=True)
        }
        settings = place(named, fixed=self.fixed, protocol=self.protocol)
        at_limit = {axis.name: found for axis, found in zip(self.axes, optimum.at_limit, strict=True)}
        return settings, at_limit

    def key_rate(self) -> KeyRate:
        """The key rate of every element."""
        settings, at_limit = self.settings()
        found = decoy_bb84.evaluate(self.parameters, settings, protocol=self.protocol, wiesemann=self.wiesemann)
        ideal = decoy_bb84.evaluate(
            self.parameters, settings, protocol=self.protocol, wiesemann=self.wiesemann, fluctuations=False
        )
        clock = self.parameters["clock_hz"]
        live = live_fraction(found.clicks, clock_hz=clock, dead_time_s=self.parameters["dead_time_s"])
        rate = clock * live
        key = rate * np.maximum(found.secret, 0.0)
        possible = np.maximum(rate * np.maximum(ideal.secret, 0.0), key)
        sifted = rate * found.sifted
        correction = np.minimum(rate * found.leak, np.maximum(sifted - possible, 0.0))
        return KeyRate(
            protocol=self.protocol,
            key_rate_bps=key,
            key_bits_per_pulse=key / clock,
            qber=found.qber,
            sifted_rate_bps=sifted,
            bound_bps=clock * repeaterless_bound(self.loss),
            settings={name: settings[name] for name in self.names},
            breakdown={
                "sent_per_s": clock,
                "detected_per_s": rate * found.clicks,
                "sifted_bps": sifted,
                "error_correction_bps": correction,
                "privacy_amplification_bps": np.maximum(sifted - correction - possible, 0.0),
                "finite_size_bps": possible - key,
                "key_rate_bps": key,
                "channel_loss_db": self.loss,
                "receiver_loss_db": self.parameters["receiver_loss_db"],
                "detector_loss_db": -10.0 * np.log10(self.parameters["detector_efficiency"]) + 0.0,
            },
            at_limit=at_limit,
        )
