"""Golden files: what a command printed when somebody last looked at it and found it right.

``PLANNER_UPDATE_GOLDEN=1 pytest tests/test_cli.py`` writes them anew; read the difference before it is committed.
"""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"


def assert_golden(name: str, text: str) -> None:
    """Compares text with a golden file, line for line; trailing blanks do not count."""
    lines = [line.rstrip() for line in text.splitlines()]
    path = FOLDER / name
    if os.environ.get("PLANNER_UPDATE_GOLDEN"):
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert lines == path.read_text(encoding="utf-8").splitlines(), f"differs from tests/golden/{name}"
