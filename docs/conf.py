"""How the documentation is built: Sphinx reads Markdown (MyST) and the docstrings, furo dresses it."""

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

html_theme = "furo"
html_title = f"Trunk-line planner {__version__}"
html_static_path: list[str] = []
html_show_sourcelink = False
html_copy_source = False
