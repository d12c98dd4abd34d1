"""An editor's questions to pyright's language server: completion, hover, signature help, definition.

with Server(folder, python) as server:
    server.at("completion", 'from capably import llm\nllm.Model("|")')
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any, Self


class Server:
    """pyright-langserver over standard input and output, with `edit.py` of `folder` open in it.

    `python` is the interpreter whose packages are seen.
    """

    def __init__(self, folder: Path, python: str) -> None:
        venv = Path(python).parent.parent
        config = {"include": ["edit.py"], "venvPath": str(venv.parent), "venv": venv.name, "stubPath": "typings"}
        (folder / "pyrightconfig.json").write_text(json.dumps(config), encoding="utf-8")
        (folder / "edit.py").write_text("", encoding="utf-8")
        command = shutil.which(
            "pyright-langserver", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        )
        if command is None:
            raise RuntimeError("pyright-langserver is not installed")
        self._process = subprocess.Popen(
            [command, "--stdio"], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._ids = count(1)
        self._uri = (folder / "edit.py").as_uri()
        self._version = 0
        root: dict[str, Any] = {"rootUri": folder.as_uri(), "processId": os.getpid(), "capabilities": {}}
        self.ask("initialize", {**root, "workspaceFolders": [{"uri": folder.as_uri(), "name": "edit"}]})
        self.tell("initialized", {})

    def tell(self, method: str, params: Any, id: int | None = None) -> None:
        message = {"jsonrpc": "2.0", "method": method, "params": params, **({} if id is None else {"id": id})}
        self._send(message)

    def _send(self, message: Any) -> None:
        body = json.dumps(message).encode()
        assert self._process.stdin
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._process.stdin.flush()

    def _receive(self) -> Any:
        assert self._process.stdout
        length = 0
        while line := self._process.stdout.readline().strip():
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        return json.loads(self._process.stdout.read(length))

    def ask(self, method: str, params: Any) -> Any:
        id = next(self._ids)
        self.tell(method, params, id)
        while True:
            message = self._receive()
            if message.get("id") == id and "method" not in message:
                return message.get("result")
            if "id" in message and "method" in message:  # the server asks us
                request: dict[str, Any] = message.get("params") or {}
                wanted: list[Any] = request.get("items", [])
                self._send({"jsonrpc": "2.0", "id": message["id"], "result": [{} for _ in wanted]})

    def show(self, text: str) -> None:
        """Send the current text of the editor."""
        self._version += 1
        document = {"uri": self._uri, "version": self._version}
        if self._version == 1:
            self.tell("textDocument/didOpen", {"textDocument": {**document, "languageId": "python", "text": text}})
        else:
            self.tell("textDocument/didChange", {"textDocument": document, "contentChanges": [{"text": text}]})

    def at(self, method: str, text: str) -> Any:
        """Ask at the position of `|` in the text."""
        before, _, after = text.partition("|")
        self.show(before + after)
        return self._ask_at(method, before)

    def each(self, method: str, head: str, lines: Sequence[str]) -> list[Any]:
        """Ask at the position of `|` in each of the lines, which make one text: it is analysed once."""
        self.show("\n".join([head, *(line.replace("|", "", 1) for line in lines)]))
        starts = ("\n".join([head, *([""] * number), ""]) for number in range(len(lines)))
        return [self._ask_at(method, start + line.partition("|")[0]) for start, line in zip(starts, lines, strict=True)]

    def _ask_at(self, method: str, before: str) -> Any:
        place = {"line": before.count("\n"), "character": len(before) - before.rfind("\n") - 1}
        return self.ask(f"textDocument/{method}", {"textDocument": {"uri": self._uri}, "position": place})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
