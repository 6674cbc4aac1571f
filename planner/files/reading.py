"""What one reading of a network gathers: problems, notes and the files that were read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from planner.errors import InputError, Problem
from planner.network import InputFile


@dataclass
class Reading:
    """Gathers while files are read, so that every problem of every file is told at once.

    Attributes:
        problems: What is wrong so far.
        notes: What a planner should know but that is no error.
        contents: The files read so far: their bytes by their place among the inputs.
    """

    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    contents: dict[str, bytes] = field(default_factory=dict)

    @contextmanager
    def collecting(self) -> Iterator[None]:
        """Keeps the problems of an InputError raised inside and goes on after the block."""
        try:
            yield
        except InputError as error:
            self.problems.extend(error.problems)

    def read(self, path: Path, *, file: str) -> bytes:
        """Reads a file and remembers that it was read.

        Args:
            path: The file.
            file: Its place among the inputs, which is also its name in messages.

        Returns:
            The bytes.

        Raises:
            InputError: The file is missing, is no regular file or cannot be read.
        """
        content = read_bytes(path, file=file)
        self.contents[file] = content
        return content

    def note(self, problem: Problem) -> None:
        """Keeps a remark, with its place."""
        self.notes.append(str(problem))

    def raise_problems(self) -> None:
        """Raises what was found, each problem once.

        Raises:
            InputError: There is any problem.
        """
        if self.problems:
            raise InputError(dict.fromkeys(self.problems))

    @property
    def files(self) -> tuple[InputFile, ...]:
        """The files read, in the order of their names."""
        return tuple(InputFile(name=name, content=content) for name, content in sorted(self.contents.items()))


def exists(path: Path) -> bool:
    """Whether there is anything at a path; a path that cannot be (too long, with a NUL) leads nowhere."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def read_bytes(path: Path, *, file: str) -> bytes:
    """The bytes of a regular file.

    Args:
        path: The file.
        file: Its name in messages.

    Raises:
        InputError: The file is missing, is no regular file or cannot be read.
    """
    try:
        if path.is_dir():
            raise InputError(Problem("is a folder where a file belongs", file=file))
        if path.exists() and not path.is_file():
            raise InputError(Problem("is not a regular file", file=file))
        return path.read_bytes()
    except FileNotFoundError:
        raise InputError(Problem("there is no such file", file=file, expected=_neighbour(path))) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(Problem(f"cannot be read: {reason}", file=file)) from None


def _neighbour(path: Path) -> str | None:
    """A file beside the missing one whose name is near."""
    import difflib

    try:
        beside = sorted(entry.name for entry in path.parent.iterdir() if entry.is_file())
    except (OSError, ValueError):
        return None
    by_lower = {name.lower(): name for name in beside}
    close = difflib.get_close_matches(path.name.lower(), by_lower, n=1, cutoff=0.75)
    return f"the folder has '{by_lower[close[0]]}'; did you mean that?" if close else None
