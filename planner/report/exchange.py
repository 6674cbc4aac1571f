"""Puts a finished folder in the place of another in one step, so that nobody ever sees half of one."""

from __future__ import annotations

import ctypes
import errno
import os
import re
import secrets
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
_CANNOT_EXCHANGE = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP)


@contextmanager
def replacement(target: Path, *, carry_over: Callable[[Path], None], may_replace: Callable[[], None]) -> Iterator[Path]:
    """A new folder beside ``target`` to fill; when the block ends well, it becomes ``target`` in one step.

    A failure, or the death of the process at any moment, leaves the earlier ``target`` whole. What dead runs
    left beside it is removed.

    Args:
        target: The folder to make or replace; its parent exists.
        carry_over: Called with the new folder at the end of the block, to bring along what is to be kept.
        may_replace: Called last before the step; raises if what stands at ``target`` must stay.

    Yields:
        The new, empty folder.

    Raises:
        OSError: The folder cannot be written or replaced.
    """
    _tidy(target)
    with _new_folder(target) as new:
        try:
            yield new
            carry_over(new)
            if target.is_dir():
                shutil.copymode(target, new)
            _flush(new)
            may_replace()
            _put(new, target)
            _flush_folder(target.parent)
        finally:
            # The unfinished new folder, or the earlier one, which now stands here.
            shutil.rmtree(new, ignore_errors=True)


def write_flushed(path: Path, content: bytes) -> None:
    """Writes a file and waits until the disk has it."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _put(new: Path, target: Path) -> None:
    """Puts ``new`` in the place of ``target``; where that stood, it stands at ``new`` afterwards."""
    try:
        new.rename(target)  # nothing there, or an empty folder
    except OSError as error:
        if error.errno not in (errno.EEXIST, errno.ENOTEMPTY, errno.EACCES) or not target.is_dir():
            raise
        try:
            _exchange(new, target)
        except OSError as second:
            if second.errno not in _CANNOT_EXCHANGE:
                raise
            _exchange_in_two(new, target)


def _exchange(new: Path, target: Path) -> None:
    """Linux: both names change places in one step."""
    library = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
    rename = getattr(library, "renameat2", None)
    if rename is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    old, goal = os.fsencode(new), os.fsencode(target)
    if rename(_AT_FDCWD, old, _AT_FDCWD, goal, ctypes.c_uint(_RENAME_EXCHANGE)) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(target))


def _exchange_in_two(new: Path, target: Path) -> None:
    """Elsewhere: two steps; after a death between them the next run puts the earlier folder back."""
    aside = _sibling(target, "old")
    with _held(target):
        target.rename(aside)
        try:
            new.rename(target)
        except OSError:
            aside.rename(target)
            raise
        shutil.rmtree(aside, ignore_errors=True)


def _sibling(target: Path, state: str) -> Path:
    return target.with_name(f".{target.name}.{state}-{secrets.token_hex(6)}")


def _tidy(target: Path) -> None:
    """Puts back what a dead run had moved aside, and removes what dead runs left."""
    pattern = re.compile(rf"\.{re.escape(target.name)}\.(new|old)-[0-9a-f]{{12}}")
    for left in sorted(target.parent.iterdir(), reverse=True):  # what was moved aside comes first
        match = pattern.fullmatch(left.name)
        if match and left.is_dir() and not left.is_symlink():
            with suppress(BlockingIOError, FileNotFoundError), _held(left) as is_held:
                if match[1] == "old" and not target.exists():
                    left.rename(target)
                elif is_held:
                    shutil.rmtree(left, ignore_errors=True)


@contextmanager
def _new_folder(target: Path) -> Iterator[Path]:
    """A new folder beside the target, held; another run may tidy it away before it is held."""
    while True:
        new = _sibling(target, "new")
        new.mkdir()
        with ExitStack() as stack:
            try:
                stack.enter_context(_held(new))
            except (BlockingIOError, FileNotFoundError):
                continue
            if new.exists():
                yield new
                return


@contextmanager
def _held(folder: Path) -> Iterator[bool]:
    """Holds a lock on a folder that ends with this process, so that others know a living run from a dead one.

    Yields:
        Whether there is such a lock; some file systems have none.

    Raises:
        BlockingIOError: Another process holds it.
    """
    if sys.platform == "win32":
        yield False
        return
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise
        except OSError:  # network file systems
            is_held = False
        else:
            is_held = True
        yield is_held
    finally:
        os.close(descriptor)


def _flush(folder: Path) -> None:
    """Waits until the disk has the folders; the files were flushed when written."""
    for below, _, _ in os.walk(folder):
        _flush_folder(Path(below))


def _flush_folder(folder: Path) -> None:
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
