"""Calls that wait for the caller: items of a response as parts, and their outputs as items.

Source: openai 3.54.0, types/responses (read 2026-11-29).
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, cast

from capably.providers.counts import details_of
from capably.providers.json import list_of, object_in, object_of, objects_of, text_in, text_of
from capably.providers.openai.content import decode_arguments, decode_custom_call
from capably.providers.spellings import Body, NoSpellingError
from capably.types import parts as p
from capably.types.calls import ApplyPatchCall, ApprovalRequest, ComputerCall, CustomToolCall, ShellCall

if TYPE_CHECKING:
    from capably.types.json_types import Json, JsonObject


def answered_in(output: Sequence[JsonObject]) -> frozenset[str]:
    """Return the ids of the calls whose output stands in the same response."""
    outputs = [item for item in output if type(kind := item["type"]) is str and kind.endswith("_output")]
    return frozenset([id for item in outputs if type(id := item.get("call_id")) is str])


def waits(item: Mapping[str, Json], answered: frozenset[str]) -> bool:
    """Return whether an item is a call that the caller answers, and not the provider (a shell in its own container)."""
    if item["type"] == "tool_search_call":
        return item.get("execution") == "client" and item.get("call_id") not in answered
    if item["type"] not in WAITING or item.get("call_id") in answered:
        return item["type"] == "function_call" and item["call_id"] not in answered
    return details_of(item, "environment").get("type") != "container_reference"


def call_id_of(item: Mapping[str, Json]) -> str | None:
    """Return the id that the output of a call names; `None` for a call that has none."""
    return text_of(item, "id" if item["type"] == "mcp_approval_request" else "call_id")


# Items as parts


def _shell(item: JsonObject) -> p.Part:
    return ShellCall(text_in(item, "call_id"), "shell", dict(object_of(item, "action")))


def _local_shell(item: JsonObject) -> p.Part:
    action = object_of(item, "action")
    command = shlex.join(cast("Sequence[str]", list_of(action, "command")))  # Which raises for what is no text.
    return ShellCall(text_in(item, "call_id"), "local_shell", {**action, "commands": [command]})


def _computer(item: JsonObject) -> p.Part:
    actions = objects_of(item, "actions") or ([object_in(item, "action")] if item.get("action") else [])
    args = {"actions": actions, "pending_safety_checks": objects_of(item, "pending_safety_checks")}
    return ComputerCall(text_in(item, "call_id"), "computer", args)


def _apply_patch(item: JsonObject) -> p.Part:
    return ApplyPatchCall(text_in(item, "call_id"), "apply_patch", dict(object_of(item, "operation")))


def _custom(item: JsonObject) -> p.Part:
    return decode_custom_call(item["call_id"], item["name"], item.get("input"))


def _approval(item: JsonObject) -> p.Part:
    args, raw = decode_arguments(item.get("arguments"))
    return ApprovalRequest(text_in(item, "id"), text_in(item, "name"), args, raw, text_of(item, "server_label") or "")


WAITING: Mapping[str, tuple[type[p.Part], Callable[[JsonObject], p.Part]]] = {
    "shell_call": (ShellCall, _shell),
    "local_shell_call": (ShellCall, _local_shell),
    "computer_call": (ComputerCall, _computer),
    "apply_patch_call": (ApplyPatchCall, _apply_patch),
    "custom_tool_call": (CustomToolCall, _custom),
    "mcp_approval_request": (ApprovalRequest, _approval),
}
"""Type of an item -> the class of its part and the function that builds it."""


# Outputs as items


def output_item(call: Mapping[str, Json], output: p.ToolOutput, encoded: str | Sequence[Body]) -> Body:
    """Return the output of a call in the form that its type demands; `encoded` is what a function's output says."""
    kind = call["type"]
    parts = [{"type": "input_text", "text": encoded}] if isinstance(encoded, str) else encoded
    texts = [part.get("text") for part in parts if part["type"] == "input_text"]
    text = "\n".join([text for text in texts if isinstance(text, str)])
    if kind == "mcp_approval_request":
        approves = not output.is_error and output.value in (True, "true")
        reason = {} if approves or output.value in (False, "false") else {"reason": text}
        return {"type": "mcp_approval_response", "approval_request_id": call["id"], "approve": approves, **reason}
    item: Body = {"type": f"{kind}_output", "call_id": call["call_id"]}
    if kind == "computer_call":
        checks = call.get("pending_safety_checks")
        acknowledged = {"acknowledged_safety_checks": checks} if checks and not output.is_error else {}
        return {**item, "output": _screenshot(parts, output), **acknowledged}
    if kind == "shell_call":
        outcome = {"type": "exit", "exit_code": int(output.is_error)}
        limit = details_of(call, "action").get("max_output_length")
        limits = {"max_output_length": limit} if limit else {}
        return {**item, "output": [{"stdout": text, "stderr": "", "outcome": outcome}], **limits}
    if kind == "apply_patch_call":
        return {**item, "status": "failed" if output.is_error else "completed", "output": text}
    if kind == "local_shell_call":
        return {"type": "local_shell_call_output", "id": call["call_id"], "output": text}
    return {**item, "output": encoded}


def _screenshot(parts: Sequence[Mapping[str, object]], output: p.ToolOutput) -> Body:
    image = next((part for part in reversed(parts) if part["type"] == "input_image"), None)
    if image is None:
        why = "The API takes nothing but a screenshot as the output of a computer's call."
        raise NoSpellingError("input.tool_output", output, why, "Return an llm.Image, when an action failed too")
    source = {key: image[key] for key in ("image_url", "file_id") if key in image}
    return {"type": "computer_screenshot", **source}
