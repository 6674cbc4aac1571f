"""Writing a file all or nothing."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from planner.errors import InputError, Problem


def write_atomic(path: str | os.PathLike[str], content: bytes) -> None:
    """Writes a file so that at any moment there is either the earlier one or the new one, whole.

    The bytes go to a temporary file in the same folder, are flushed to the disk and put in place in one step.
    A symbolic link stays; the file that it names is replaced. A pipe or a device is written to as it is.

    Args:
        path: The file to write; its folder must exist.
        content: What to write.

    Raises:
        InputError: The folder is missing or cannot be written, or the path is a folder. Nothing is left behind.
    """
    shown = os.fspath(path)
    try:
        target = Path(os.path.realpath(path))
        if target.is_dir():
            raise InputError(Problem("is a folder, where a file is to be written", file=shown))
        if not target.parent.is_dir():
            raise InputError(Problem(f"cannot be written: there is no folder '{target.parent}'", file=shown))
        if target.exists() and not target.is_file():
            target.write_bytes(content)
            return
        _replace(target, content)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(Problem(f"cannot be written: {reason}", file=shown)) from error


def _replace(target: Path, content: bytes) -> None:
    # A short name of its own: the target's may already be as long as the file system allows.
    temporary = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            temporary.chmod(target.stat().st_mode & 0o777)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    with contextlib.suppress(OSError):  # makes the new name survive a loss of power, where the system can
        handle = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
