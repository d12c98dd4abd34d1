"""Say why an answer that cannot be parsed is not the model's last word: it was cut, or the model waits for a tool."""

from __future__ import annotations

from typing import Any

NOT_COMPLETE = "the answer is not complete yet; go on with it: response.continue_()"


def unfinished(response: Any) -> str | None:
    """Return why the answer is not finished, and what to do; `None` if it is. Asking again in the same way cannot help."""
    reason = response.finish_reason
    calls = [call.name for call in response.tool_calls]
    if reason == "length":
        return _cut(response)
    if reason == "context_overflow":
        return "the answer was cut, because the prompt and the answer fill the context of the model; send less"
    if reason in ("pause", "continuation"):
        return NOT_COMPLETE
    if calls or reason == "tool_use":
        named = f" ({', '.join(dict.fromkeys(calls))})" if calls else ""
        return (
            f"the model asks for a tool{named} and has not answered yet; send it the result: "
            "response.resume(response.execute_tools())"
        )
    return None


def ending(response: Any) -> str | None:
    """Return how an answer ended that did not stop by itself; `None` if it did. Another answer may fit."""
    if response.finish_reason not in ("error", "other"):
        return None
    detail = f" ({response.stop_detail})" if response.stop_detail else ""
    return f"the answer ended with {response.finish_reason}{detail}"


def _cut(response: Any) -> str:
    limit = response._params.get("max_tokens")
    where = f"at its limit of {limit} tokens (max_tokens={limit})" if limit else "at the limit of the model's output"
    all_thoughts = not response.text() and (response.usage.reasoning_tokens or response.thoughts)
    spent = ", and thoughts took all of it" if all_thoughts else ""
    advice = f"ask with a higher max_tokens{', or with less reasoning' if all_thoughts else ''}"
    return f'the answer was cut {where}{spent} (finish_reason "length"); {advice}'
