"""What the tables name becomes what they mean: modules, services, coexistence profiles, satellites and sources.

Each name is looked for in the network's own folder first, then in what ships.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from planner.errors import InputError, Problem, nearest
from planner.files.cells import quoted
from planner.files.reading import Reading, exists
from planner.files.rows import Home
from planner.files.text import read_toml, toml_row
from planner.files.wording import problems_of
from planner.records import CoexistenceRecord, Figure, Record, SatelliteRecord, ServiceRecord, SourceRecord
from planner.shipped import data_dir, shipped_ids

if TYPE_CHECKING:
    from planner.files.rows import Row
    from planner.physics.module import Module

SOURCES_FILE = "sources.toml"
_SHIPPED = "data"


@dataclass(frozen=True)
class _Found:
    """A file that a name leads to.

    Attributes:
        path: The file.
        file: Its place among the inputs.
        is_shipped: Whether it ships with the planner.
    """

    path: Path
    file: str
    is_shipped: bool


@dataclass
class Meanings:
    """What the names of one reading mean.

    Attributes:
        reading: Takes files, problems and notes.
        modules: The modules named so far, by the text that names them in the joined links.
        services: The services named so far.
        coexistence: The profiles of classical channels named so far.
        satellites: The satellites named so far.
        sources: The sources named so far.
    """

    reading: Reading
    modules: dict[str, Module] = field(default_factory=dict)
    services: dict[str, ServiceRecord] = field(default_factory=dict)
    coexistence: dict[str, CoexistenceRecord] = field(default_factory=dict)
    satellites: dict[str, SatelliteRecord] = field(default_factory=dict)
    sources: dict[str, SourceRecord] = field(default_factory=dict)
    _files: dict[Path, Any] = field(default_factory=dict)
    _found: dict[tuple[str, Home, str], _Found | None] = field(default_factory=dict)
    _origins: dict[tuple[str, str], str] = field(default_factory=dict)

    def check_source(self, key: str, *, home: Home, place: Problem, only_note: bool = False) -> None:
        """Finds what a source key stands for.

        Args:
            key: The key.
            home: The network that uses it.
            place: Where it is used: the message and the expectation are filled in.
            only_note: Whether an unknown key is no problem.
        """
        own = self._sources_of(home.folder / SOURCES_FILE, home.file(SOURCES_FILE))
        shipped = self._sources_of(data_dir() / SOURCES_FILE, f"{_SHIPPED}/{SOURCES_FILE}")
        if own is None or shipped is None:
            return
        if key in own:
            self._keep("source", key, own[key], home.file(SOURCES_FILE), place, into=self.sources)
        elif key in shipped:
            self._keep("source", key, shipped[key], f"{_SHIPPED}/{SOURCES_FILE}", place, into=self.sources)
        else:
            right = f"a key of {home.file(SOURCES_FILE)} or of the shipped one; {nearest(key, {*own, *shipped})}"
            problem = Problem(f"the source {quoted(key)} is not known", place.file, place.row, place.column, right)
            if only_note:
                self.reading.note(problem)
            else:
                self.reading.problems.append(problem)

    def check_service(self, row: Row) -> None:
        """Finds the service that a demand names."""
        name, home = str(row.fields["service"]), row.home
        found = self._search("services", name, home=home)
        if found is None:
            near = nearest(name, _known("services", home=home))
            problem = row.problem(f"there is no service {quoted(name)}", column="service", expected=near)
            self.reading.problems.append(problem)
            return
        service = self._once(found.path, lambda: self._read_service(found, home=home))
        if service is not None:
            self._keep("service", name, service, found.file, row.problem("", column="service"), into=self.services)

    def check_coexistence(self, row: Row) -> None:
        """Finds the profile of classical channels that a link names; notes where its fibre seems to be another."""
        name, home = str(row.fields["coexistence"]), row.home
        found = self._search("coexistence", name, home=home) if is_id(name) else None
        if found is None:
            near = nearest(name, _known("coexistence", home=home))
            message = f"there is no coexistence profile {quoted(name)}"
            self.reading.problems.append(row.problem(message, column="coexistence", expected=near))
            return
        profile = self._once(found.path, lambda: self._read_sourced(CoexistenceRecord, found, home=home))
        if profile is None:
            return
        place = row.problem("", column="coexistence")
        self._keep("coexistence profile", name, profile, found.file, place, into=self.coexistence)
        there, here = profile.quantum_attenuation_db_per_km, row.fields.get("attenuation_db_per_km")
        if there is not None and here is not None and row.fields.get("loss_db") is None and here < 0.8 * there:
            message = (
                f"the quantum channel of {quoted(name)} is at {profile.quantum_wavelength_nm:g} nm, where fibre loses "
                f"about {there:g} dB/km; this link says {here:g}"
            )
            self.reading.note(row.problem(message, column="attenuation_db_per_km"))

    def check_satellite(self, row: Row) -> None:
        """Finds the orbit and optics that a node names, and the module that those name by its id."""
        name, home = str(row.fields["satellite"]), row.home
        found = self._search("satellites", name, home=home) if is_id(name) else None
        if found is None:
            near = nearest(name, _known("satellites", home=home))
            problem = row.problem(f"there is no satellite {quoted(name)}", column="satellite", expected=near)
            self.reading.problems.append(problem)
            return
        satellite = self._once(found.path, lambda: self._read_sourced(SatelliteRecord, found, home=home))
        if satellite is None:
            return
        self._keep("satellite", name, satellite, found.file, row.problem("", column="satellite"), into=self.satellites)
        key, place = satellite.module, Problem("", file=found.file, column="module")
        its = self._search("modules", key, home=home) if is_id(key) and not is_module_path(key) else None
        if its is None:
            near = nearest(key, _known("modules", home=home))
            self.reading.problems.append(replace(place, message=f"there is no module {quoted(key)}", expected=near))
            return
        module = self._once(its.path, lambda: self._read_module(its, home=home))
        if module is not None:
            self._keep("module", key, module, its.file, place, into=self.modules)

    def check_module(self, row: Row, *, top: Home) -> str:
        """Finds the module that a link names.

        Args:
            row: A link's row that names a module.
            top: The network that was asked for.

        Returns:
            The text that names the module in the joined links: a path is counted from the folder of ``top``.
        """
        name, home = str(row.fields["module"]), row.home
        found = self._search("modules", name, home=home)
        if found is None:
            if is_module_path(name):
                message, right = (
                    f"there is no module file {quoted(name, whole=True)}",
                    f"a path counted from {home.label}",
                )
            else:
                near = nearest(name, _known("modules", home=home))
                message, right = f"there is no module {quoted(name)}", f"{near} (a path has a '/' or ends in .toml)"
            self.reading.problems.append(row.problem(message, column="module", expected=right))
            return name
        module = self._once(found.path, lambda: self._read_module(found, home=home))
        joined = name if home == top else _seen_from(top, name, home=home)
        if module is not None:
            self._keep("module", joined, module, found.file, row.problem("", column="module"), into=self.modules)
        return joined

    def _search(self, kind: Any, name: str, *, home: Home) -> _Found | None:
        key = (kind, home, name)
        if key not in self._found:
            self._found[key] = _find(name, kind=kind, home=home)
        return self._found[key]

    def _keep(self, kind: str, name: str, meaning: Any, file: str, place: Problem, *, into: dict[str, Any]) -> None:
        """Remembers what a name means; in joined networks it must mean the same."""
        if name not in into:
            into[name] = meaning
            self._origins[kind, name] = file
        elif into[name] != meaning:
            message = f"the {kind} {quoted(name)} means one thing in {self._origins[kind, name]} and another in {file}"
            self.reading.problems.append(
                Problem(message, place.file, place.row, place.column, "another name for one of them")
            )

    def _once(self, path: Path, read: Any) -> Any:
        if path not in self._files:
            self._files[path] = None
            with self.reading.collecting():
                self._files[path] = read()
        return self._files[path]

    def _sources_of(self, path: Path, file: str) -> Mapping[str, SourceRecord] | None:
        """The sources of a file; none where there is no file, None where it is wrong."""
        found: Mapping[str, SourceRecord] | None = self._once(path, lambda: self._read_sources(path, file=file))
        return found

    def _read_sources(self, path: Path, *, file: str) -> Mapping[str, SourceRecord] | None:
        if not path.exists():
            return {}
        tables, text = read_toml(path, file=file, reading=self.reading)
        sources: dict[str, SourceRecord] = {}
        for key, table in tables.items():
            row = toml_row(text, key)
            if not isinstance(table, dict):
                raise InputError(
                    Problem("is no table", file=file, row=row, column=key, expected=f"[{key}] with citation")
                )
            rows = {key: row, **{f"{key}.{name}": toml_row(text, f"{key}.{name}") for name in table}}
            try:
                sources[key] = SourceRecord.model_validate(table)
            except ValidationError as error:
                self.reading.problems.extend(problems_of(error, record=SourceRecord, file=file, prefix=key, rows=rows))
        return sources if len(sources) == len(tables) else None

    def _read_service(self, found: _Found, *, home: Home) -> ServiceRecord | None:
        file, home = found.file, _sources_home(found, home=home)
        table, text = read_toml(found.path, file=file, reading=self.reading)
        rows = {key: toml_row(text, key) for key in table}
        for key, inner in table.items():
            if isinstance(inner, dict):
                rows.update({f"{key}.{name}": toml_row(text, f"{key}.{name}") for name in inner})
        try:
            service = ServiceRecord.model_validate(table)
        except ValidationError as error:
            self.reading.problems.extend(problems_of(error, record=ServiceRecord, file=file, rows=rows))
            return None
        for name, figure in service:
            if isinstance(figure, Figure) and figure.source is not None:
                key = f"{name}.source"
                self.check_source(figure.source, home=home, place=Problem("", file=file, row=rows.get(key), column=key))
        return service

    def _read_sourced(self, record: type[Record], found: _Found, *, home: Home) -> Any:
        """A coexistence profile or a satellite; None where it is wrong."""
        file = found.file
        table, text = read_toml(found.path, file=file, reading=self.reading)
        rows = {key: toml_row(text, key) for key in table}
        try:
            meant: Any = record.model_validate(table)
        except ValidationError as error:
            self.reading.problems.extend(problems_of(error, record=record, file=file, rows=rows))
            return None
        channels = meant.channels if isinstance(meant, CoexistenceRecord) else ()
        named = [("source", meant.source), *(("channels", channel.source) for channel in channels)]
        named += [(f"parameter_source.{key}", source) for key, source in meant.parameter_source.items()]
        for key, source in named:
            if source is not None:
                place = Problem("", file=file, row=toml_row(text, key), column=key)
                self.check_source(source, home=home, place=place)
        return meant

    def _read_module(self, found: _Found, *, home: Home) -> Module:
        from planner.physics.module import parse_module

        file, home = found.file, _sources_home(found, home=home)
        table, text = read_toml(found.path, file=file, reading=self.reading)
        try:
            module = parse_module(table, module_id=found.path.stem, file=file)
        except InputError as error:
            raise InputError(
                Problem(
                    p.message, p.file, p.row or (toml_row(text, p.column) if p.column else None), p.column, p.expected
                )
                for p in error.problems
            ) from None
        for key, source in _sources_named(module):
            place = Problem("", file=file, row=toml_row(text, key), column=key)
            self.check_source(source, home=home, place=place, only_note=not found.is_shipped)
        return module


def _sources_home(found: _Found, *, home: Home) -> Home:
    """Where the source keys of a file are looked for: what ships means the shipped sources."""
    return Home(data_dir(), _SHIPPED, _SHIPPED, is_shipped=True) if found.is_shipped else home


def _sources_named(module: Module) -> Iterable[tuple[str, str]]:
    if module.source is not None:
        yield "source", module.source
    for key, source in module.parameter_source.items():
        yield f"parameter_source.{key}", source
    for point in module.published:
        if isinstance(point.get("source"), str):
            yield "published.source", point["source"]


def is_id(name: str) -> bool:
    """Whether a text may be the id of something, so that a file can have its name."""
    return re.fullmatch(r"\w[\w.-]*", name) is not None


def is_module_path(name: str) -> bool:
    """Whether the text in a module cell is a path, not an id."""
    return name.endswith(".toml") or "/" in name or "\\" in name


def _find(name: str, *, kind: Any, home: Home) -> _Found | None:
    """Finds a named module or service, or the file that a module's path leads to."""
    if kind == "modules" and is_module_path(name):
        path = home.folder / name.replace("\\", "/")
        file = path.name if Path(name).is_absolute() else home.file(name.replace("\\", "/"))
        return _Found(path, file, is_shipped=False) if exists(path) else None
    own = home.folder / kind / f"{name}.toml"
    if exists(own):
        return _Found(own, home.file(f"{kind}/{name}.toml"), is_shipped=False)
    if name in shipped_ids(kind):
        return _Found(data_dir() / kind / f"{name}.toml", f"{_SHIPPED}/{kind}/{name}.toml", is_shipped=True)
    return None


def _seen_from(top: Home, name: str, *, home: Home) -> str:
    """The text that names an included network's module in the joined links."""
    if not is_module_path(name) or Path(name).is_absolute():
        return name
    path = os.path.relpath(home.folder / name.replace("\\", "/"), top.folder).replace(os.sep, "/")
    return path if is_module_path(path) else f"./{path}"


def _known(kind: Any, *, home: Home) -> set[str]:
    return {path.stem for path in (home.folder / kind).glob("*.toml")} | set(shipped_ids(kind))
