"""The table of protocols: how each is evaluated and searched, and what bounds it. Nothing else knows them by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from planner.physics import continuous_variable, entanglement, mdi
from planner.physics.bounds import repeaterless_bound
from planner.physics.decoy_bb84 import answer as decoy
from planner.physics.decoy_bb84 import settings as decoy_settings
from planner.physics.fibre import transmittance
from planner.physics.parameters import BBM92, CAL, GAUSSIAN, MDI, ONE_DECOY, SNS, TWO_DECOY, settings_of
from planner.physics.twin_field import cal, sns

if TYPE_CHECKING:
    from planner.physics.entropy import FloatArray
    from planner.physics.optimise import Axis
    from planner.physics.outcome import Outcome

Arrays = Mapping[str, "FloatArray"]

LEAST_NOISE = 1e-12
"""Dark counts for each photon that arrives, which a search of settings with two decoys takes at least; the rate is that
of the true ones."""


class Formula(Protocol):
    """A protocol at given settings."""

    def __call__(
        self, parameters: Arrays, loss_db: FloatArray, settings: Arrays, *, arm_a_loss_db: FloatArray
    ) -> Outcome:
        """Evaluates it: module parameters, losses [dB] and settings, arrays that broadcast; per clock slot."""


class Place(Protocol):
    """Makes settings that keep every rule of the protocol."""

    def __call__(self, coordinates: Arrays, *, fixed: Arrays) -> dict[str, FloatArray]:
        """From coordinates of the open settings, and the settings that are given: all settings."""


@dataclass(frozen=True)
class Method:
    """How one protocol is evaluated and searched.

    Attributes:
        evaluate: The formula.
        search: The same for a search, which needs no `Outcome.possible`.
        axes: How open settings are searched, in this order.
        typical: Coordinates that stand for open settings where no settings give key.
        place: Makes settings from a point of the search.
        limits: Given settings, completed by those that are not searched in the asymptotic limit.
        bound: No rate lies above it: bits per slot, by the loss of the link in dB.
        tests: Settings that only finite blocks search.
    """

    evaluate: Formula
    search: Formula
    axes: Mapping[str, Axis]
    typical: Mapping[str, float]
    place: Place
    limits: Callable[[Arrays], dict[str, FloatArray]]
    bound: Callable[[FloatArray], FloatArray]
    tests: frozenset[str] = frozenset()


def method_of(protocol: str, *, words: Mapping[str, Any]) -> Method:
    """How a protocol is evaluated and searched.

    Args:
        protocol: A known protocol.
        words: Values of the keys of this protocol that are no numbers, such as ``security_proof``.

    Returns:
        The method.
    """
    return _MAKERS[protocol](words)


class _Formulas(Protocol):
    """What the file of a protocol holds."""

    @property
    def AXES(self) -> Mapping[str, Axis]: ...  # noqa: N802
    @property
    def TYPICAL(self) -> Mapping[str, float]: ...  # noqa: N802
    @property
    def evaluate(self) -> Callable[..., Outcome]: ...
    @property
    def place(self) -> Place: ...
    @property
    def bound(self) -> Callable[[FloatArray], FloatArray]: ...


def _method(
    formulas: _Formulas, *, asymptotic: Mapping[str, float] | None = None, evaluate: Formula | None = None
) -> Method:
    """The method of a file of formulas; `evaluate` replaces its own where that takes words."""

    def limits(fixed: Arrays) -> dict[str, FloatArray]:
        return {name: np.asarray(limit) for name, limit in (asymptotic or {}).items()} | dict(fixed)

    formula = formulas.evaluate if evaluate is None else evaluate
    return Method(formula, formula, formulas.AXES, formulas.TYPICAL, formulas.place, limits, formulas.bound)


def _decoy(protocol: str, *, wiesemann: bool = False) -> Method:
    settings = settings_of(protocol)
    formula = partial(decoy.evaluate, protocol=protocol, wiesemann=wiesemann)
    search = partial(formula, compared=False)
    return Method(
        evaluate=formula,
        search=partial(_with_some_noise, search) if protocol == TWO_DECOY else search,
        axes={name: axis for name, axis in decoy_settings.AXES.items() if name in settings},
        typical=decoy_settings.TYPICAL,
        place=partial(decoy_settings.place, protocol=protocol),
        limits=partial(decoy_settings.without_tests, protocol=protocol),
        bound=repeaterless_bound,
    )


def _with_some_noise(
    formula: Formula, parameters: Arrays, loss_db: FloatArray, settings: Arrays, *, arm_a_loss_db: FloatArray
) -> Outcome:
    """A formula as a search sees it: without any noise and error at all the best settings would lie at a cliff.

    There a single photon in the test basis would prove the key, and none would prove nothing.
    """
    least = LEAST_NOISE * transmittance(loss_db)
    noisy = {"dark_count_probability": np.maximum(parameters["dark_count_probability"], least)}
    return formula({**parameters, **noisy}, loss_db, settings, arm_a_loss_db=arm_a_loss_db)


def _sending_or_not(words: Mapping[str, Any]) -> Method:
    paired = np.asarray(float(words["aopp"]))

    def formula(
        parameters: Arrays, loss_db: FloatArray, settings: Arrays, *, arm_a_loss_db: FloatArray, compared: bool = True
    ) -> Outcome:
        chosen = {**settings, "aopp": paired}
        return sns.evaluate(parameters, loss_db, chosen, arm_a_loss_db=arm_a_loss_db, compared=compared)

    method = _method(sns, evaluate=formula)
    return replace(method, search=partial(formula, compared=False), tests=sns.TEST_SETTINGS)


def _gaussian(words: Mapping[str, Any]) -> Method:
    formula = partial(continuous_variable.evaluate, heterodyne=words["detection"] == "heterodyne")
    return _method(continuous_variable, asymptotic=continuous_variable.ASYMPTOTIC, evaluate=formula)


_MAKERS: Mapping[str, Callable[[Mapping[str, Any]], Method]] = MappingProxyType(
    {
        TWO_DECOY: lambda _: _decoy(TWO_DECOY),
        ONE_DECOY: lambda words: _decoy(ONE_DECOY, wiesemann=words["security_proof"] == "wiesemann2024"),
        MDI: lambda _: _method(mdi),
        CAL: lambda _: _method(cal),
        SNS: _sending_or_not,
        GAUSSIAN: _gaussian,
        BBM92: lambda _: _method(entanglement, asymptotic=entanglement.ASYMPTOTIC),
    }
)
