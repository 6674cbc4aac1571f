"""The plan's folder: complete, repeatable, written all or nothing."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from planner.errors import InputError
from planner.report import exchange, folder
from planner.report.folder import PLAN_FILES, save_plan
from planner.report.tables import csv_bytes, plan_tables
from tests.report.plans import chain_plan, hostile_plan, strained_plan, trunk_plan


def files_of(place):
    return {path.relative_to(place).as_posix(): path.read_bytes() for path in place.rglob("*") if path.is_file()}


@pytest.fixture
def quick(monkeypatch):
    """Saves only plan.json and an input, so that tests of the folder itself take no time."""
    marks = dict.fromkeys(("network", "demands", "links", "growth", "version"), "")

    def contents(plan, *, progress):
        inputs = {f"inputs/{name}": "" for name in plan}
        yield "plan.json", json.dumps(marks | {"inputs": inputs}).encode()
        for name in plan:
            yield f"inputs/{name}", name.encode()

    monkeypatch.setattr(folder, "_contents", contents)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    place = tmp_path_factory.mktemp("saved") / "plan"
    assert save_plan(trunk_plan(), place) == place
    return place


def test_the_folder_holds_everything(saved):
    files = files_of(saved)
    assert set(PLAN_FILES) <= set(files)
    document = json.loads(files["plan.json"])
    assert document == json.loads(json.dumps(trunk_plan().as_dict()))
    assert {name for name in files if name.startswith("inputs/")} == set(document["inputs"])
    for name, sha256 in document["inputs"].items():
        assert hashlib.sha256(files[name]).hexdigest() == sha256
    assert files["routes.csv"] == csv_bytes(plan_tables(trunk_plan())["routes"])
    assert files["plan.json"].endswith(b"}\n")
    assert b"Long trunk" in files["report.html"]
    assert b"Long trunk" in files["map.html"]
    assert [path.name for path in saved.parent.iterdir()] == ["plan"], "nothing is left beside it"


def test_the_same_plan_gives_the_same_bytes(saved, tmp_path):
    again = save_plan(trunk_plan(), tmp_path / "again")
    assert files_of(again) == files_of(saved)


def test_hostile_names_can_be_saved(tmp_path):
    files = files_of(save_plan(hostile_plan(), tmp_path / "h"))
    assert set(PLAN_FILES) <= set(files)
    assert json.loads(files["plan.json"])["demands"][0]["demand_id"] in set(hostile_plan().demands["demand_id"])


def test_progress_is_told(tmp_path):
    told = []
    save_plan(chain_plan(), tmp_path / "p", progress=lambda *step: told.append(step))
    assert [done for _, done, _ in told] == list(range(len(told)))
    assert told[-1][1] == told[-1][2]
    assert ("drawing the map", 3, 4) in told


def test_a_new_plan_takes_the_place_of_the_old_one(quick, tmp_path):
    place = tmp_path / "p"
    save_plan(("a.csv", "modules/old.toml"), place)
    save_plan(("b.csv",), place)
    assert set(files_of(place)) == {"plan.json", "inputs/b.csv"}
    assert not (place / "inputs" / "modules").exists()


def test_files_of_others_are_kept(quick, tmp_path):
    place = tmp_path / "p"
    save_plan(("a.csv",), place)
    (place / "notes.txt").write_text("mine")
    (place / "inputs" / "mine.txt").write_text("mine too")
    (place / "deep" / "er").mkdir(parents=True)
    (place / "deep" / "er" / "x.bin").write_bytes(b"\0\1")
    (place / "empty").mkdir()
    (place / "link").symlink_to("notes.txt")
    (place / "folder-link").symlink_to("deep")
    save_plan(("b.csv",), place)
    assert (place / "notes.txt").read_text() == "mine"
    assert (place / "inputs" / "mine.txt").read_text() == "mine too"
    assert (place / "deep" / "er" / "x.bin").read_bytes() == b"\0\1"
    assert (place / "empty").is_dir()
    assert (place / "link").readlink() == Path("notes.txt")
    assert (place / "folder-link").readlink() == Path("deep")
    assert not (place / "inputs" / "a.csv").exists()


def test_parents_are_made(quick, tmp_path):
    place = tmp_path / "a" / "b" / "plan"
    save_plan((), place)
    assert (place / "plan.json").is_file()


def test_an_empty_folder_is_filled(quick, tmp_path):
    place = tmp_path / "plan"
    place.mkdir(mode=0o750)
    save_plan((), place)
    assert (place / "plan.json").is_file()
    assert place.stat().st_mode & 0o777 == 0o750, "its permissions stay"


def test_a_link_to_a_folder_stays_a_link(quick, tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    save_plan((), tmp_path / "link")
    save_plan(("a.csv",), tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "inputs" / "a.csv").is_file()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "real"]


def test_a_link_to_nothing_gets_its_folder(quick, tmp_path):
    (tmp_path / "link").symlink_to("later")
    save_plan((), tmp_path / "link")
    assert (tmp_path / "later" / "plan.json").is_file()


@pytest.mark.parametrize(
    "content", [None, "", "not json", "[]", '{"network": 1}'], ids=["none", "empty", "text", "list", "other"]
)
def test_a_folder_of_somebody_else_is_left_alone(quick, tmp_path, content):
    place = tmp_path / "photos"
    place.mkdir()
    (place / "photo.jpg").write_bytes(b"photo")
    if content is not None:
        (place / "plan.json").write_text(content)
    before = files_of(place)
    with pytest.raises(InputError, match="holds no plan"):
        save_plan((), place)
    assert files_of(place) == before
    assert [path.name for path in tmp_path.iterdir()] == ["photos"]


def test_a_file_is_no_folder(quick, tmp_path):
    (tmp_path / "file").write_text("text")
    with pytest.raises(InputError, match="is a file"):
        save_plan((), tmp_path / "file")
    with pytest.raises(InputError, match="cannot write"):
        save_plan((), tmp_path / "file" / "below")
    assert (tmp_path / "file").read_text() == "text"


@pytest.mark.parametrize("name", [".", "..", "../..", "/"])
def test_the_current_folder_cannot_be_replaced(quick, tmp_path, monkeypatch, name):
    here = tmp_path / "a" / "b"
    here.mkdir(parents=True)
    monkeypatch.chdir(here)
    with pytest.raises(InputError, match="current directory"):
        save_plan((), name)
    assert list(here.iterdir()) == []


def test_a_relative_folder_is_taken_from_here(quick, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert save_plan((), "out/plan") == Path("out/plan")
    assert (tmp_path / "out" / "plan" / "plan.json").is_file()


def test_where_nothing_can_be_written_it_says_so(quick, tmp_path):
    locked = Path("/proc/self") if Path("/proc/self").is_dir() else tmp_path / "locked"
    if locked.parent == tmp_path:
        locked.mkdir(mode=0o500)
    with pytest.raises(InputError, match="cannot write the plan to"):
        save_plan((), locked / "plan")


def test_a_failure_leaves_the_earlier_plan_whole(quick, tmp_path, monkeypatch):
    place = tmp_path / "p"
    save_plan(("a.csv",), place)
    before = files_of(place)

    def broken(plan, *, progress):
        yield "plan.json", b"{}"
        raise RuntimeError("the report cannot be made")

    monkeypatch.setattr(folder, "_contents", broken)
    with pytest.raises(RuntimeError, match="report"):
        save_plan((), place)
    assert files_of(place) == before
    assert [path.name for path in tmp_path.iterdir()] == ["p"]


def test_what_cannot_be_kept_stops_it(quick, tmp_path, monkeypatch):
    place = tmp_path / "p"
    save_plan(("a.csv",), place)
    (place / "mine.txt").write_text("mine")
    before = files_of(place)

    def refuse(*args, **kwargs):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(folder.os, "link", refuse)
    monkeypatch.setattr(folder.shutil, "copy2", refuse)
    with pytest.raises(InputError, match="Input/output error"):
        save_plan(("b.csv",), place)
    assert files_of(place) == before


def test_without_hard_links_files_are_copied(quick, tmp_path, monkeypatch):
    def refuse(*args, **kwargs):
        raise OSError(errno.EPERM, "no links here")

    place = tmp_path / "p"
    save_plan((), place)
    (place / "mine.txt").write_text("mine")
    monkeypatch.setattr(folder.os, "link", refuse)
    save_plan((), place)
    assert (place / "mine.txt").read_text() == "mine"


@pytest.fixture
def no_exchange(monkeypatch):
    def refuse(new, target):
        raise OSError(errno.ENOSYS, "no such thing here")

    monkeypatch.setattr(exchange, "_exchange", refuse)


def test_without_an_exchange_two_renames_do(quick, no_exchange, tmp_path):
    place = tmp_path / "p"
    save_plan(("a.csv",), place)
    (place / "mine.txt").write_text("mine")
    save_plan(("b.csv",), place)
    assert set(files_of(place)) == {"plan.json", "inputs/b.csv", "mine.txt"}
    assert [path.name for path in tmp_path.iterdir()] == ["p"]


def test_a_failed_second_rename_puts_the_first_back(quick, no_exchange, tmp_path, monkeypatch):
    place = tmp_path / "p"
    save_plan(("a.csv",), place)
    before, rename = files_of(place), Path.rename

    def broken(self, goal):
        if ".new-" in self.name and not Path(goal).exists():
            raise OSError(errno.EIO, "Input/output error")
        return rename(self, goal)

    monkeypatch.setattr(Path, "rename", broken)
    with pytest.raises(InputError, match="Input/output error"):
        save_plan(("b.csv",), place)
    assert files_of(place) == before


def test_what_a_dead_run_left_is_tidied_up(quick, tmp_path, monkeypatch):
    place = tmp_path / "p"
    save_plan(("a.csv",), place)
    before = files_of(place)
    (tmp_path / ".p.new-0123456789ab").mkdir()
    (tmp_path / ".p.new-0123456789ab" / "half").write_text("half")
    (tmp_path / ".p.new-mine").mkdir()
    place.rename(tmp_path / ".p.old-0123456789ab")  # death between two renames

    def broken(plan, *, progress):
        raise RuntimeError("stop")

    monkeypatch.setattr(folder, "_contents", broken)
    with pytest.raises(RuntimeError, match="stop"):
        save_plan((), place)
    assert files_of(place) == before, "the earlier plan is back"
    assert sorted(path.name for path in tmp_path.iterdir()) == [".p.new-mine", "p"]


@pytest.mark.skipif(sys.platform == "win32", reason="no folder locks on Windows")
def test_the_folder_of_a_living_run_is_not_tidied_up(quick, tmp_path):
    living = tmp_path / ".p.new-0123456789ab"
    living.mkdir()
    with exchange._held(living):
        save_plan((), tmp_path / "p")
        assert living.is_dir()
    save_plan((), tmp_path / "p")
    assert not living.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="no folder locks on Windows")
def test_where_there_are_no_locks_it_saves_and_removes_nothing(quick, tmp_path, monkeypatch):
    import fcntl

    def refuse(descriptor, operation):
        raise OSError(errno.EBADF, "no locks on this file system")

    monkeypatch.setattr(fcntl, "flock", refuse)
    maybe_living = tmp_path / ".p.new-0123456789ab"
    maybe_living.mkdir()
    save_plan(("a.csv",), tmp_path / "p")
    save_plan(("b.csv",), tmp_path / "p")
    assert set(files_of(tmp_path / "p")) == {"plan.json", "inputs/b.csv"}
    assert sorted(path.name for path in tmp_path.iterdir()) == [maybe_living.name, "p"]


def test_two_runs_at_once_leave_one_whole_plan(quick, tmp_path, monkeypatch):
    place, inner = tmp_path / "p", []
    contents = folder._contents

    def slow(plan, *, progress):
        yield from contents(plan, progress=progress)
        if not inner:
            inner.append(1)
            save_plan(("inner.csv",), place)

    monkeypatch.setattr(folder, "_contents", slow)
    save_plan(("outer.csv",), place)
    assert set(files_of(place)) == {"plan.json", "inputs/outer.csv"}
    assert [path.name for path in tmp_path.iterdir()] == ["p"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_kill_at_any_moment_leaves_a_whole_plan(tmp_path):
    script = Path(__file__).with_name("kill_while_saving.py")
    run = subprocess.run(
        [sys.executable, str(script), str(tmp_path / "plan"), "30"],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    result = json.loads(run.stdout)
    assert len(result["found"]) == 30
    assert set(result["found"]) == {"A", "B"}, "the old or the new plan, whole, every time"
    assert result["left"] > 0, "some deaths were in the middle of the work"
    assert result["last"] == ["plan"], "the next run tidies up"


def test_an_unfit_plan_is_a_bug_and_not_written(tmp_path):
    class Unfit(type(strained_plan())):
        def as_dict(self):
            return super().as_dict() | {"rate": float("nan")}

    plan = Unfit(**{name: getattr(strained_plan(), name) for name in strained_plan().__dataclass_fields__})
    with pytest.raises(ValueError, match="JSON compliant"):
        save_plan(plan, tmp_path / "p")
    assert list(tmp_path.iterdir()) == []
