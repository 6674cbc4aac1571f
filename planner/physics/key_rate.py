"""The one entry of the physics: key rate of a module at a loss."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from planner.errors import InputError, Problem
from planner.physics.checks import choice_problem, cross_problems, number_problem, protocol_problem, unknown_key
from planner.physics.detector import system_transmittance
from planner.physics.module import Module, load_module
from planner.physics.optimise import at_limits, maximise
from planner.physics.parameters import ARMS, PARAMETERS, Parameter, settings_of
from planner.physics.protocols import Method, method_of
from planner.physics.settings_table import Family, Links, SettingsTable, family_of, settings_table

if TYPE_CHECKING:
    from planner.physics.entropy import FloatArray

MANY = 2000
"""Number of elements of one call above which a table of settings is made."""
ELEMENTS_AT_ONCE = 16384
"""Evaluated together, so that the arrays stay within the processor's cache."""
_SEARCHED_AT_ONCE = 8 * ELEMENTS_AT_ONCE
"""Settings are found for more at once, because few need more than the table."""
_LARGE = 3_000_000
_LOSS = Parameter("dB", "loss of the link, or of its first arm", low=0.0)


@dataclass(frozen=True, eq=False)
class KeyRate:
    """What a module pair gives on a link. Arrays of the broadcast shape, 0-d for scalars.

    Attributes:
        protocol: The protocol.
        key_rate_bps: Secret bits per second after all sacrifices, never negative.
        key_bits_per_pulse: The same per clock slot.
        qber: Error rate of all clicks, also where there is no key; 1/2 where nothing ever clicks; NaN for
            `cv-gaussian`, which has no bits that could be wrong.
        sifted_rate_bps: Sifted bits per second, key basis (asymptotic: both bases), all intensities; for `cv-gaussian`
            the mutual information.
        bound_bps: Capacity of the channel (without the receiver) times the clock, without a repeater, or with one where
            the protocol has something in the middle; NaN at 0 dB.
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


def key_rate(
    module: str | Path | Mapping[str, Any] | Module,
    *,
    loss_db: npt.ArrayLike,
    arm_a_loss_db: npt.ArrayLike | None = None,
    **overrides: Any,
) -> KeyRate:
    """Secret-key rate of one module pair on a link; settings that are absent are optimised for each element.

    BB84: Lim et al., PRA 89, 022307 (2014), eq. (1) with block size, Ma et al., PRA 72, 012326 (2005), eq. (1) without
    it; one decoy: Rusca et al., APL 112, 171104 (2018), eq. (A25), or its correction arXiv:2405.16578. `mdi`,
    `twin_field`, `continuous_variable` and `entanglement` name the papers of the other protocols.

    Args:
        module: A shipped id, the path of a TOML file, a mapping of module keys, or a `Module`.
        loss_db: Loss of the link in dB, end to end, without the receiver; any shape.
        arm_a_loss_db: Loss of the first arm in dB, where the station (or source) of a protocol that has one is not in
            the middle; broadcasts against `loss_db`. None: half of the loss.
        **overrides: Module keys (see `PARAMETERS`) that replace the module's; numbers may be arrays that broadcast
            against `loss_db`. None means absent: a setting is optimised, `block_bits` is asymptotic (infinity is not
            permitted, for the asymptotic rate counts both bases), another key takes its default.

    Returns:
        The key rate and all that belongs to it. More than 2,000 elements of `bb84-decoy` or `bb84-one-decoy` with open
        signal and decoy intensities (other settings open or not, finite or asymptotic) that share everything but loss,
        efficiency, noise and misalignment take their settings from a table of best settings, made in some seconds at
        its first use and kept. Their rate is the same formula at settings next to the best ones: at most 1e-3 below
        that of the same element in a smaller call, for rates above 1e-8 bit per pulse. Other elements are searched one
        by one, which takes about a millisecond each.

    Raises:
        InputError: The module, a loss or an override is wrong, or a protocol without arms is given one; holds every
            problem with key, value and range.

    Example:
        >>> float(key_rate({"protocol": "bb84-decoy"}, loss_db=10.0).key_rate_bps) > 1e6
        True
    """
    loaded = load_module(module)
    losses = {"loss_db": loss_db} | ({} if arm_a_loss_db is None else {"arm_a_loss_db": arm_a_loss_db})
    protocol, parameters = _parameters(loaded, losses=losses, overrides=overrides)
    words = {key: parameters.pop(key) for key in list(parameters) if PARAMETERS[key].choices}
    arrays = {key: np.asarray(value, dtype=np.float64) for key, value in (losses | parameters).items()}
    shape = np.broadcast_shapes(*(array.shape for array in arrays.values()))
    flat = {key: _flat(array, shape) for key, array in arrays.items()}
    loss = flat.pop("loss_db")
    arm = flat.pop("arm_a_loss_db", loss / 2.0)
    link = _Link(protocol, flat, loss=loss, arm=arm, method=method_of(protocol, words=words))
    if loss.size > MANY:
        family = family_of(protocol, words=words, parameters=link.parameters, fixed=link.fixed)
        link.table = None if family is None else settings_table(family)
    return _in_parts(link, shape=shape)


def _flat(array: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    """One dimension, without copies of what is the same everywhere."""
    if array.size == 1:
        return np.broadcast_to(array.reshape(()), (math.prod(shape),))
    return np.broadcast_to(array, shape).ravel()


def _in_parts(link: _Link, *, shape: tuple[int, ...]) -> KeyRate:
    """The key rate of every element, in parts that stay within the processor's cache, on all processors."""
    size = link.loss.size
    if size <= ELEMENTS_AT_ONCE:
        found = link.key_rate(link.search())
        return _shaped(link, {key: array.copy() for key, array in _arrays(found)}, shape=shape)
    # The C library keeps freed memory for the next array, instead of giving it back page by page, once an array as
    # large as this was freed. It is never touched; without it half of the time goes into new pages.
    np.empty(_LARGE)
    names = _arrays(link.part(slice(0, 0)).key_rate(np.empty((len(link.axes), 0))))
    whole = {key: np.empty(size, dtype=array.dtype) for key, array in names}
    processors = os.cpu_count() or 1
    together = min(_SEARCHED_AT_ONCE, -(-size // processors)) if link.table is not None else ELEMENTS_AT_ONCE

    def work(start: int) -> None:
        some = link.part(slice(start, start + together))
        coordinates = some.search()
        for first in range(0, some.loss.size, ELEMENTS_AT_ONCE):
            part = slice(first, first + ELEMENTS_AT_ONCE)
            result = some.part(part).key_rate(coordinates[:, part])
            for key, array in _arrays(result):
                whole[key][start : start + together][part] = array

    starts = range(0, size, together)
    with ThreadPoolExecutor(max_workers=min(processors, len(starts))) as workers:
        list(workers.map(work, starts))
    return _shaped(link, whole, shape=shape)


def _shaped(link: _Link, arrays: dict[tuple[str, str], npt.NDArray[Any]], *, shape: tuple[int, ...]) -> KeyRate:
    """A result of the arrays that `_arrays` names, in the shape of the call."""
    made: dict[str, Any] = {field: {} for field in _GROUPS}
    for (field, name), array in arrays.items():
        whole = array if array.shape == link.loss.shape else np.full(link.loss.shape, array)
        if name:
            made[field][name] = whole.reshape(shape)
        else:
            made[field] = whole.reshape(shape)
    return KeyRate(protocol=link.protocol, **made)


def _arrays(result: KeyRate) -> Iterator[tuple[tuple[str, str], npt.NDArray[Any]]]:
    """Every array of a result by field and, in a dict, name."""
    for field in _SINGLE:
        yield (field, ""), np.asarray(getattr(result, field))
    for field in _GROUPS:
        yield from (((field, name), np.asarray(array)) for name, array in getattr(result, field).items())


def _parameters(
    module: Module, *, losses: Mapping[str, npt.ArrayLike], overrides: Mapping[str, Any]
) -> tuple[str, dict[str, Any]]:
    """The protocol and every parameter that it uses, checked."""
    protocol = overrides.get("protocol") if overrides.get("protocol") is not None else module.protocol
    changed = {key: value for key, value in overrides.items() if key != "protocol"}
    problems = [
        problem
        for problem in (
            protocol_problem(protocol),
            *(number_problem(key, loss, known=_LOSS) for key, loss in losses.items()),
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
    problems = _shape_problems({**losses, **used})
    problems = problems or cross_problems(str(protocol), values) + _arm_problems(str(protocol), losses)
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


def _shape_problems(values: Mapping[str, Any]) -> list[Problem]:
    shapes = {key: np.shape(value) for key, value in values.items()}
    try:
        np.broadcast_shapes(*shapes.values())
    except ValueError:
        shown = ", ".join(f"{key} {shape}" for key, shape in shapes.items() if shape)
        return [Problem(f"arrays do not fit together: {shown}", column="loss_db", expected="shapes that broadcast")]
    return []


def _arm_problems(protocol: str, losses: Mapping[str, npt.ArrayLike]) -> list[Problem]:
    if "arm_a_loss_db" not in losses:
        return []
    if protocol not in ARMS:
        message = f"arm_a_loss_db is given, but a link of {protocol} has no arms"
        return [Problem(message, column="arm_a_loss_db", expected="arms with one of " + ", ".join(sorted(ARMS)))]
    arm, loss = np.broadcast_arrays(
        *(np.asarray(losses[key], dtype=np.float64) for key in ("arm_a_loss_db", "loss_db"))
    )
    wrong = arm > loss
    if not wrong.any():
        return []
    message = f"arm_a_loss_db is {arm[wrong].ravel()[0]:g} and loss_db is {loss[wrong].ravel()[0]:g}"
    return [Problem(message, column="arm_a_loss_db", expected="arm_a_loss_db <= loss_db")]


_SINGLE = ("key_rate_bps", "key_bits_per_pulse", "qber", "sifted_rate_bps", "bound_bps")
_GROUPS = ("settings", "breakdown", "at_limit")


class _Link:
    """One module on many links: parameters and fixed settings as flat arrays."""

    table: SettingsTable | None = None

    def __init__(
        self, protocol: str, values: dict[str, FloatArray], *, loss: FloatArray, arm: FloatArray, method: Method
    ) -> None:
        self.protocol = protocol
        self.method = method
        self.loss, self.arm = loss, arm
        self.names = settings_of(protocol)
        self.parameters = {key: array for key, array in values.items() if key not in self.names}
        self.fixed = {key: array for key, array in values.items() if key in self.names}
        if "block_bits" not in values:
            limits = method.limits(self.fixed)
            self.fixed = {key: np.broadcast_to(array, loss.shape) for key, array in limits.items()}
        known = self.fixed.keys() if "block_bits" in values else self.fixed.keys() | method.tests
        self.axes = [axis for name, axis in method.axes.items() if name not in known]

    def objective(
        self, coordinates: Sequence[FloatArray], elements: npt.NDArray[np.intp]
    ) -> tuple[FloatArray, FloatArray]:
        """Key bits per clock slot after the dead time, and the guide, for some elements."""
        parameters = {key: array[elements] for key, array in self.parameters.items()}
        fixed = {key: array[elements] for key, array in self.fixed.items()}
        named = {axis.name: array for axis, array in zip(self.axes, coordinates, strict=True)}
        settings = self.method.place(named, fixed=fixed)
        found = self.method.search(parameters, self.loss[elements], settings, arm_a_loss_db=self.arm[elements])
        return np.asarray(found.secret * found.live(parameters)), found.guide

    def part(self, part: slice) -> _Link:
        """Some of the links."""
        values = {key: array[part] for key, array in (self.parameters | self.fixed).items()}
        link = _Link(self.protocol, values, loss=self.loss[part], arm=self.arm[part], method=self.method)
        link.table = self.table
        return link

    def search(self) -> FloatArray:
        """Coordinates of the best open settings of every element, shape (axis, element); typical ones without key."""
        if not self.axes or not self.loss.size:
            return np.zeros((len(self.axes), self.loss.size))
        if self.table is not None:
            return self.table.coordinates(self._links(self.table.family))
        optimum = maximise(self.objective, axes=self.axes, elements=self.loss.size)
        typical = np.array([[self.method.typical[axis.name]] for axis in self.axes])
        return np.where(optimum.values > 0.0, optimum.coordinates, typical)

    def _links(self, family: Family) -> Links:
        """What a table of settings is looked up with."""
        known = {key: _thin(array) for key, array in self.parameters.items()}
        eta = system_transmittance(
            self.loss, receiver_loss_db=known["receiver_loss_db"], detector_efficiency=known["detector_efficiency"]
        )
        noise = 2.0 * known["dark_count_probability"] + known.get("background_probability", 0.0)
        noise, error = (np.broadcast_to(array, eta.shape) for array in (noise, known["misalignment_error"]))
        return Links(family, transmittance=eta, noise=noise, error=error)

    def key_rate(self, coordinates: FloatArray) -> KeyRate:
        """The key rate of every element at coordinates of the open settings, shape (axis, element)."""
        named = {axis.name: array for axis, array in zip(self.axes, coordinates, strict=True)}
        known = {key: _thin(array) for key, array in self.parameters.items()}
        settings = self.method.place(named, fixed={key: _thin(array) for key, array in self.fixed.items()})
        found = self.method.evaluate(known, self.loss, settings, arm_a_loss_db=self.arm)
        clock = known["clock_hz"]
        rate = clock * found.live(known)
        key = rate * np.maximum(found.secret, 0.0)
        limits = at_limits(coordinates, key, axes=self.axes)
        possible = np.maximum(rate * np.maximum(found.possible, 0.0), key)
        sifted = rate * found.sifted
        correction = np.minimum(rate * found.leak, np.maximum(sifted - possible, 0.0))
        return KeyRate(
            protocol=self.protocol,
            key_rate_bps=key,
            key_bits_per_pulse=key / clock,
            qber=found.qber,
            sifted_rate_bps=sifted,
            bound_bps=clock * self.method.bound(self.loss),
            settings={name: settings[name] for name in self.names if name in settings},
            breakdown={
                "sent_per_s": clock,
                "detected_per_s": rate * found.clicks,
                "sifted_bps": sifted,
                "error_correction_bps": correction,
                "privacy_amplification_bps": np.maximum(sifted - correction - possible, 0.0),
                "finite_size_bps": possible - key,
                "key_rate_bps": key,
                "channel_loss_db": self.loss,
                "receiver_loss_db": known["receiver_loss_db"],
                "detector_loss_db": -10.0 * np.log10(known["detector_efficiency"]) + 0.0,
            },
            at_limit=dict(zip(named, limits, strict=True)),
        )


def _thin(array: FloatArray) -> FloatArray:
    """One number instead of an array that holds it many times: formulas are quicker so."""
    return array[0] if array.strides == (0,) and array.size else array
