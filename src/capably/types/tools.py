"""Tools that a model may call: the caller's own functions, and those that run at the provider."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeAlias, TypeVar

if TYPE_CHECKING:
    from typing import Self

ResultT = TypeVar("ResultT")
ResultT_co = TypeVar("ResultT_co", covariant=True)


class ToolInterface:
    """The description of a tool for a model, and the loader of its arguments.

    `load` converts a call's arguments to positional and named Python arguments, raising `ValueError` if they do not fit;
    without it they are passed by name, unchanged. `takes_context`: a parameter is a `Context`, the first one or that of
    the name `context_keyword`.
    """

    __slots__ = ("context_keyword", "description", "load", "parameters", "takes_context")

    def __init__(
        self,
        *,
        description: str | None,
        parameters: Mapping[str, Any],
        load: Callable[[Mapping[str, Any]], tuple[list[Any], dict[str, Any]]] | None = None,
        takes_context: bool = False,
        context_keyword: str | None = None,
    ) -> None:
        self.description: str | None = description
        self.parameters: Mapping[str, Any] = parameters
        self.load: Callable[[Mapping[str, Any]], tuple[list[Any], dict[str, Any]]] | None = load
        self.takes_context: bool = takes_context
        self.context_keyword: str | None = context_keyword


class Tool(Generic[ResultT_co]):
    """A function of the caller's, described for a model. `@llm.tool` makes one; it can still be called as before.

    `parameters` is the JSON Schema of its arguments, made on first use; pass it for a function with `**kwargs`. `strict`
    lets the provider guarantee that arguments match it, if the model supports that. `extra` holds fields of the provider's own, sent as they are in the tool's entry.
    """

    __slots__ = ("_interface", "_owner", "extra", "function", "name", "read", "strict", "wire")

    def __init__(
        self,
        function: Callable[..., ResultT_co],
        *,
        name: str,
        description: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        strict: bool | None = None,
        extra: Mapping[str, Any] | None = None,
        read: Callable[[Callable[..., Any]], ToolInterface] | None = None,
    ) -> None:
        self.function: Callable[..., ResultT_co] = function
        self.name: str = name
        self.strict: bool | None = strict
        self.extra: Mapping[str, Any] = extra or {}
        self.read: Callable[[Callable[..., Any]], ToolInterface] | None = read
        """Reads the interface from the function: the first time it is needed, and only then."""
        self.wire: dict[str, Any] = {}
        """Its encoded form per adapter, so that it is encoded once."""
        self._owner: Tool[Any] = self
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

    def __call__(self, *args: Any, **kwargs: Any) -> ResultT_co:
        return self.function(*args, **kwargs)

    def __get__(self, instance: object, owner: type | None = None) -> Self:
        """Bind the tool of a method to its object, as methods are. All bound tools share one schema."""
        bind = getattr(self.function, "__get__", None)
        bound = self.function if bind is None or instance is None else bind(instance, owner)
        if bound is self.function:
            return self
        tool = type(self)(bound, name=self.name, strict=self.strict, extra=self.extra, read=self.read)
        tool.wire = self.wire
        tool._owner = self._owner
        return tool

    def __repr__(self) -> str:
        return f"<Tool {self.name}>"


class AsyncTool(Tool[Coroutine[Any, Any, ResultT]], Generic[ResultT]):
    """A tool whose function is `async`: run it with the async form of a call."""

    __slots__ = ()


AnyTool: TypeAlias = Tool[Any]
"""A tool, whatever it returns."""


class BuiltinTool:
    """A tool that runs at the provider. `options` are the provider's own fields, sent as they are."""

    __slots__ = ("options",)
    kind: ClassVar[str]
    """The registry's word for it."""

    def __init__(self, **options: Any) -> None:
        self.options: dict[str, Any] = options

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in self.options.items())})"


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


class ComputerUse(BuiltinTool):
    """The model operates a screen, mouse and keyboard that you provide."""

    __slots__ = ()
    kind = "computer_use"


class MCPServer(BuiltinTool):
    """The provider calls the tools of an MCP server."""

    __slots__ = ()
    kind = "mcp"


class Memory(BuiltinTool):
    """The model keeps notes that you store."""

    __slots__ = ()
    kind = "memory"


class ToolSearch(BuiltinTool):
    """The model finds tools among many, rather than being sent them all: those of `@llm.tool(extra={"defer_loading": True})`."""

    __slots__ = ()
    kind = "tool_search"


class Bash(BuiltinTool):
    """The model runs commands in a shell that you provide."""

    __slots__ = ()
    kind = "bash"


class Shell(BuiltinTool):
    """The model runs commands in a shell."""

    __slots__ = ()
    kind = "shell"


class TextEditor(BuiltinTool):
    """The model edits text files that you provide."""

    __slots__ = ()
    kind = "text_editor"


class ApplyPatch(BuiltinTool):
    """The model proposes patches that you apply."""

    __slots__ = ()
    kind = "apply_patch"


class GoogleMaps(BuiltinTool):
    """The provider looks places up in Google Maps."""

    __slots__ = ()
    kind = "google_maps"


class BrowserUse(BuiltinTool):
    """The model operates a browser that you provide."""

    __slots__ = ()
    kind = "browser_use"
