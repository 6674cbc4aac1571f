"""Names become ids: letters, digits and hyphens, each once."""

from __future__ import annotations

import re
import unicodedata


class Names:
    """Gives out ids, no two alike even where upper and lower case are not told apart."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._next: dict[str, int] = {}

    def take(self, wanted: str) -> str:
        """``wanted``, or ``wanted-2`` and so on where it was given out before."""
        number = self._next.get(wanted.lower(), 1)
        while (name := wanted if number == 1 else f"{wanted}-{number}").lower() in self._taken:
            number += 1
        self._next[wanted.lower()] = number + 1
        self._taken.add(name.lower())
        return name


def slug(name: str) -> str:
    """A name as an id: ``"Frankfurt (Main)"`` becomes ``"frankfurt-main"``; blank where nothing is left."""
    plain = unicodedata.normalize("NFKD", name.replace("ß", "ss")).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:40].strip("-")
