"""How a reply ended, in words that type checkers know."""

from typing import assert_never

from capably import llm


def ended(reason: llm.FinishReason) -> bool:
    if reason == "stop" or reason == "tool_use":
        return True
    match reason:
        case "length" | "pause" | "continuation" | "context_overflow":
            return False
        case "refusal" | "content_filter" | "error" | "other":
            return False
        case _:
            assert_never(reason)


def detail(reason: llm.FinishReason) -> str:
    match reason:
        case "stop" | "length":
            return reason
        case _:
            assert_never(reason)  # error


response = llm.scripted("Hi").call("Hi")
ended(response.finish_reason)
ended("max_tokens")  # error
word: str = response.finish_reason
more: str | None = response.stop_detail
