"""Tools that a model may call: the caller's own functions, and those that run at the provider."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeAlias, TypeVar, overload

from capably.types.functions import Coro, FunctionObject

if TYPE_CHECKING:
    from typing import Concatenate, Self

    from typing_extensions import ParamSpec

    from capably.types.calls import ApprovalRequest
    from capably.types.json_types import Json

    P = ParamSpec("P", default=...)
    BoundP = ParamSpec("BoundP")
    SelfT = TypeVar("SelfT")
else:
    from typing import ParamSpec

    P = ParamSpec("P")

ResultT = TypeVar("ResultT")
ResultT_co = TypeVar("ResultT_co", covariant=True)

ArgumentsLoader: TypeAlias = "Callable[[Mapping[str, Json]], tuple[list[object], dict[str, object]]]"
"""A function that converts a call's arguments to positional and named Python arguments; `ValueError` if they do not fit."""

CallRunner: TypeAlias = Callable[[Any], object]
"""A function of the caller's of one call: an `llm.ToolCall`, or the class that calls of this tool have."""


class ToolInterface:
    """The description of a tool for a model, and the loader of its arguments.

    Without `load`, arguments are passed by name, unchanged. `takes_context`: a parameter is a `Context`, the first one or
    that of the name `context_keyword`.
    """

    __slots__ = ("context_keyword", "description", "load", "parameters", "takes_context")

    def __init__(
        self,
        *,
        description: str | None,
        parameters: Mapping[str, object],
        load: ArgumentsLoader | None = None,
        takes_context: bool = False,
        context_keyword: str | None = None,
    ) -> None:
        self.description: str | None = description
        self.parameters: Mapping[str, object] = parameters
        self.load: ArgumentsLoader | None = load
        self.takes_context: bool = takes_context
        self.context_keyword: str | None = context_keyword


class Tool(FunctionObject, Generic[ResultT_co, P]):
    """A function of the caller's, described for a model. `@llm.tool` makes one; it can still be called as before, and
    its type has the function's result and parameters. `llm.Tool[int]` is any tool that returns an `int`.

    `parameters` is the JSON Schema of its arguments, made on first use; pass it for a function with `**kwargs`. `strict`
    lets the provider guarantee that arguments match it, if the model supports that. `extra` holds fields of the provider's own, sent as they are in the tool's entry.
    """

    function: Callable[P, ResultT_co]

    if not TYPE_CHECKING:
        # Type parameters with defaults, which `Generic` supports from Python 3.13 only.
        def __class_getitem__(cls, item: object) -> object:
            from types import GenericAlias

            return GenericAlias(cls, item)

    def __init__(
        self,
        function: Callable[P, ResultT_co],
        *,
        name: str,
        description: str | None = None,
        parameters: Mapping[str, object] | None = None,
        strict: bool | None = None,
        extra: Mapping[str, object] | None = None,
        read: Callable[[Callable[..., object]], ToolInterface] | None = None,
    ) -> None:
        super().__init__(function)
        self.name: str = name
        self.strict: bool | None = strict
        self.extra: Mapping[str, object] = extra or {}
        self.read: Callable[[Callable[..., object]], ToolInterface] | None = read
        """Reads the interface from the function: the first time it is needed, and only then."""
        self.wire: dict[str, Mapping[str, object]] = {}
        """Its encoded form per adapter, so that it is encoded once."""
        self._owner: AnyTool = self
        self._interface: ToolInterface | None = None
        if read is None:
            self._interface = ToolInterface(description=description, parameters=parameters or {"type": "object"})

    @property
    def interface(self) -> ToolInterface:
        """Return description, schema and argument loader. Raise `TypeError` for a function that cannot be described."""
        owner = self._owner
        if owner._interface is None:
            assert owner.read is not None
            owner._interface = owner.read(self.function)
        return owner._interface

    @property
    def description(self) -> str | None:
        """Return the description of its purpose that the model receives."""
        return self.interface.description

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Return the JSON Schema of the arguments."""
        return self.interface.parameters

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> ResultT_co:
        return self.function(*args, **kwargs)

    if TYPE_CHECKING:

        @overload
        def __get__(
            self: Callable[Concatenate[type[SelfT], BoundP], ResultT], instance: SelfT | None, owner: type[SelfT], /
        ) -> Tool[ResultT, BoundP]: ...
        @overload
        def __get__(self, instance: None, owner: object, /) -> Self: ...
        @overload
        def __get__(
            self: Callable[Concatenate[SelfT, BoundP], ResultT], instance: SelfT, owner: object, /
        ) -> Tool[ResultT, BoundP]: ...
        @overload
        def __get__(self, instance: object, owner: object, /) -> Self: ...
        def __get__(self, instance: object, owner: object, /) -> object: ...

    def with_function(self, function: Callable[..., ResultT_co]) -> Self:
        """Return the same tool over another function, such as the method of an instance. Both share one schema."""
        tool = type(self)(function, name=self.name, strict=self.strict, extra=self.extra, read=self.read)
        tool.wire = self.wire
        tool._owner = self._owner
        return tool

    def _arguments(self) -> dict[str, object]:
        own = {"function": self.function, "name": self.name, "strict": self.strict, "extra": dict(self.extra)}
        if self.read is not None:
            return {**own, "read": self.read}
        return {**own, "description": self.description, "parameters": self.parameters}

    def __repr__(self) -> str:
        return f"<Tool {self.name}>"


class AsyncTool(Tool[Coro[ResultT], P], Generic[ResultT, P]):
    """A tool whose function is `async`: run it with the async form of a call."""

    if TYPE_CHECKING:

        @overload
        def __get__(
            self: Callable[Concatenate[type[SelfT], BoundP], Coro[ResultT]],
            instance: SelfT | None,
            owner: type[SelfT],
            /,
        ) -> AsyncTool[ResultT, BoundP]: ...
        @overload
        def __get__(self, instance: None, owner: object, /) -> Self: ...
        @overload
        def __get__(
            self: Callable[Concatenate[SelfT, BoundP], Coro[ResultT]], instance: SelfT, owner: object, /
        ) -> AsyncTool[ResultT, BoundP]: ...
        @overload
        def __get__(self, instance: object, owner: object, /) -> Self: ...
        def __get__(self, instance: object, owner: object, /) -> object: ...  # pyright: ignore[reportIncompatibleMethodOverride]


AnyTool: TypeAlias = Tool[object]
"""A tool, whatever it returns."""


class BuiltinTool:
    """A tool that runs at the provider. `options` are the provider's own fields, sent as they are."""

    __slots__ = ("options",)
    kind: ClassVar[str]
    """The registry's word for it."""

    def __init__(self, **options: object) -> None:
        self.options: dict[str, object] = options

    def _values(self) -> tuple[object, ...]:
        return (self.options,)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BuiltinTool) and type(self) is type(other) and self._values() == other._values()

    def __hash__(self) -> int:
        return hash(self.kind)

    def __repr__(self) -> str:
        from capably.types.secrets import repr_without_secrets

        shown = (f"{name}={repr_without_secrets(name, value)}" for name, value in self.options.items())
        return f"{type(self).__name__}({', '.join(shown)})"


class CallerTool(BuiltinTool):
    """A tool that the provider defines and you run.

    `run` is a function of one call (`llm.ToolCall`, or its own class), for `execute_tools()`: it returns what a tool may
    return. Without it, answer the calls yourself with `llm.ToolOutput(call.id, call.name, ...)`.
    """

    __slots__ = ("run",)
    names: ClassVar[frozenset[str]] = frozenset()
    """The names under which calls of it arrive."""
    endpoints_with_other_names: ClassVar[frozenset[str]] = frozenset()
    """Endpoints at which a call of any name that no tool has is one of it."""

    def __init__(self, *, run: CallRunner | None = None, **options: object) -> None:
        super().__init__(**options)
        self.run: CallRunner | None = run

    def _values(self) -> tuple[object, ...]:
        return (self.options, self.run)


class WebSearch(BuiltinTool):
    """The provider searches the web."""

    __slots__ = ()
    kind = "web_search"


class WebFetch(BuiltinTool):
    """The provider reads a page whose address stands in the conversation."""

    __slots__ = ()
    kind = "web_fetch"


class CodeExecution(BuiltinTool):
    """The provider runs code that the model writes."""

    __slots__ = ()
    kind = "code_execution"


class FileSearch(BuiltinTool):
    """The provider searches files that were uploaded to it."""

    __slots__ = ()
    kind = "file_search"


class ImageGeneration(BuiltinTool):
    """The provider paints pictures."""

    __slots__ = ()
    kind = "image_generation"


_POINTER = """
    double_click hold_key key left_click left_click_drag left_mouse_down left_mouse_up middle_click mouse_move right_click
    screenshot scroll triple_click type wait zoom
"""
"""Names that the calls of Anthropic's two toolsets share. Source: anthropic 2.12.0, types (read 2026-11-29)."""


class ComputerUse(CallerTool):
    """The model operates a screen, mouse and keyboard that you provide."""

    __slots__ = ()
    kind = "computer_use"
    names: ClassVar[frozenset[str]] = frozenset(f"computer cursor_position {_POINTER}".split())
    endpoints_with_other_names: ClassVar[frozenset[str]] = frozenset({"generate_content"})
    """Google's actions have names by the kind of screen, and no list of them is complete."""


class MCPServer(BuiltinTool):
    """The provider calls the tools of an MCP server.

    `approve` is a function of an `llm.ApprovalRequest`, for `execute_tools()`: it returns `True`, or why not.
    """

    __slots__ = ("approve",)
    kind = "mcp"

    def __init__(self, *, approve: Callable[[ApprovalRequest], object] | None = None, **options: object) -> None:
        super().__init__(**options)
        self.approve: Callable[[ApprovalRequest], object] | None = approve

    def _values(self) -> tuple[object, ...]:
        return (self.options, self.approve)


class Memory(CallerTool):
    """The model keeps notes that you store."""

    __slots__ = ()
    kind = "memory"
    names: ClassVar[frozenset[str]] = frozenset({"memory"})


class ToolSearch(BuiltinTool):
    """The model finds tools among many, rather than being sent them all: those of `@llm.tool(extra={"defer_loading": True})`."""

    __slots__ = ()
    kind = "tool_search"


class Bash(CallerTool):
    """The model runs commands in a shell that you provide."""

    __slots__ = ()
    kind = "bash"
    names: ClassVar[frozenset[str]] = frozenset({"bash"})


class Shell(CallerTool):
    """The model runs commands in a shell: yours, or the provider's with `environment={"type": "container_auto"}`."""

    __slots__ = ()
    kind = "shell"
    names: ClassVar[frozenset[str]] = frozenset({"shell", "local_shell"})


class TextEditor(CallerTool):
    """The model edits text files that you provide."""

    __slots__ = ()
    kind = "text_editor"
    names: ClassVar[frozenset[str]] = frozenset({"str_replace_based_edit_tool"})


class ApplyPatch(CallerTool):
    """The model proposes patches that you apply."""

    __slots__ = ()
    kind = "apply_patch"
    names: ClassVar[frozenset[str]] = frozenset({"apply_patch"})


class GoogleMaps(BuiltinTool):
    """The provider looks places up in Google Maps."""

    __slots__ = ()
    kind = "google_maps"


class BrowserUse(CallerTool):
    """The model operates a browser that you provide."""

    __slots__ = ()
    kind = "browser_use"
    names: ClassVar[frozenset[str]] = frozenset(
        f"""
        browser close_tab file_upload find form_input get_page_text hover javascript_exec list_tabs navigate new_tab
        read_console read_network read_page scroll_to switch_tab {_POINTER}
    """.split()
    )


BUILTIN_TOOLS: Mapping[str, type[BuiltinTool]] = {
    tool.kind: tool
    for _, tool in sorted(globals().items())
    if isinstance(tool, type) and issubclass(tool, BuiltinTool) and tool not in (BuiltinTool, CallerTool)
}
"""The registry's word -> the class, of each class above."""
