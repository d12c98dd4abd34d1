"""What the registry says of every feature, written as arguments of a call, and whether a model takes them.

Everything is read from the registry's own words, here, and from nothing that the generator or the library made of
them. `matrix.py` writes programs of these cases; `tests/typing/test_agreement.py` makes calls of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from capably_codegen.registry.schema import EndpointRules, Profile, Reasoning, Tools

EFFORTS = ("minimal", "low", "medium", "high", "xhigh", "max")
PARTS = {"image": "Image", "document": "Document", "audio": "Audio", "video": "Video"}
LIFETIMES = ("5m", "30m", "1h", "12h", "24h")
BUILTINS = {
    "apply_patch": "ApplyPatch",
    "bash": "Bash",
    "browser_use": "BrowserUse",
    "code_execution": "CodeExecution",
    "computer_use": "ComputerUse",
    "file_search": "FileSearch",
    "google_maps": "GoogleMaps",
    "image_generation": "ImageGeneration",
    "mcp": "MCPServer",
    "memory": "Memory",
    "shell": "Shell",
    "text_editor": "TextEditor",
    "tool_search": "ToolSearch",
    "web_fetch": "WebFetch",
    "web_search": "WebSearch",
}


class Case(NamedTuple):
    """One call: which feature it uses, what it sends, and whether the registry allows it."""

    feature: str
    params: str
    allowed: bool
    content: str = '"hi"'
    returns: str = "str"
    """The type of `content`, as a function that returns it declares it."""
    after: str = ""
    """What is done with the response."""
    defaults: tuple[str, ...] = ()
    """What the model is given before, by one `with_` after the other."""

    @property
    def arguments(self) -> str:
        return ", ".join(filter(None, (self.content, self.params)))


class Requirement(NamedTuple):
    """A function that requires one capability, and whether the registry says that a model has it."""

    feature: str
    type: str
    allowed: bool

    @property
    def arguments(self) -> str:
        return self.type


def cases_of(profile: Profile | None) -> Iterator[Case]:
    """Yield every feature of one profile; `None` is an unverified model, which accepts everything."""
    yield Case("plain", "", True)
    yield Case("max_tokens", "max_tokens=100", True)
    yield Case("routing", 'extra={"a": 1}, on_unsupported="drop", timeout=3.0, max_retries=1, headers={}', True)
    yield Case("misspelt", "temprature=0.5", False)
    for name, params, allowed in _plain(profile):
        yield Case(name, params, profile is None or allowed)
    yield from _sampling(profile)
    yield from _reasoning(profile)
    yield from _tools(profile)
    yield from _content(profile)
    yield from _response(profile)


def defaults_of(profile: Profile | None) -> Iterator[Case]:
    """Yield calls that a default allows or contradicts, for parameters that depend on each other."""
    off, level = 'reasoning="off"', f'reasoning="{next(iter(_levels(profile)), "low")}"'
    budget, tool = "reasoning=llm.Reasoning(budget_tokens=4000)", "tools=[add]"
    forced = f'{tool}, tool_choice="required"'
    can_off, can_reason = profile is None or _off(profile), profile is None or bool(_levels(profile))
    for argument, when in _sampled(profile).items():
        name = argument.partition("=")[0]
        quiet, always = can_off and when in ("always", "reasoning_off"), when == "always"
        back, silent = can_off and can_reason and always, _without_a_word(profile, when)
        for feature, defaults, params, allowed in (
            ("after off", (off,), argument, quiet),
            ("after off and a limit", (off, "max_tokens=100"), argument, quiet),
            ("with a level after off", (off,), f"{level}, {argument}", back),
            ("after off and a level", (off, level), argument, back),
            ("after a level and off", (level, off), argument, quiet and can_reason),
            ("as a default with off", (f"{off}, {argument}",), "", quiet),
            ("as a default with off, before a level", (f"{off}, {argument}",), level, back),
            ("as a default after off, before a level", (off, argument), level, back),
            ("as a default with off, before a default level", (f"{off}, {argument}", level), "", back),
            ("after a limit", ("max_tokens=100",), argument, silent),
            ("after a level", (level,), argument, can_reason and always),
            ("with off after a level", (level,), f"{off}, {argument}", can_reason and quiet),
            ("as a default", (argument,), "", silent),
            ("as a default, before a level", (argument,), level, can_reason and always),
            ("as a default after a level", (level, argument), "", can_reason and always),
            ("as a default, before off", (argument,), off, can_off and silent),
        ):
            yield Case(f"{name} {feature}", params, allowed, defaults=defaults)
    yield Case("a level after off", level, can_off and can_reason, defaults=(off,))
    tools = _own_tools(profile) if profile else None
    can_budget = profile is None or _budget(profile)
    when = tools.forced if tools else "always" if profile is None else "never"
    quiet, free = when in ("always", "reasoning_off", "without_budget"), when in ("always", "without_budget")
    silent = _without_a_word(profile, when)
    for feature, defaults, params, allowed in (
        ("a forced tool after off", (off,), forced, can_off and quiet),
        ("a forced tool with a level after off", (off,), f"{level}, {forced}", can_off and can_reason and free),
        ("a level after a forced tool", (f"{off}, {forced}",), level, can_off and can_reason and free),
        (
            "a level after a tool that is forced no more",
            (f"{off}, {forced}",),
            f'{level}, tool_choice="auto"',
            can_off and can_reason and quiet,
        ),
        ("a forced tool after a budget", (budget,), forced, can_budget and when == "always"),
        ("a forced tool and off after a budget", (budget,), f"{off}, {forced}", can_budget and can_off and quiet),
        ("a forced tool after a budget and off", (budget, off), forced, can_budget and can_off and quiet),
        ("a budget after off", (off,), budget, can_off and can_budget),
        ("a forced tool after a level", (level,), forced, can_reason and free),
        ("a level after a forced tool alone", (forced,), level, can_reason and free),
        ("a budget after a forced tool", (forced,), budget, can_budget and when == "always"),
        ("a budget after a tool that is forced no more", (forced, 'tool_choice="auto"'), budget, can_budget and silent),
    ):
        yield Case(feature, params, allowed, defaults=defaults)
    has, structured = profile is None or tools is not None, profile is None or _structured(profile)
    both = has and structured and (tools is None or tools.with_structured_output is True)
    search = profile is None or "web_search" in profile.builtin_tools
    for feature, defaults, params, allowed in (
        ("format after tools", (tool,), "format=int", both),
        ("format without the tools of before", (tool,), "tools=[], format=int", has and structured),
        ("format after tools that were taken back", (tool, "tools=[]"), "format=int", has and structured),
        ("format after built-in tools", ("tools=[llm.WebSearch()]",), "format=int", search and structured),
        ("tools after tools", (tool,), tool, has),
    ):
        yield Case(feature, params, allowed, defaults=defaults)


def requirements_of(profile: Profile | None) -> Iterator[Requirement]:
    """Yield every capability that a function can require of a model."""
    for feature, type, allowed in _requirements(profile):
        yield Requirement(feature, type, profile is None or allowed)


def _endpoint(profile: Profile) -> EndpointRules:
    """Return the endpoint that is used by default."""
    return next(iter(profile.endpoints.values()))


def _lifetimes(profile: Profile | None) -> Iterable[str]:
    cache = profile.cache if profile else None
    return () if cache is None or isinstance(cache, str) or isinstance(cache.breakpoints, str) else cache.breakpoints


def _verbosities(profile: Profile | None) -> Iterable[str]:
    return () if profile is None or isinstance(profile.verbosity, str) else profile.verbosity


def _plain(profile: Profile | None) -> Iterator[tuple[str, str, bool]]:
    """Yield features that one word of the profile decides."""
    endpoint = _endpoint(profile) if profile else None
    yield "system", 'system="be brief"', bool(profile) and profile.system in ("start", "anywhere")
    yield "format", "format=int", profile is not None and _structured(profile)
    yield "prefill", 'prefill="The"', bool(profile) and profile.prefill is True
    yield "stop", 'stop="END"', bool(endpoint) and endpoint.stop == "always"
    yield "stop", 'stop=["END", "STOP"]', bool(endpoint) and endpoint.stop == "always"
    yield "seed", "seed=7", bool(endpoint) and endpoint.seed == "always"
    for name in ("presence_penalty", "frequency_penalty"):
        yield name, f"{name}=0.5", bool(endpoint) and getattr(endpoint, name) == "always"
    for word in ("low", "medium", "high"):
        yield "verbosity", f'verbosity="{word}"', word in _verbosities(profile)
    for word in LIFETIMES:
        yield "cache", f'cache="{word}"', word in _lifetimes(profile)
    for word in ("image", "audio"):
        yield "output", f'output=("text", "{word}")', bool(profile) and word in profile.output


def _sampled(profile: Profile | None) -> dict[str, str]:
    """Return parameters of sampling with the condition under which the registry accepts them."""
    return {
        "temperature=0.5": profile.sampling.temperature if profile else "always",
        "top_p=0.5": profile.sampling.top_p if profile else "always",
        "top_k=5": profile.sampling.top_k if profile else "always",
        "logprobs=3": _endpoint(profile).logprobs if profile else "always",
    }


def _sampling(profile: Profile | None) -> Iterator[Case]:
    for argument, when in _sampled(profile).items():
        name = argument.partition("=")[0]
        yield Case(name, argument, _without_a_word(profile, when))
        level = next(iter(_levels(profile)), "low")
        yield Case(
            f"{name} with a level",
            f'{argument}, reasoning="{level}"',
            profile is None or (bool(_levels(profile)) and when == "always"),
        )
        yield Case(
            f"{name} with hidden thoughts",
            f"{argument}, reasoning=llm.Reasoning(visible=False)",
            profile is None or (_unbudgeted(profile) and when == "always"),
        )
        yield Case(
            f"{name} with reasoning off",
            f'{argument}, reasoning="off"',
            profile is None or (_off(profile) and when in ("always", "reasoning_off")),
        )


def _without_a_word(profile: Profile | None, when: str) -> bool:
    """Return whether a parameter with this condition is accepted in a call without `reasoning`.

    While a model does not reason, nothing has to be turned off; where nobody knows whether it does, it may.
    """
    reasoning = profile.reasoning if profile else None
    silent = isinstance(reasoning, Reasoning) and reasoning.on_by_default is False
    return when in ("always", "without_budget") or (when == "reasoning_off" and silent)


def _levels(profile: Profile | None) -> list[str]:
    """Return the effort levels that the default endpoint takes."""
    reasoning = profile.reasoning if profile else None
    if profile is None or not isinstance(reasoning, Reasoning) or isinstance(reasoning.efforts, str):
        return []
    here = _endpoint(profile).efforts
    return [effort for effort in reasoning.efforts if here is None or effort in here]


def _off(profile: Profile | None) -> bool:
    reasoning = profile.reasoning if profile else None
    return isinstance(reasoning, Reasoning) and reasoning.off not in ("never", "unverified")


def _budget(profile: Profile | None) -> bool:
    reasoning = profile.reasoning if profile else None
    return isinstance(reasoning, Reasoning) and reasoning.budget is not None


def _both(profile: Profile) -> bool:
    """Return whether one call may have a level and a budget: Gemini's `thinkingConfig` takes one of them."""
    return bool(_levels(profile)) and isinstance(profile.reasoning, Reasoning) and profile.reasoning.style != "level"


def _settable(profile: Profile | None) -> bool:
    return bool(_levels(profile)) or _off(profile) or _budget(profile)


def _unbudgeted(profile: Profile | None) -> bool:
    """Return whether thoughts can be requested without a budget: not if the model reasons only with one."""
    reasoning = profile.reasoning if profile else None
    if not isinstance(reasoning, Reasoning) or not _settable(profile):
        return False
    return reasoning.style != "budget" or reasoning.on_by_default is True


def _shows(profile: Profile | None) -> bool:
    """Return whether `visible=True` is accepted; if the registry has it as unverified, it is."""
    reasoning = profile.reasoning if profile else None
    return not isinstance(reasoning, Reasoning) or reasoning.visible != "never"


def _reasoning(profile: Profile | None) -> Iterator[Case]:
    for effort in EFFORTS:
        allowed = profile is None or effort in _levels(profile)
        yield Case("reasoning level", f'reasoning="{effort}"', allowed)
        yield Case("Reasoning(effort)", f'reasoning=llm.Reasoning(effort="{effort}")', allowed)
        free = profile is None or (allowed and _unbudgeted(profile))
        seen = free and _shows(profile)
        yield Case("Reasoning(effort, visible)", f'reasoning=llm.Reasoning(effort="{effort}", visible=True)', seen)
        yield Case("Reasoning(effort, hidden)", f'reasoning=llm.Reasoning(effort="{effort}", visible=False)', free)
    yield Case("reasoning level", 'reasoning="extreme"', False)
    yield Case("reasoning off", 'reasoning="off"', profile is None or _off(profile))
    allowed = profile is None or _budget(profile)
    yield Case("reasoning budget", "reasoning=llm.Reasoning(budget_tokens=4000)", allowed)
    level = next(iter(_levels(profile)), "low")
    both = f'reasoning=llm.Reasoning(effort="{level}", budget_tokens=4000)'
    yield Case("reasoning level and budget", both, profile is None or (allowed and _both(profile)))
    allowed = profile is None or _unbudgeted(profile)
    yield Case("reasoning visible", "reasoning=llm.Reasoning(visible=True)", allowed and _shows(profile))
    yield Case("reasoning hidden", "reasoning=llm.Reasoning(visible=False)", allowed)


def _structured(profile: Profile) -> bool:
    return profile.structured_output in ("json_schema", "json_object")


def _own_tools(profile: Profile) -> Tools | None:
    """Return the facts of the caller's own tools, if the default endpoint takes them in every call."""
    return profile.tools if isinstance(profile.tools, Tools) and _endpoint(profile).tools == "always" else None


def _tools(profile: Profile | None) -> Iterator[Case]:
    tools = _own_tools(profile) if profile else None
    has = profile is None or tools is not None
    free = profile is None or (tools is not None and _without_a_word(profile, tools.forced))
    yield Case("tools", "tools=[add]", has)
    yield Case("tools", 'tools=[add], tool_choice="auto"', has)
    yield Case("tool_choice forced", 'tools=[add], tool_choice="required"', free)
    yield Case(
        "tool_choice named", "tools=[add], tool_choice=add", free and (tools is None or tools.named is not False)
    )
    yield Case(
        "tool_choice forced with a budget",
        'tools=[add], tool_choice="required", reasoning=llm.Reasoning(budget_tokens=4000)',
        profile is None or (_budget(profile) and tools is not None and tools.forced == "always"),
    )
    yield Case("tool_choice misspelt", 'tools=[add], tool_choice="always"', False)
    parallel = profile is None or (tools is not None and tools.parallel == "optional")
    yield Case("parallel_tools", "tools=[add], parallel_tools=False", parallel)
    for word, name in BUILTINS.items():
        allowed = profile is None or word in profile.builtin_tools
        yield Case(f"built-in {word}", f"tools=[llm.{name}()]", allowed)
    both = profile is None or (
        tools is not None and tools.with_builtin is True and "web_search" in profile.builtin_tools
    )
    yield Case("own and built-in tools", "tools=[add, llm.WebSearch()]", both)
    both = profile is None or (tools is not None and tools.with_structured_output is True and _structured(profile))
    yield Case("tools with format", "tools=[add], format=int", both)
    both = profile is None or ("web_search" in profile.builtin_tools and _structured(profile))
    yield Case("built-in tools with format", "tools=[llm.WebSearch()], format=int", both)


def _content(profile: Profile | None) -> Iterator[Case]:
    for modality, part in PARTS.items():
        allowed = profile is None or modality in profile.input
        url = f'llm.{part}.from_url("https://x.y/z")'
        feature = f"input {modality}"
        yield Case(feature, "", allowed, url, f"llm.{part}")
        yield Case(feature, "", allowed, f'["hi", {url}]', f"list[str | llm.{part}]")
        messages = f'[llm.user(["hi", {url}]), llm.assistant("yes"), llm.user("and?")]'
        yield Case(feature, "", allowed, messages, f"list[llm.UserMessage[llm.{part}] | llm.AssistantMessage]")
        yield Case(f"resume {modality}", "", allowed, after=f".resume({url})")
        yield Case(f"resume {modality}", "", allowed, after=f'.resume(["and this?", {url}])')
    system = profile is None or profile.system in ("start", "anywhere")
    allowed = '[llm.system("be brief"), llm.user("hi")]'
    yield Case("system message", "", system, allowed, "list[llm.SystemMessage | llm.UserMessage[llm.Text]]")
    own = profile is None or _own_tools(profile) is not None
    output = 'llm.ToolOutput("1", "add", 3)'
    yield Case("tool output", "", own, f"[{output}]", "list[llm.ToolOutput]")
    cached = profile is None or bool(list(_lifetimes(profile)))
    yield Case("cache point", "", cached, '["hi", llm.CachePoint()]', "list[str | llm.CachePoint]")


def _response(profile: Profile | None) -> Iterator[Case]:
    """Yield the attributes of a response."""
    reasoning = profile.reasoning if profile else None
    shows = isinstance(reasoning, Reasoning) and reasoning.visible in ("summary", "full")
    capabilities = {
        "thoughts": shows,
        "images": bool(profile) and "image" in profile.output,
        "audio": bool(profile) and "audio" in profile.output,
    }
    for name, has in capabilities.items():
        yield Case(f"response.{name}", "", profile is None or has, after=f".{name}")
    for name in ("content", "tool_calls", "citations", "usage", "cost", "finish_reason", "messages", "text()"):
        yield Case("response", "", True, after=f".{name}")
    yield Case("response misspelt", "", False, after=".thougths")


def _requirements(profile: Profile | None) -> Iterator[tuple[str, str, bool]]:
    endpoint = _endpoint(profile) if profile else None
    tools = _own_tools(profile) if profile else None
    sampling = profile.sampling if profile else None
    lifetimes = list(_lifetimes(profile))
    reasoning = profile.reasoning if profile else None
    shows = isinstance(reasoning, Reasoning) and reasoning.visible in ("summary", "full")
    yield "any model", "", True
    yield "HasSystem", "HasSystem", bool(profile) and profile.system in ("start", "anywhere")
    yield "HasTools", "HasTools", tools is not None
    forced = tools is not None and _without_a_word(profile, tools.forced) and tools.named is not False
    yield "HasForcedTools", "HasForcedTools", forced
    yield "HasParallelTools", "HasParallelTools", tools is not None and tools.parallel == "optional"
    structured = profile is not None and _structured(profile)
    yield "HasFormat", "HasFormat", structured
    yield "HasReasoning", "HasReasoning", _settable(profile)
    for word in ("off", *EFFORTS):
        allowed = _off(profile) if word == "off" else word in _levels(profile)
        yield f"HasReasoning {word}", f'HasReasoning[Literal["{word}"]]', allowed
    yield "HasThoughts", "HasThoughts", shows
    yield "HasTemperature", "HasTemperature", bool(sampling) and _without_a_word(profile, sampling.temperature)
    yield "HasTopP", "HasTopP", bool(sampling) and _without_a_word(profile, sampling.top_p)
    yield "HasTopK", "HasTopK", bool(sampling) and _without_a_word(profile, sampling.top_k)
    yield "HasStop", "HasStop", bool(endpoint) and endpoint.stop == "always"
    yield "HasSeed", "HasSeed", bool(endpoint) and endpoint.seed == "always"
    for name, field in (("Presence", "presence_penalty"), ("Frequency", "frequency_penalty")):
        penalized = bool(endpoint) and getattr(endpoint, field) == "always"
        yield f"Has{name}Penalty", f"Has{name}Penalty", penalized
    yield "HasLogprobs", "HasLogprobs", bool(endpoint) and _without_a_word(profile, endpoint.logprobs)
    yield "HasVerbosity", "HasVerbosity", {"low", "medium", "high"} <= set(_verbosities(profile))
    yield "HasPrefill", "HasPrefill", bool(profile) and profile.prefill is True
    yield "HasCache", "HasCache", bool(lifetimes)
    for word in LIFETIMES:
        yield f"HasCache {word}", f'HasCache[Literal["{word}"]]', word in lifetimes
    yield "HasImageOutput", "HasImageOutput", bool(profile) and "image" in profile.output
    yield "HasAudioOutput", "HasAudioOutput", bool(profile) and "audio" in profile.output
    for word, name in BUILTINS.items():
        allowed = bool(profile) and word in profile.builtin_tools
        yield f"HasBuiltinTools {word}", f"HasBuiltinTools[llm.{name}]", allowed
    for modality, part in PARTS.items():
        yield f"reads {modality}", part, bool(profile) and modality in profile.input
    yield "reads image, has tools", "Image, HasTools", bool(profile) and "image" in profile.input and tools is not None
    yield "prompt of text", "prompt", True
    yield "prompt with an image", "prompt:Image", bool(profile) and "image" in profile.input
    yield "prompt with tools", "prompt:tools=[add]", tools is not None
    yield "prompt with format", "prompt:format=int", structured
    both = structured and tools is not None and tools.with_structured_output is True
    yield "HasToolsWithFormat", "HasToolsWithFormat", both
    yield "prompt with tools and format", "prompt:tools=[add], format=int", both


def bodies() -> Iterator[tuple[str, list[Case]]]:
    """Yield the type of a required model to what a function body may pass to it.

    A requirement admits what it names and nothing else, so each is a model that has only this.
    """
    output = '[llm.ToolOutput("1", "add", 3)]'
    admitted = {
        "HasSystem": ['system="be brief"'],
        "HasTools": [output, "tools=[add]", 'tools=[add], tool_choice="auto"'],
        "HasForcedTools": [
            output,
            "tools=[add]",
            'tools=[add], tool_choice="auto"',
            'tools=[add], tool_choice="required"',
            "tools=[add], tool_choice=add",
        ],
        "HasParallelTools": [
            output,
            "tools=[add]",
            'tools=[add], tool_choice="auto"',
            "tools=[add], parallel_tools=False",
        ],
        "HasFormat": ["format=int"],
        "HasToolsWithFormat": [
            output,
            "format=int",
            "tools=[add]",
            'tools=[add], tool_choice="auto"',
            "tools=[add], format=int",
        ],
        'HasReasoning[Literal["low"]]': ['reasoning="low"', 'reasoning=llm.Reasoning(effort="low")'],
        'HasReasoning[Literal["off"]]': ['reasoning="off"'],
        "HasTemperature": ["temperature=0.5"],
        "HasTopP": ["top_p=0.5"],
        "HasTopK": ["top_k=5"],
        "HasStop": ['stop="END"', 'stop=["END", "STOP"]'],
        "HasSeed": ["seed=7"],
        "HasPresencePenalty": ["presence_penalty=0.5"],
        "HasFrequencyPenalty": ["frequency_penalty=0.5"],
        "HasLogprobs": ["logprobs=3"],
        "HasVerbosity": ['verbosity="low"', 'verbosity="medium"', 'verbosity="high"'],
        "HasPrefill": ['prefill="The"'],
        'HasCache[Literal["5m"]]': ['cache="5m"', '["hi", llm.CachePoint()]'],
        "HasBuiltinTools[llm.WebSearch]": ["tools=[llm.WebSearch()]"],
        "HasThoughts": [".thoughts"],
        "HasImageOutput": [".images", 'output=("text", "image")'],
        "HasAudioOutput": [".audio", 'output=("text", "audio")'],
        "Capabilities": [],
    }
    common = ("plain", "max_tokens", "routing", "response")
    every = (*common, "system message")
    always = [case for case in cases_of(None) if case.feature in every]
    wanted = [case for case in cases_of(None) if case.feature not in every]
    for requirement, names in admitted.items():
        cases = [case._replace(allowed=(case.params or case.after or case.content) in names) for case in wanted]
        yield f"llm.Model[llm.Text, llm.{requirement}]", [*always, *cases]
    for part in PARTS.values():
        cases = [case._replace(allowed=f"llm.{part}." in case.content + case.after) for case in wanted]
        yield f"llm.Model[llm.{part}]", [*always, *cases]
    own = [case for case in wanted if case.feature in ("tools", "format", "input image", "system")]
    cases = [case._replace(allowed=case.feature in ("tools", "input image")) for case in own]
    yield "llm.Model[llm.Image, llm.HasTools]", cases
