"""A viewer in a process of its own, and tabs that look at it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SCRIPT = """
import sys
sys.path.insert(0, {root!r})
{make}
from planner.viewer import run
run(network, port={port}, announce=lambda url: print(url, flush=True))
"""


@dataclass
class Server:
    """A viewer in a process of its own."""

    make: str
    process: Any = None
    url: str = ""

    def start(self, port: int = 0) -> None:
        script = SCRIPT.format(root=str(Path(__file__).parents[2]), make=self.make, port=port)
        self.process = subprocess.Popen(
            [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env={**os.environ}
        )
        self.url = self.process.stdout.readline().strip()

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate(timeout=30)


@dataclass
class Viewer:
    """A tab that looks at a viewer, and what went wrong in it."""

    page: Any
    errors: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)

    def open(self, url: str) -> Any:
        self.page.set_default_timeout(20_000)
        own = url.partition("#")[0]
        self.page.on("console", lambda message: message.type == "error" and self.errors.append(message.text))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.errors.append(dialog.message), dialog.dismiss()))
        self.page.on("request", lambda r: r.url.startswith((own, "blob:", "data:")) or self.strangers.append(r.url))
        self.page.goto(url)
        self.settle()
        return self.page

    def settle(self) -> None:
        self.page.wait_for_selector("#map[data-live=ready]")

    def assert_quiet(self) -> None:
        assert self.errors == []
        assert self.strangers == []
