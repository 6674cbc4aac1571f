"""The results: published cases and the model, one row a value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from planner.validation.cases import FAMILIES, Case, Part, load_cases
from planner.validation.comparisons import COMPARISONS
from planner.validation.setup import Setup, setup_of

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "case",
    "family",
    "title",
    "protocol",
    "what",
    "quantity",
    "at",
    "loss_db",
    "clock_hz",
    "expected",
    "got",
    "ratio",
    "tolerance",
    "verdict",
    "strong",
    "reason",
    "because",
    "provenance",
    "source",
)

WITHIN, OUTSIDE, SHOWN = "within", "outside", "shown only"


def validate(cases: Mapping[str, Mapping[str, Case]] | None = None) -> pd.DataFrame:
    """Runs the model against published cases.

    Args:
        cases: Cases by family and id; those that ship by default.

    Returns:
        One row a published value, columns `COLUMNS`: ``case``, ``family``, ``title``, ``protocol``, ``what`` is
        compared, ``quantity`` (its name carries the unit), ``at`` (where there are several points), ``loss_db`` and
        ``clock_hz`` (NaN where a case has none), ``expected`` (the published value), ``got`` (the model's; NaN where
        the planner offers nothing to compare), ``ratio`` (got over expected), ``tolerance`` in words, ``verdict``
        (``within``, ``outside``, or ``shown only`` where nothing is demanded), ``strong``, ``reason`` (why it is
        shown only, or what differs), ``because`` (what justifies the tolerance), ``provenance`` and ``source``. A
        case without values has one row without numbers.

    Raises:
        InputError: A case asks for a comparison that does not exist, or has wrong parameters.
    """
    import pandas as pd

    families = load_cases() if cases is None else cases
    rows = [
        row
        for family, known in families.items()
        for case_id, case in known.items()
        for row in _case_rows(case_id, case, family=FAMILIES.get(family, family))
    ]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    numbers = ("loss_db", "clock_hz", "expected", "got", "ratio")
    return frame.astype({**dict.fromkeys(numbers, float), "strong": bool})


def failures(results: pd.DataFrame) -> list[str]:
    """The ids of the strong cases of which a value lies outside its tolerance, in their order."""
    return list(dict.fromkeys(results.loc[results["verdict"] == OUTSIDE, "case"]))


def _case_rows(case_id: str, case: Case, *, family: str) -> Iterator[dict[str, Any]]:
    common = {
        "case": case_id,
        "family": family,
        "title": case.title,
        "protocol": case.protocol,
        "strong": case.strong,
        "provenance": ", ".join(case.provenance),
        "source": case.source,
    }
    if not case.parts:
        empty: dict[str, Any] = dict.fromkeys(("loss_db", "clock_hz", "expected", "got", "ratio"), np.nan)
        empty |= {"what": "", "quantity": "", "at": ""}
        told = {"tolerance": "", "verdict": SHOWN, "reason": case.reason, "because": case.because}
        yield {**common, **empty, **told}
    for part in case.parts:
        yield from ({**common, **row} for row in _part_rows(case, part))


def _part_rows(case: Case, part: Part) -> Iterator[dict[str, Any]]:
    setup = setup_of(case, part)
    found = COMPARISONS[str(part.comparison or case.comparison)](setup)
    gated = case.strong and part.gated
    losses = np.broadcast_to(setup.loss_db if setup.has_loss else np.nan, (part.points,))
    for quantity, values in part.expected.items():
        expected = np.broadcast_to(np.asarray(values, dtype=np.float64), (part.points,))
        got = np.broadcast_to(np.asarray(found.get(quantity, np.nan), dtype=np.float64), (part.points,))
        for i in range(part.points):
            yield {
                "what": part.what,
                "quantity": quantity,
                "at": _where(setup, i),
                "loss_db": losses[i],
                "clock_hz": setup.module.get("clock_hz", np.nan),
                "expected": expected[i],
                "got": got[i],
                "ratio": got[i] / expected[i] if expected[i] else np.nan,
                "tolerance": "" if part.tolerance is None else str(part.tolerance),
                "verdict": _verdict(part, gated=gated, found=float(got[i]), expected=float(expected[i])),
                "reason": part.reason or ("" if gated else case.reason) or case.note or "",
                "because": part.because or case.because,
            }


def _where(setup: Setup, point: int) -> str:
    """The swept inputs of a point: ``loss_db 20``."""
    return ", ".join(f"{name} {setup.inputs[name][point]:g}" for name in setup.inputs if name in setup.swept)


def _verdict(part: Part, *, gated: bool, found: float, expected: float) -> str:
    if not gated or part.tolerance is None:
        return SHOWN
    return WITHIN if part.tolerance.admits(found, expected=expected) else OUTSIDE
