"""What all tests share: repeatable random cases, and output that does not depend on who runs them."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

# The same cases on every run and every machine: a red test is red for everybody. Time limits per case
# depend on the machine, so there are none.
settings.register_profile(
    "planner", derandomize=True, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("planner")


@pytest.fixture(autouse=True, scope="session")
def _plain_surroundings() -> object:
    """No colour, no screen, a fixed width, nobody's own Python path."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("FORCE_COLOR", "PY_COLORS", "CLICOLOR_FORCE", "PYTHONPATH", "PYTHONWARNINGS", "LINES"):
            patch.delenv(name, raising=False)
        patch.setenv("NO_COLOR", "1")
        patch.setenv("TERM", "dumb")
        patch.setenv("COLUMNS", "100")
        patch.setenv("MPLBACKEND", "Agg")
        yield
