"""Calls of tools that the provider defines and the caller runs: each has a class, and is a `ToolCall` like any other.

Source: openai 3.54.0, types/responses (read 2026-11-29).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from capably.types.parts import ToolCall
from capably.types.values import read_only, set_field


class ShellCall(ToolCall):
    """Commands for a shell of yours: `args` is `{"commands": [...]}`, with limits. Answer with what it printed."""

    __slots__ = ()

    @property
    def commands(self) -> Sequence[str]:
        """Return the commands, in order."""
        return self.args.get("commands") or ()


class ComputerCall(ToolCall):
    """Actions on a screen of yours: `args` is `{"actions": [...]}`. Answer with a screenshot, an `llm.Image`.

    The provider may demand that you look at `pending_safety_checks` first: an answer without an error acknowledges them.
    """

    __slots__ = ()

    @property
    def actions(self) -> Sequence[Mapping[str, Any]]:
        """Return the actions, in order, such as `{"type": "click", "x": 1, "y": 2, "button": "left"}`."""
        return self.args.get("actions") or ()

    @property
    def pending_safety_checks(self) -> Sequence[Mapping[str, Any]]:
        """Return what the provider wants a person to confirm: `id`, `code`, `message`."""
        return self.args.get("pending_safety_checks") or ()


class ApplyPatchCall(ToolCall):
    """A change of one file of yours: `args` is `{"type": "update_file", "path": ..., "diff": ...}`, or `create_file`, or
    `delete_file` without a diff. Answer with a line on how it went."""

    __slots__ = ()


class CustomToolCall(ToolCall):
    """A call of a tool that takes free text: `args` is `{"input": "..."}`."""

    __slots__ = ()

    @property
    def input(self) -> str:
        """Return the text."""
        return self.args.get("input") or ""


@read_only
class ApprovalRequest(ToolCall):
    """A call of an MCP server's tool that waits for your consent: the provider makes it once you answer `True`.

    `name` and `args` are the tool's, `server` is the label of the server. Every other answer declines, and says why.
    """

    __slots__ = ("server",)
    server: str

    def __init__(self, id: str, name: str, args: dict[str, Any], raw_args: str | None = None, server: str = "") -> None:
        super().__init__(id, name, args, raw_args)
        set_field(self, "server", server)


CALLS: tuple[type[ToolCall], ...] = (ShellCall, ComputerCall, ApplyPatchCall, CustomToolCall, ApprovalRequest)
