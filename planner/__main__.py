"""``python -m planner``: the same command line as ``planner``."""

from __future__ import annotations

import sys


def main() -> None:
    """Runs the command line."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show Chinese shows escapes; it must not stop the work.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    from planner.cli import app

    app(prog_name="planner")


if __name__ == "__main__":
    main()
