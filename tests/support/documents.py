"""Python blocks of Markdown pages: run against loopback servers, and held against pyright.

A line marked `# error: ...` is refused, by pyright and at run time; no other line is. `print(...)  # text` prints that text.
A `yaml` block whose first line is `# name.yaml` is a file of that name in the folder where the blocks of its page run.
"""

from __future__ import annotations

import ast
import contextlib
import io
import re
import sys
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from capably import llm

from .checkers import Errors, run_checker
from .loopback import Canned, Loopback, Received
from .vendor_replies import vendor_reply

MARK = "# error:"
ADDRESSES = {
    "anthropic": "ANTHROPIC_BASE_URL",
    "openai": "OPENAI_BASE_URL",
    "google": "GOOGLE_GEMINI_BASE_URL",
}
"""Provider -> the variable of its address."""

PROVIDERS = tuple(ADDRESSES)


class Block(NamedTuple):
    """One fenced block of a page."""

    page: Path
    line: int
    """The line of its first line of code."""
    language: str
    code: str

    @property
    def name(self) -> str:
        return f"{self.page.stem.lower().replace('-', '_')}_{self.line}"


def blocks_of(page: Path, language: str = "python") -> list[Block]:
    """Return the fenced blocks of a page in one language, in order."""
    text = page.read_text(encoding="utf-8")
    matches = re.finditer(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [Block(page, text.count("\n", 0, match.start(1)) + 1, language, match[1]) for match in matches]


def write_files(page: Path, folder: Path) -> list[Path]:
    """Write the YAML files that a page shows into `folder`; return their paths."""
    files: list[Path] = []
    for block in blocks_of(page, "yaml"):
        name = re.match(r"# (\S+\.yaml)\n", block.code)
        if name is not None:
            files.append(folder / name[1])
            files[-1].write_text(block.code, encoding="utf-8")
    return files


def run_block(block: Block) -> str:
    """Run a block and return what it prints. A marked statement must raise one of the errors of a refused call."""
    names: dict[str, object] = {"__name__": "__main__"}
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        for line, statement in _statements(block.code):
            code = compile("\n" * (block.line + line - 2) + statement, str(block.page), "exec", dont_inherit=True)
            if MARK in statement:
                with pytest.raises((llm.UnsupportedFeatureError, llm.UnknownModelError, TypeError)):
                    exec(code, names)
            else:
                exec(code, names)
    for shown in re.findall(r"print\(.*\)  # (.*)$", block.code, re.MULTILINE):
        assert shown in printed.getvalue(), f"{block.page.name}:{block.line} does not print {shown!r}"
    return printed.getvalue()


def check_blocks(blocks: Sequence[Block], folder: Path) -> tuple[Errors, dict[str, list[int]]]:
    """Return what pyright rejects in these blocks, and the lines that are marked: block name -> lines of its page."""
    for block in blocks:
        (folder / f"{block.name}.py").write_text("\n" * (block.line - 1) + block.code, encoding="utf-8")
    errors = {Path(file).stem: lines for file, lines in run_checker("pyright", folder, sys.executable).items()}
    marked = {
        block.name: [block.line + place for place, text in enumerate(block.code.splitlines()) if MARK in text]
        for block in blocks
    }
    return errors, {name: lines for name, lines in marked.items() if lines}


@contextlib.contextmanager
def loopback_providers() -> Generator[Callable[[], None]]:
    """Put loopback servers in the place of the three large providers. They answer calls and streams with a short text.

    Handles reach them too, by the environment. Yields a function that does so again, after a block that set a provider otherwise.
    """
    with contextlib.ExitStack() as stack, pytest.MonkeyPatch.context() as environment:
        for name, variable in ADDRESSES.items():
            url = stack.enter_context(Loopback([_answer(name)])).url
            environment.setenv(variable, f"{url}/v1" if name == "openai" else url)

        def use_servers() -> None:
            for name in PROVIDERS:
                llm.configure(name, api_key="test")

        use_servers()
        yield use_servers
    for name in PROVIDERS:
        llm.configure(name)


def _answer(provider: str) -> Callable[[Received], Canned]:
    return lambda request: vendor_reply(provider, request, ["The Name of the Wind."])


def _statements(code: str) -> list[tuple[int, str]]:
    """Return the statements of a block, each with its line and the comment that ends its last line."""
    lines = code.splitlines()
    body = ast.parse(code).body
    starts = [min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))]) for node in body]
    return [(start, "\n".join(lines[start - 1 : node.end_lineno])) for start, node in zip(starts, body, strict=True)]
