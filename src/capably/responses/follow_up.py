"""Follow-up calls: resume, run tools, validate, continue. Once with `await`, once without."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from capably.responses.base import BaseResponse, CapsT_co, FormatT_co, InputT_contra
from capably.types import parts as p

if TYPE_CHECKING:
    from typing import Self

    from capably.tools.context import Context
    from capably.types.messages import Message


class FollowUp(BaseResponse[FormatT_co, InputT_contra, CapsT_co]):
    """The follow-up calls of a response that needs no `await`."""

    def _ask(self, messages: list[Message], params: Mapping[str, object]) -> Self:
        raise NotImplementedError

    if not TYPE_CHECKING:
        # Its types depend on the model, and stand in the generated stub.
        def resume(self, content, **params):  # noqa: ANN001, ANN003, ANN201
            """Send further content to the same model, with the conversation so far.

            The call repeats the parameters; `params` override them: `resume("And?", reasoning="high")`. It does not repeat
            those for one turn (a forced `tool_choice`, `prefill`), nor `system`, which the conversation has already.
            """
            return self._ask(self._next(content), self._again(params))

    def execute_tools(self, context: Context[Any] | None = None) -> list[p.ToolOutput]:
        """Run the tools that the model called, and return the outputs, to be passed to `resume`.

        Args:
            context: The context for tools that take an `llm.Context`.

        Returns:
            One output for each call, in order. A call that was cut at the limit is not run; its output is an error.
        """
        from capably.responses.continuation import cut_call
        from capably.tools.run import run_tool_calls

        endpoint = self._request.endpoint
        return run_tool_calls(self.tool_calls, self._tools, context, cut=cut_call(self._reply), endpoint=endpoint)

    def validate(self, *, retries: int = 2) -> Self:
        """Return a response whose `parse()` succeeds: this one, or the first of `retries` further answers that fits.

        Each retry sends the model its error. A forced `tool_choice` is not repeated, since it demands a call and not an
        answer. The usage and the cost of the response are those of all these calls.

        Raises:
            ParseError: No answer fits; this is the error of the last one. Or an answer was cut at its limit, or calls a
                tool; it is not asked for again.
            RefusalError: An answer declined.
        """
        response = self
        for _ in range(retries):
            objection = response._objection()
            if objection is None:
                return response
            following = response._ask(response._next(objection), response._again())
            response = following._after(response)
        response.parse()
        return response

    def continue_(self) -> Self:
        """Continue an answer that broke off (`length`, `pause`, `continuation`), and join both: text, parts, usage.

        An answer that ended by itself is returned unchanged. Call it again while `finish_reason` is one of these.

        Raises:
            CapablyError: The answer was cut inside a tool call.
        """
        from capably.responses.continuation import breaks_off, further

        if not breaks_off(self._reply):
            return self
        messages, params = further(self._reply, self.messages, self._again(), self._params.get("tool_choice"))
        following = self._ask(messages, params)
        following._join(self._reply, self._arrived())
        return following._with_request_of(self)


class AsyncFollowUp(BaseResponse[FormatT_co, InputT_contra, CapsT_co]):
    """The asynchronous twin of `FollowUp`."""

    async def _ask(self, messages: list[Message], params: Mapping[str, object]) -> Self:
        raise NotImplementedError

    async def _complete(self) -> Self:
        """Return this response, read to its end."""
        return self

    if not TYPE_CHECKING:
        # Its types depend on the model, and stand in the generated stub.
        async def resume(self, content, **params):  # noqa: ANN001, ANN003, ANN201
            """Send further content to the same model, with the conversation so far.

            The call repeats the parameters; `params` override them: `resume("And?", reasoning="high")`. It does not repeat
            those for one turn (a forced `tool_choice`, `prefill`), nor `system`, which the conversation has already.
            """
            await self._complete()
            return await self._ask(self._next(content), self._again(params))

    async def execute_tools(self, context: Context[Any] | None = None) -> list[p.ToolOutput]:
        """Run the tools that the model called, and return the outputs, to be passed to `resume`.

        Args:
            context: The context for tools that take an `llm.Context`.

        Returns:
            One output for each call, in order. A call that was cut at the limit is not run; its output is an error.
        """
        from capably.responses.continuation import cut_call
        from capably.tools.run import run_tool_calls_async

        await self._complete()
        endpoint = self._request.endpoint
        return await run_tool_calls_async(
            self.tool_calls, self._tools, context, cut=cut_call(self._reply), endpoint=endpoint
        )

    async def validate(self, *, retries: int = 2) -> Self:
        """Return a response whose `parse()` succeeds: this one, or the first of `retries` further answers that fits.

        Each retry sends the model its error. A forced `tool_choice` is not repeated, since it demands a call and not an
        answer. The usage and the cost of the response are those of all these calls.

        Raises:
            ParseError: No answer fits; this is the error of the last one. Or an answer was cut at its limit, or calls a
                tool; it is not asked for again.
            RefusalError: An answer declined.
        """
        response = await self._complete()
        for _ in range(retries):
            objection = response._objection()
            if objection is None:
                return response
            following = await (await response._ask(response._next(objection), response._again()))._complete()
            response = following._after(response)
        response.parse()
        return response

    async def continue_(self) -> Self:
        """Continue an answer that broke off (`length`, `pause`, `continuation`), and join both: text, parts, usage.

        An answer that ended by itself is returned unchanged. Call it again while `finish_reason` is one of these.

        Raises:
            CapablyError: The answer was cut inside a tool call.
        """
        from capably.responses.continuation import breaks_off, further

        if not breaks_off((await self._complete())._reply):
            return self
        messages, params = further(self._reply, self.messages, self._again(), self._params.get("tool_choice"))
        following = await self._ask(messages, params)
        following._join(self._reply, self._arrived())
        return following._with_request_of(self)
