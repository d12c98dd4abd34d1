"""capably's public surface.

from capably import llm

model = llm.Model("anthropic/claude-sonnet-5-5")
print(model.call("Name a fantasy book.").text())
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from capably_models import *

    from capably.calls.prompt import (
        AsyncCall as AsyncCall,
        AsyncPrompt as AsyncPrompt,
        Call as Call,
        Prompt as Prompt,
        prompt as prompt,
    )
    from capably.calls.providers import (
        aclose as aclose,
        close as close,
        preload as preload,
    )
    from capably.calls.scripted import (
        scripted as scripted,
    )
    from capably.registry.lookup import (
        use_registry as use_registry,
    )
    from capably.responses.part_streams import (
        AsyncCommentaryStream as AsyncCommentaryStream,
        AsyncPartStream as AsyncPartStream,
        AsyncTextStream as AsyncTextStream,
        AsyncThoughtStream as AsyncThoughtStream,
        AsyncToolCallStream as AsyncToolCallStream,
        CommentaryStream as CommentaryStream,
        PartStream as PartStream,
        TextStream as TextStream,
        ThoughtStream as ThoughtStream,
        ToolCallStream as ToolCallStream,
    )
    from capably.responses.response import (
        AsyncResponse as AsyncResponse,
        Response as Response,
    )
    from capably.responses.serialization import (
        dump_messages as dump_messages,
        load_messages as load_messages,
    )
    from capably.responses.stream_response import (
        AsyncStreamResponse as AsyncStreamResponse,
        StreamResponse as StreamResponse,
    )
    from capably.tools.context import (
        Context as Context,
    )
    from capably.tools.decorator import (
        tool as tool,
    )
    from capably.types.calls import (
        ApplyPatchCall as ApplyPatchCall,
        ApprovalRequest as ApprovalRequest,
        ComputerCall as ComputerCall,
        CustomToolCall as CustomToolCall,
        ShellCall as ShellCall,
    )
    from capably.types.candidate import (
        Candidate as Candidate,
        TokenLogprob as TokenLogprob,
    )
    from capably.types.errors import (
        AuthenticationError as AuthenticationError,
        BadRequestError as BadRequestError,
        CapablyError as CapablyError,
        ConfigurationError as ConfigurationError,
        ConnectionFailedError as ConnectionFailedError,
        ConversationError as ConversationError,
        NotFoundError as NotFoundError,
        OverloadedError as OverloadedError,
        ParseError as ParseError,
        PermissionDeniedError as PermissionDeniedError,
        ProviderError as ProviderError,
        RateLimitError as RateLimitError,
        RefusalError as RefusalError,
        ServerError as ServerError,
        TimedOutError as TimedOutError,
        ToolError as ToolError,
        UnknownModelError as UnknownModelError,
        UnsupportedFeatureError as UnsupportedFeatureError,
        UnsupportedFeatureWarning as UnsupportedFeatureWarning,
        UnverifiedModelWarning as UnverifiedModelWarning,
    )
    from capably.types.facts import (
        ModelInfo as ModelInfo,
    )
    from capably.types.messages import (
        AssistantMessage as AssistantMessage,
        Message as Message,
        SystemMessage as SystemMessage,
        UserMessage as UserMessage,
        assistant as assistant,
        system as system,
        user as user,
    )
    from capably.types.parts import (
        Audio as Audio,
        CachePoint as CachePoint,
        Citation as Citation,
        Commentary as Commentary,
        Document as Document,
        Image as Image,
        Part as Part,
        Refusal as Refusal,
        ResponsePart as ResponsePart,
        Text as Text,
        Thought as Thought,
        ToolCall as ToolCall,
        ToolOutput as ToolOutput,
        Unknown as Unknown,
        Video as Video,
    )
    from capably.types.provider import Provider as Provider
    from capably.types.reasoning import (
        Effort as Effort,
        Reasoning as Reasoning,
    )
    from capably.types.response_data import FinishReason as FinishReason
    from capably.types.stream import (
        Chunk as Chunk,
    )
    from capably.types.timeout import Timeout as Timeout
    from capably.types.tools import (
        ApplyPatch as ApplyPatch,
        AsyncTool as AsyncTool,
        Bash as Bash,
        BrowserUse as BrowserUse,
        BuiltinTool as BuiltinTool,
        CallerTool as CallerTool,
        CodeExecution as CodeExecution,
        ComputerUse as ComputerUse,
        FileSearch as FileSearch,
        GoogleMaps as GoogleMaps,
        ImageGeneration as ImageGeneration,
        MCPServer as MCPServer,
        Memory as Memory,
        Shell as Shell,
        TextEditor as TextEditor,
        Tool as Tool,
        ToolSearch as ToolSearch,
        WebFetch as WebFetch,
        WebSearch as WebSearch,
    )
    from capably.types.usage import (
        Usage as Usage,
    )
else:
    import capably_models

    # Public name -> its module. Everything is imported when it is first used, so that `import capably.llm` costs milliseconds.
    # The imports above are the same table for type checkers; a test compares them.
    _EXPORTS = {
        "capably.calls.prompt": "AsyncCall AsyncPrompt Call Prompt prompt",
        "capably.calls.providers": "aclose close preload",
        "capably.calls.scripted": "scripted",
        "capably.registry.lookup": "use_registry",
        "capably.responses.part_streams": """
            AsyncCommentaryStream AsyncPartStream AsyncTextStream AsyncThoughtStream AsyncToolCallStream
            CommentaryStream PartStream TextStream ThoughtStream ToolCallStream
        """,
        "capably.responses.response": "AsyncResponse Response",
        "capably.responses.serialization": "dump_messages load_messages",
        "capably.responses.stream_response": "AsyncStreamResponse StreamResponse",
        "capably.tools.context": "Context",
        "capably.tools.decorator": "tool",
        "capably.types.calls": "ApplyPatchCall ApprovalRequest ComputerCall CustomToolCall ShellCall",
        "capably.types.candidate": "Candidate TokenLogprob",
        "capably.types.errors": """
            AuthenticationError BadRequestError CapablyError ConfigurationError ConnectionFailedError ConversationError
            NotFoundError OverloadedError ParseError PermissionDeniedError ProviderError RateLimitError
            RefusalError ServerError TimedOutError ToolError UnknownModelError UnsupportedFeatureError
            UnsupportedFeatureWarning UnverifiedModelWarning
        """,
        "capably.types.facts": "ModelInfo",
        "capably.types.messages": "AssistantMessage Message SystemMessage UserMessage assistant system user",
        "capably.types.parts": """
            Audio CachePoint Citation Commentary Document Image Part Refusal ResponsePart Text Thought ToolCall
            ToolOutput Unknown Video
        """,
        "capably.types.provider": "Provider",
        "capably.types.reasoning": "Effort Reasoning",
        "capably.types.response_data": "FinishReason",
        "capably.types.stream": "Chunk",
        "capably.types.timeout": "Timeout",
        "capably.types.tools": """
            ApplyPatch AsyncTool Bash BrowserUse BuiltinTool CallerTool CodeExecution ComputerUse FileSearch
            GoogleMaps ImageGeneration MCPServer Memory Shell TextEditor Tool ToolSearch WebFetch WebSearch
        """,
        "capably.types.usage": "Usage",
    }
    _MODULES = {name: module for module, names in _EXPORTS.items() for name in names.split()}
    _MODULES |= dict.fromkeys(capably_models.__all__, "capably_models")

    __all__ = list(_MODULES)

    def __getattr__(name: str) -> object:
        if name not in _MODULES:
            if not name.startswith("_"):
                from capably.calls.constants import added_provider

                added = added_provider(name)
                if added is not None:
                    return added
            raise AttributeError(f"module 'capably.llm' has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(_MODULES[name]), name)
        return value

    def __dir__() -> list[str]:
        return sorted(__all__)
