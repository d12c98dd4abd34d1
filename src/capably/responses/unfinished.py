"""Say why an answer that cannot be parsed is not the model's last word: it was cut, or the model waits for a tool."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capably.types import parts as p

if TYPE_CHECKING:
    from capably.types.response_data import ResponseData

NOT_COMPLETE = "the answer is not complete yet; go on with it: response.continue_()"


def unfinished(reply: ResponseData, max_tokens: object) -> str | None:
    """Return why the answer is not finished, and what to do; `None` if it is. Asking again in the same way cannot help."""
    reason = reply.finish_reason
    if reason == "length":
        return _cut(reply, max_tokens)
    if reason == "context_overflow":
        return "the answer was cut, because the prompt and the answer fill the context of the model; send less"
    if reason in ("pause", "continuation"):
        return NOT_COMPLETE
    calls = dict.fromkeys(call.name for call in reply.of(p.ToolCall))
    if calls or reason == "tool_use":
        named = f" ({', '.join(calls)})" if calls else ""
        return (
            f"the model asks for a tool{named} and has not answered yet; send it the result: "
            "response.resume(response.execute_tools())"
        )
    return None


def ending(reply: ResponseData) -> str | None:
    """Return how an answer ended that did not stop by itself; `None` if it did. Another answer may fit."""
    if reply.finish_reason not in ("error", "other"):
        return None
    detail = f" ({reply.stop_detail})" if reply.stop_detail else ""
    return f"the answer ended with {reply.finish_reason}{detail}"


def _cut(reply: ResponseData, limit: object) -> str:
    where = f"at its limit of {limit} tokens (max_tokens={limit})" if limit else "at the limit of the model's output"
    has_text = any(part.text for part in reply.of(p.Text))
    all_thoughts = not has_text and (reply.usage.reasoning_tokens or reply.of(p.Thought))
    spent = ", and thoughts took all of it" if all_thoughts else ""
    advice = f"ask with a higher max_tokens{', or with less reasoning' if all_thoughts else ''}"
    return f'the answer was cut {where}{spent} (finish_reason "length"); {advice}'
