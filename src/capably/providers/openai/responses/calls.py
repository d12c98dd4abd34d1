"""Calls that wait for the caller: items of a response as parts, and their outputs as items.

Source: openai 3.54.0, types/responses (read 2026-11-29).
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from capably.providers.json import text_in
from capably.providers.openai.content import decode_arguments, decode_custom_call
from capably.providers.spellings import NoSpellingError
from capably.types import parts as p
from capably.types.calls import ApplyPatchCall, ApprovalRequest, ComputerCall, CustomToolCall, ShellCall

Item = Mapping[str, Any]


def answered_in(output: Sequence[Item]) -> frozenset[str]:
    """Return the ids of the calls whose output stands in the same response."""
    return frozenset([item["call_id"] for item in output if item["type"].endswith("_output") and "call_id" in item])


def waits(item: Item, answered: frozenset[str]) -> bool:
    """Return whether an item is a call that the caller answers, and not the provider (a shell in its own container)."""
    if item["type"] not in WAITING or item.get("call_id") in answered:
        return item["type"] == "function_call" and item["call_id"] not in answered
    environment: Any = item.get("environment")
    return not environment or environment["type"] != "container_reference"


def call_id_of(item: Item) -> str:
    """Return the id that the output of a call names."""
    return item["id"] if item["type"] == "mcp_approval_request" else item["call_id"]


# Items as parts


def _shell(item: Item) -> p.Part:
    return ShellCall(text_in(item, "call_id"), "shell", dict(item.get("action") or {}))


def _local_shell(item: Item) -> p.Part:
    action: Item = item.get("action") or {}
    return ShellCall(
        text_in(item, "call_id"), "local_shell", {**action, "commands": [shlex.join(action.get("command") or ())]}
    )


def _computer(item: Item) -> p.Part:
    actions = item.get("actions") or ([item["action"]] if item.get("action") else [])
    args = {"actions": actions, "pending_safety_checks": item.get("pending_safety_checks") or []}
    return ComputerCall(text_in(item, "call_id"), "computer", args)


def _apply_patch(item: Item) -> p.Part:
    return ApplyPatchCall(text_in(item, "call_id"), "apply_patch", dict(item.get("operation") or {}))


def _custom(item: Item) -> p.Part:
    return decode_custom_call((text_in(item, "call_id"), text_in(item, "name"), item.get("input")))


def _approval(item: Item) -> p.Part:
    args, raw = decode_arguments(item.get("arguments"))
    return ApprovalRequest(text_in(item, "id"), text_in(item, "name"), args, raw, item.get("server_label") or "")


WAITING: Mapping[str, tuple[type[p.Part], Callable[[Any], p.Part]]] = {
    "shell_call": (ShellCall, _shell),
    "local_shell_call": (ShellCall, _local_shell),
    "computer_call": (ComputerCall, _computer),
    "apply_patch_call": (ApplyPatchCall, _apply_patch),
    "custom_tool_call": (CustomToolCall, _custom),
    "mcp_approval_request": (ApprovalRequest, _approval),
}
"""Type of an item -> the class of its part and the function that builds it."""


# Outputs as items


def output_item(call: Item, output: p.ToolOutput, encoded: Item) -> dict[str, Any]:
    """Return the output of a call in the form that its type demands; `encoded` is its form for a function."""
    kind: str = call["type"]
    answer: Any = encoded["output"]
    parts: list[Item] = [{"type": "input_text", "text": answer}] if isinstance(answer, str) else answer
    text = "\n".join(part["text"] for part in parts if part["type"] == "input_text")
    if kind == "mcp_approval_request":
        approves = not output.is_error and output.value in (True, "true")
        reason = {} if approves or output.value in (False, "false") else {"reason": text}
        return {"type": "mcp_approval_response", "approval_request_id": call["id"], "approve": approves, **reason}
    item = {"type": f"{kind}_output", "call_id": call["call_id"]}
    if kind == "computer_call":
        checks: Any = call.get("pending_safety_checks")
        acknowledged: Item = {"acknowledged_safety_checks": checks} if checks and not output.is_error else {}
        return {**item, "output": _screenshot(parts, output), **acknowledged}
    if kind == "shell_call":
        outcome = {"type": "exit", "exit_code": int(output.is_error)}
        action: Any = call.get("action") or {}
        limits: Item = {key: action[key] for key in ("max_output_length",) if action.get(key)}
        return {**item, "output": [{"stdout": text, "stderr": "", "outcome": outcome}], **limits}
    if kind == "apply_patch_call":
        return {**item, "status": "failed" if output.is_error else "completed", "output": text}
    if kind == "local_shell_call":
        return {"type": "local_shell_call_output", "id": call["call_id"], "output": text}
    return {**item, "output": answer}


def _screenshot(parts: Sequence[Item], output: p.ToolOutput) -> dict[str, Any]:
    image = next((part for part in reversed(parts) if part["type"] == "input_image"), None)
    if image is None:
        why = "The API takes nothing but a screenshot as the output of a computer's call."
        raise NoSpellingError("input.tool_output", output, why, "Return an llm.Image, when an action failed too")
    source = {key: image[key] for key in ("image_url", "file_id") if key in image}
    return {"type": "computer_screenshot", **source}
