"""capably's public surface.

from capably import llm

model = llm.Model("anthropic/claude-sonnet-5-5")
print(model.call("Name a fantasy book.").text())
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import capably_models

from capably.types.errors import (
    AuthenticationError,
    BadRequestError,
    CapablyError,
    ConfigurationError,
    ConnectionFailedError,
    ConversationError,
    NotFoundError,
    OverloadedError,
    ParseError,
    PermissionDeniedError,
    ProviderError,
    RateLimitError,
    RefusalError,
    ServerError,
    TimedOutError,
    ToolError,
    UnknownModelError,
    UnsupportedFeatureError,
    UnsupportedFeatureWarning,
    UnverifiedModelWarning,
)
from capably.types.messages import (
    AssistantMessage,
    Message,
    SystemMessage,
    UserMessage,
    assistant,
    system,
    user,
)
from capably.types.parts import (
    Audio,
    CachePoint,
    Citation,
    Document,
    Image,
    Part,
    Refusal,
    Text,
    Thought,
    ToolCall,
    ToolOutput,
    Unknown,
    Video,
)
from capably.types.reasoning import Effort, Reasoning
from capably.types.usage import Usage

if TYPE_CHECKING:
    from capably_models import *

    from capably.calls.override import override
    from capably.calls.prompt import AsyncCall, AsyncPrompt, Call, Prompt, prompt
    from capably.calls.providers import preload, provider
    from capably.calls.scripted import scripted
    from capably.calls.select_models import models
    from capably.registry.lookup import use_registry
    from capably.responses.part_streams import (
        AsyncPartStream,
        AsyncTextStream,
        AsyncThoughtStream,
        AsyncToolCallStream,
        PartStream,
        TextStream,
        ThoughtStream,
        ToolCallStream,
    )
    from capably.responses.serialization import dump_messages, load_messages
    from capably.responses.stream_response import AsyncResponse, AsyncStreamResponse, Response, StreamResponse
    from capably.tools.context import Context
    from capably.tools.decorator import tool
    from capably.types.facts import ModelInfo
    from capably.types.stream import Chunk
    from capably.types.tools import (
        ApplyPatch,
        AsyncTool,
        Bash,
        BrowserUse,
        BuiltinTool,
        CodeExecution,
        ComputerUse,
        FileSearch,
        GoogleMaps,
        ImageGeneration,
        MCPServer,
        Memory,
        Shell,
        TextEditor,
        Tool,
        ToolSearch,
        WebFetch,
        WebSearch,
    )
else:
    # Loaded when they are first used, so that `from capably import llm` costs milliseconds.
    _LAZY = {
        **dict.fromkeys(("AsyncCall", "AsyncPrompt", "Call", "Prompt", "prompt"), "capably.calls.prompt"),
        **dict.fromkeys(("preload", "provider"), "capably.calls.providers"),
        **dict.fromkeys(
            ("AsyncResponse", "AsyncStreamResponse", "Response", "StreamResponse"), "capably.responses.stream_response"
        ),
        "Context": "capably.tools.context",
        "tool": "capably.tools.decorator",
        **dict.fromkeys(
            (
                "AsyncPartStream",
                "AsyncTextStream",
                "AsyncThoughtStream",
                "AsyncToolCallStream",
                "PartStream",
                "TextStream",
                "ThoughtStream",
                "ToolCallStream",
            ),
            "capably.responses.part_streams",
        ),
        **dict.fromkeys(("dump_messages", "load_messages"), "capably.responses.serialization"),
        "override": "capably.calls.override",
        "scripted": "capably.calls.scripted",
        "use_registry": "capably.registry.lookup",
        "models": "capably.calls.select_models",
        "ModelInfo": "capably.types.facts",
        "Chunk": "capably.types.stream",
        **dict.fromkeys(
            (
                "ApplyPatch",
                "AsyncTool",
                "Bash",
                "BrowserUse",
                "BuiltinTool",
                "CodeExecution",
                "ComputerUse",
                "FileSearch",
                "GoogleMaps",
                "ImageGeneration",
                "MCPServer",
                "Memory",
                "Shell",
                "TextEditor",
                "Tool",
                "ToolSearch",
                "WebFetch",
                "WebSearch",
            ),
            "capably.types.tools",
        ),
    }

    def __getattr__(name: str) -> Any:
        if name not in __all__:
            if not name.startswith("_"):
                from capably.calls.constants import added_provider

                added = added_provider(name)
                if added is not None:
                    return added
            raise AttributeError(f"module 'capably.llm' has no attribute {name!r}")
        value = getattr(import_module(_LAZY.get(name, "capably_models")), name)
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return sorted(__all__)


__all__ = [
    "ApplyPatch",
    "AssistantMessage",
    "AsyncCall",
    "AsyncPartStream",
    "AsyncPrompt",
    "AsyncResponse",
    "AsyncStreamResponse",
    "AsyncTextStream",
    "AsyncThoughtStream",
    "AsyncTool",
    "AsyncToolCallStream",
    "Audio",
    "AuthenticationError",
    "BadRequestError",
    "Bash",
    "BrowserUse",
    "BuiltinTool",
    "CachePoint",
    "Call",
    "CapablyError",
    "Chunk",
    "Citation",
    "CodeExecution",
    "ComputerUse",
    "ConfigurationError",
    "ConnectionFailedError",
    "Context",
    "ConversationError",
    "Document",
    "Effort",
    "FileSearch",
    "GoogleMaps",
    "Image",
    "ImageGeneration",
    "MCPServer",
    "Memory",
    "Message",
    "ModelInfo",
    "NotFoundError",
    "OverloadedError",
    "ParseError",
    "Part",
    "PartStream",
    "PermissionDeniedError",
    "Prompt",
    "ProviderError",
    "RateLimitError",
    "Reasoning",
    "Refusal",
    "RefusalError",
    "Response",
    "ServerError",
    "Shell",
    "StreamResponse",
    "SystemMessage",
    "Text",
    "TextEditor",
    "TextStream",
    "Thought",
    "ThoughtStream",
    "TimedOutError",
    "Tool",
    "ToolCall",
    "ToolCallStream",
    "ToolError",
    "ToolOutput",
    "ToolSearch",
    "Unknown",
    "UnknownModelError",
    "UnsupportedFeatureError",
    "UnsupportedFeatureWarning",
    "UnverifiedModelWarning",
    "Usage",
    "UserMessage",
    "Video",
    "WebFetch",
    "WebSearch",
    "assistant",
    "dump_messages",
    "load_messages",
    "models",
    "override",
    "preload",
    "prompt",
    "provider",
    "scripted",
    "system",
    "tool",
    "use_registry",
    "user",
]
__all__ += capably_models.__all__
