"""A file is written whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from planner.errors import InputError
from planner.files import write_atomic


def test_writes_and_replaces(tmp_path: Path) -> None:
    path = tmp_path / "map.html"
    write_atomic(path, b"one")
    write_atomic(str(path), b"two")
    assert path.read_bytes() == b"two"
    assert [entry.name for entry in tmp_path.iterdir()] == ["map.html"]


def test_a_new_file_has_the_usual_permissions_and_an_old_one_keeps_its_own(tmp_path: Path) -> None:
    usual = tmp_path / "usual"
    usual.touch()
    new, old = tmp_path / "new", tmp_path / "old"
    write_atomic(new, b"x")
    assert stat.S_IMODE(new.stat().st_mode) == stat.S_IMODE(usual.stat().st_mode)
    old.touch(0o640)
    old.chmod(0o640)
    write_atomic(old, b"x")
    assert stat.S_IMODE(old.stat().st_mode) == 0o640


def test_a_symbolic_link_stays(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_bytes(b"old")
    link.symlink_to(real)
    write_atomic(link, b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"


def test_a_name_as_long_as_the_file_system_allows(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 255)
    write_atomic(path, b"x")
    assert path.read_bytes() == b"x"


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_a_failure_leaves_the_earlier_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    path = tmp_path / "map.html"
    path.write_bytes(b"old")

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(*((os, "fsync") if failing == "fsync" else (Path, "replace")), fail)
    with pytest.raises(InputError, match="cannot be written: No space left on device"):
        write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["map.html"]


def test_an_interruption_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomic(tmp_path / "map.html", b"new")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "words"),
    [("", "is a folder"), ("no/map.html", "there is no folder"), ("x" * 300, "too long"), ("a\0b", "null")],
)
def test_where_nothing_can_be_written(tmp_path: Path, name: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        write_atomic(tmp_path / name, b"x")
    (problem,) = caught.value.problems
    assert words in problem.message
    assert problem.file == str(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InputError, match="cannot be written: Permission denied"):
        write_atomic(tmp_path / "x", b"x")


def test_a_device_is_written_to_and_stays() -> None:
    write_atomic(os.devnull, b"x")
    assert not Path(os.devnull).is_file()
