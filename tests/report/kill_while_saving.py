"""Saves plans into a folder again and again until it is killed: run by the test of the folder.

The parent makes both plans once, then forks a saver for every round and kills it at a random moment, so
that dozens of deaths cost a second. Prints a line of JSON: what was found after each death.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

from planner.report import folder as folder_module
from planner.report.folder import save_plan


def main(target: Path, rounds: int) -> None:
    contents = {
        which: [("plan.json", _plan_json(which)), *((f"inputs/{i}.csv", which * 20_000) for i in range(6))]
        for which in (b"A", b"B")
    }
    folder_module._contents = lambda plan, **_: iter(contents[plan])
    started = time.monotonic()
    save_plan(b"A", target)
    longest_s = max(0.1, 5 * (time.monotonic() - started))  # a busy machine saves slowly
    (target / "mine.txt").write_text("kept")
    chance, found, left = random.Random(1), [], 0  # noqa: S311
    for number in range(rounds):
        saver = os.fork()
        if saver == 0:
            while True:
                for which in (b"AB", b"BA")[number % 2]:
                    save_plan(bytes([which]), target)
        time.sleep(chance.uniform(0.0, longest_s))
        os.kill(saver, signal.SIGKILL)
        os.waitpid(saver, 0)
        found.append(_state(target, contents))
        left = max(left, len([path for path in target.parent.iterdir() if path != target]))
    save_plan(b"A", target)
    last = [path.name for path in target.parent.iterdir()]
    sys.stdout.write(json.dumps({"found": found, "left": left, "last": last}))


def _plan_json(which: bytes) -> bytes:
    marks = dict.fromkeys(("network", "demands", "links", "growth", "version"), which.decode())
    return json.dumps(marks | {"inputs": {f"inputs/{i}.csv": "" for i in range(6)}}).encode()


def _state(target: Path, contents: dict[bytes, list[tuple[str, bytes]]]) -> str:
    files = {path.relative_to(target).as_posix(): path.read_bytes() for path in target.rglob("*") if path.is_file()}
    for which, expected in contents.items():
        if files == {**dict(expected), "mine.txt": b"kept"}:
            return which.decode()
    return f"broken: {sorted(files)}"


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
