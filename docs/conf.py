"""How the documentation is built: Sphinx reads Markdown (MyST) and the docstrings, furo dresses it."""

from typing import Any

from planner import __version__

project = "Trunk-line planner"
author = "The trunk-line planner developers"
project_copyright = "The trunk-line planner developers, Apache-2.0"
version = release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
source_suffix = {".md": "markdown"}
language = "en_GB"
exclude_patterns = ["pictures"]

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_typehints = "signature"
autodoc_member_order = "bysource"
python_use_unqualified_type_names = True
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True

html_theme = "furo"
html_title = f"Trunk-line planner {__version__}"
html_static_path: list[str] = []
html_show_sourcelink = False
html_copy_source = False


def _returns_are_sentences(_app: Any, _what: str, _name: str, _object: Any, _options: Any, lines: list[str]) -> None:
    """Napoleon takes what stands before a colon under "Returns:" for a type; ours are sentences."""
    for number, line in enumerate(lines[:-1]):
        if line.strip() == "Returns:":
            lines[number + 1] = lines[number + 1].replace(": ", " – ", 1)


def setup(app: Any) -> None:
    """Reads docstrings before napoleon does."""
    app.connect("autodoc-process-docstring", _returns_are_sentences, priority=400)
