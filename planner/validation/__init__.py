"""The model beside published cases: experiments, figures, fixed points of formulas.

Cases are data (``data/published/*.toml``); a case names one of a few comparisons, each of which asks the same functions
that plan networks. No parameter is adjusted to a case, and every tolerance says what the publication leaves open.
"""

from planner.validation.cases import Case, Part, Tolerance, load_cases
from planner.validation.curves import Curve, model_curves
from planner.validation.devices import device_points
from planner.validation.table import COLUMNS, failures, validate

__all__ = [
    "COLUMNS",
    "Case",
    "Curve",
    "Part",
    "Tolerance",
    "device_points",
    "failures",
    "load_cases",
    "model_curves",
    "validate",
]
