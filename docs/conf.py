"""How Sphinx builds this folder: `just docs`."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import Any

from docutils.nodes import Element
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.ext.napoleon import Config
from sphinx.ext.napoleon.docstring import GoogleDocstring

from capably import __version__, llm
from capably.capabilities import CAPABILITIES
from capably.types.parts import PARTS
from capably.types.tools import BUILTIN_TOOLS

project = "capably"
author = "the capably authors"
release = version = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc"]
html_theme = "furo"
html_title = "capably"
html_copy_source = False
myst_heading_anchors = 3
default_role = "code"  # docstrings write `name`, as Markdown does
add_module_names = False
maximum_signature_line_length = 100
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_default_options = {"members": True, "inherited-members": "BaseException, Protocol, Generic"}
# Types that have no entry in the reference: the standard library's, type variables, base classes. A name of `llm` must resolve.
nitpick_ignore_regex = [("py:.*", r"(?!capably\.llm\.|llm\.).*")]

DECLARED: Mapping[str, list[str]] = {
    "@CAPABILITIES@": [capability.name for capability in CAPABILITIES.values()],
    "@PARTS@": [part.__name__ for part in PARTS],
    "@BUILTIN_TOOLS@": [tool.__name__ for tool in BUILTIN_TOOLS.values()],
}
"""Mark in a page -> the classes that the build lists there."""

_PUBLIC: list[str] = list(dir(llm))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
_GOOGLE: Any = Config(napoleon_use_ivar=True)
_MADE_BY_LIBRARY = re.compile(
    r"(Async)?(Stream)?Response|\w*Stream|(Async)?(Call|Prompt)|Capabilities|Has\w+|Chunk|ModelInfo"
)


def setup(app: Sphinx) -> None:
    """Connect what reads docstrings and links types."""
    app.connect("source-read", _list_declared)
    app.connect("autodoc-process-docstring", _read_docstring)
    app.connect("autodoc-process-signature", _hide_constructor)
    app.connect("missing-reference", _link_public_name)


def _list_declared(app: Sphinx, name: str, source: list[str]) -> None:
    """Write an entry for each class where a page has one of the marks."""
    for mark, names in DECLARED.items():
        source[0] = source[0].replace(mark, "\n".join(f".. autoclass:: {name}" for name in names))


def _read_docstring(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """Turn a docstring into reStructuredText: sections in Google's style, and code that is indented below a paragraph.

    The extension `sphinx.ext.napoleon` is not loaded. It takes the words before a colon in a property's docstring for a type.
    """
    lines[:] = GoogleDocstring(_mark_code(lines), _GOOGLE).lines()


def _mark_code(lines: list[str]) -> list[str]:
    marked: list[str] = []
    in_code = False
    for line in lines:
        before = next((text for text in reversed(marked) if text), "")
        if line and not line.startswith(" "):
            in_code = False
        elif line and not in_code and marked and not marked[-1] and not before.startswith((" ", "- ", ".. ", ":")):
            in_code = True
            marked += [".. code-block:: python", ""]
        marked.append(line)
    return marked


def _hide_constructor(
    app: Sphinx, what: str, name: str, obj: object, options: object, signature: str, returned: str
) -> tuple[str, str] | None:
    """Leave out the parameters of classes that only the library makes, and of protocols."""
    return ("", "") if what == "class" and _MADE_BY_LIBRARY.fullmatch(name.rpartition(".")[2]) else None


def _link_public_name(app: Sphinx, env: BuildEnvironment, node: pending_xref, contents: Element) -> Element | None:
    """Link a type of a signature, which is named by its module, to the entry of its public name in `llm`."""
    name = node.get("reftarget", "").rpartition(".")[2]
    public: Any = getattr(llm, name, None) if name in _PUBLIC else None
    if not inspect.isclass(public) or node.get("refdomain") != "py":
        return None
    domain = env.get_domain("py")
    return domain.resolve_xref(env, node["refdoc"], app.builder, "class", f"capably.llm.{name}", node, contents)
