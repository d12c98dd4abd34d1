"""The schema of `model_registry.yaml`, and the meaning of each word.

Pydantic turns the docstrings below into a JSON Schema, and line 1 of the YAML names that schema, so an editor completes
and explains every word in the YAML. An absent fact means unsupported; `unverified` means that no source settles it.

Conditions are words:
- `always`
- `reasoning_off`: only while the model does not reason, that is, in a call with `reasoning="off"` or, if `on_by_default`
  is false, in one without `reasoning`.
- `without_budget`: not in a call with a thinking budget.
- `ignored`: accepted without effect.
- `never`
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, StrictBool, model_validator

from capably.modalities import INPUTS, MODALITIES
from capably.parameters import Verbosity
from capably.types.facts import Endpoint
from capably.types.reasoning import Effort
from capably.types.tools import BUILTIN_TOOLS

Unverified: TypeAlias = Literal["unverified"]
YesNo: TypeAlias = StrictBool | Unverified
When: TypeAlias = Literal["always", "reasoning_off", "without_budget", "never", "unverified"]
Sampled: TypeAlias = Literal["always", "reasoning_off", "ignored", "never", "unverified"]
Lifetime: TypeAlias = Literal["5m", "30m", "1h", "12h", "24h"]
Usd: TypeAlias = Annotated[float, Field(ge=0)]
Factor: TypeAlias = Annotated[float, Field(gt=0, le=10)]
Tokens: TypeAlias = Annotated[int, Field(gt=0)]
Text: TypeAlias = Annotated[str, Field(min_length=1)]
Setting: TypeAlias = Annotated[
    str,
    Field(
        pattern=r"^(base_url|token|endpoint|api_version|project|location|claude\.project|claude\.location|enterprise|headers"
        r"|header\.[a-z0-9-]+)$"
    ),
]


if TYPE_CHECKING:
    Modality: TypeAlias = str
    BuiltinTool: TypeAlias = str
    Lack: TypeAlias = str
else:  # The words that `capably.modalities` and `capably.types.tools` declare.
    Modality = Literal[*MODALITIES]
    BuiltinTool = Literal[*BUILTIN_TOOLS]
    Lack = Literal[*(f"input.{word}" for word in INPUTS), "prefill", "top_k"]


class Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True, frozen=True)


class Dialect(Entry):
    """How a host of OpenAI's formats differs from most such hosts."""

    system_role: Literal["system", "developer"] = "system"
    """Role of instructions to models that reason."""
    max_tokens: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    """Parameter that bounds the answer."""
    seed: Literal["seed", "random_seed"] = "seed"
    """Parameter of the sampling seed."""
    required: Literal["required", "any"] = "required"
    """Word for `tool_choice="required"`."""
    effort: Literal["reasoning_effort", "reasoning.effort"] = "reasoning_effort"
    """Parameter of the effort level; `a.b` = the field `b` of the object `a`."""
    off: Literal["thinking", "enable_thinking", "reasoning"] = "thinking"
    """How `off: disabled` is spelled: `thinking: {type: disabled}`, `enable_thinking: false`, `reasoning: {enabled: false}`."""
    budget: Literal["thinking_budget", "reasoning.max_tokens"] | None = None
    """Parameter of a token budget for reasoning; unset = none."""
    thoughts: Literal["reasoning_content", "reasoning", "reasoning_details", "content", "never"] = "reasoning_content"
    """Where a message holds its thoughts: in a field beside the content, or as items of the `content`; `never` = nowhere."""
    show_thoughts: dict[Text, StrictBool | Text] = {}
    """Fields of the body that ask for thoughts where they belong; sent to models that are known to reason."""
    builtin_tools: dict[BuiltinTool, Text] = {}
    """Built-in tools at Chat Completions, and the `type` by which the host calls them."""
    documents: Literal["file", "file_or_url", "document_url", "file_url"] = "file"
    """Form of documents: `file` with bytes, with bytes or a URL (`file_or_url`), Mistral's or Perplexity's own."""
    audio: Literal["data_and_format", "data"] = "data_and_format"
    """Form of sound in `input_audio`: an object of both, or the data alone."""
    format: Literal["json_schema", "json_object"] = "json_schema"
    """Where a schema stands in `response_format`: in OpenAI's `json_schema`, or as the `schema` of a `json_object`."""
    cache: Literal["prompt_cache_options", "cache_control"] = "prompt_cache_options"
    """How `cache=` and cache points are spelled: in OpenAI's words, or in Anthropic's (`cache_control`)."""
    prefix: Literal["prefix", "partial"] | None = None
    """Field of a message that marks it as the beginning of the answer (`prefill`); unset = none is needed."""
    prefill_path: Text | None = None
    """Path of requests with a `prefill`, where that is another one."""
    call_id: Text | None = None
    """Pattern that ids of tool calls must match; unset = any."""
    refuses: list[Literal["unpaired_calls", "silent_answers", "last_answer"]] = []
    """What it refuses in a conversation: calls of tools without outputs and outputs without calls, an assistant message
    that neither says nor calls anything, one at the end that is not marked as a `prefill`."""
    lacks: list[Lack] = []
    """Features that other hosts of this format spell, and for which this one's API has no field."""
    usage_in_stream: StrictBool = True
    """Streams report usage only if `stream_options` asks for it."""
    obfuscates: StrictBool = False
    """Streams are padded with random characters unless `stream_options` forbids it."""


class Provider(Entry):
    """A host that serves models, and how to reach it."""

    name: Text
    """The host's name as people write it, for example `Anthropic`."""
    adapter: Literal["anthropic", "openai", "google"]
    """The adapter for its wire format."""
    api_key: list[Text]
    """Environment variables that may hold the key, in the order in which they are tried; empty = it needs none."""
    base_url: Text | None = None
    """Root of its API; unset, the caller or the environment names it, or the cloud's SDK knows it."""
    endpoint: Endpoint | None = None
    """Where a model of which no endpoint is known is asked; unset, Chat Completions of a host with OpenAI's formats."""
    variables: dict[Setting, Annotated[list[Text], Field(min_length=1)]] = {}
    """Environment variables besides those of the key, by the setting that they stand for: `header.x` is the header `x`,
    `headers` are lines of `name: value`, `enterprise` is a switch. No other variable is read for this host."""
    docs: Text
    """The page that describes its models."""
    dialect: Dialect = Dialect()
    """Of a host with OpenAI's formats: its own spellings."""
    cloud: Literal["azure", "bedrock", "vertex"] | None = None
    """The SDK's own client class for a cloud, which signs and addresses requests in that cloud's way."""
    also: dict[Text, Literal["anthropic", "openai", "google"]] = {}
    """Other adapters of this host, by how the ids of their models begin."""
    any_model: Text | None = None
    """Of a host whose ids are too many or the user's own: the profile of every id that is not listed."""
    sources: dict[Text, Annotated[list[Text], Field(min_length=1)]] = {}
    """Sources for each of `base_url`, `api_key` and the words under `dialect`: URLs, or `package version`."""
    notes: Text | None = None
    """Why a contested fact of this host stands as it does."""


class EndpointRules(Entry):
    """How one endpoint of a provider differs from the profile's general facts."""

    efforts: list[Effort] | None = None
    """Effort levels this endpoint takes, where they are fewer than the model's."""
    tools: When = "always"
    """When function tools are accepted here: `reasoning_off` = only while reasoning is off."""
    builtin_tools: list[BuiltinTool] | None = None
    """Built-in tools that can be used here, where they are fewer than the model's."""
    stop: When = "never"
    """Stop sequences (`stop`)."""
    seed: When = "never"
    """A sampling seed (`seed`)."""
    presence_penalty: When = "unverified"
    """A penalty on words that the text has (`presence_penalty`)."""
    frequency_penalty: When = "unverified"
    """A penalty on words for each time that the text has them (`frequency_penalty`)."""
    logprobs: When = "never"
    """Log probabilities of output tokens (`logprobs`)."""


class Tools(Entry):
    """Function tools that the caller defines."""

    forced: When = "never"
    """`tool_choice="required"` or a named tool: `without_budget` = not in a call with a thinking budget."""
    named: StrictBool | None = None
    """Whether the forced tool may be a named one; unset = yes, `false` = `required` alone."""
    parallel: Literal["optional", "always", "never", "unverified"] = "never"
    """Several calls in one reply: `optional` = yes, `parallel_tools` switches it; `always` = yes, without a switch."""
    strict: YesNo = False
    """Arguments are guaranteed to match the tool's JSON Schema."""
    with_structured_output: YesNo = True
    """Tools and `format` in one request."""
    with_builtin: YesNo = True
    """Function tools and built-in tools in one request."""


class Budget(Entry):
    """A token budget for reasoning."""

    min: Annotated[int, Field(ge=0)]
    """Smallest budget in tokens."""
    max: Tokens | None = None
    """Largest budget in tokens; unset, the model's output limit."""


class Reasoning(Entry):
    """Thinking before the answer."""

    style: Literal["adaptive", "budget", "effort", "level", "fixed"]
    """How the wire spells it: `adaptive` and `budget` (Anthropic `thinking`, Google `thinkingBudget`), `effort` (OpenAI),
    `level` (Google `thinkingLevel`; with a `budget`, one of the two in a call), `fixed` = it reasons and takes no parameter."""
    efforts: list[Effort] | Unverified = []
    """Its own effort levels, weakest first."""
    off: Literal["never", "effort_none", "disabled", "between_tools", "budget_zero", "unverified"]
    """How reasoning is turned off: `never` = always on; else the wire's spelling."""
    off_efforts: list[Effort] | None = None
    """Effort levels that stay allowed while reasoning is off, where they are fewer."""
    on_by_default: bool | None = None
    """Whether it reasons by default; unset = unknown. If false, `reasoning_off` needs no `off`."""
    default: Effort | None = None
    """The default level; unset = unknown or none."""
    budget: Budget | None = None
    """Token budgets (`llm.Reasoning(budget_tokens=)`); unset = refused."""
    visible: Literal["summary", "full", "never", "unverified"] = "unverified"
    """What can be read of the thoughts; `never` = `llm.Reasoning(visible=True)` is refused."""


class Sampling(Entry):
    """Randomness controls. `ignored` = accepted without effect, so capably refuses it."""

    temperature: Sampled = "never"
    """`temperature`; `reasoning_off` = only while the model does not reason."""
    top_p: Sampled = "never"
    """`top_p`, nucleus sampling."""
    top_k: Sampled = "never"
    """`top_k`."""
    temperature_max: float | None = None
    """Largest temperature; the smallest is 0."""
    top_p_min: float | None = None
    """Smallest `top_p`; unset = 0."""
    exclusive: bool = False
    """`temperature` and `top_p` may not be sent together."""


class Cache(Entry):
    """Prompt caching."""

    automatic: YesNo = False
    """The provider finds the prefix to cache by itself: always, or when `cache=` asks for it."""
    breakpoints: list[Lifetime] | Unverified = []
    """Lifetimes a cache point may ask for; empty = no cache points."""


class Profile(Entry):
    """The capabilities of a model. Models with equal capabilities share one profile."""

    verified: datetime.date
    """The day on which these facts were last checked against the sources."""
    sources: list[Text] = Field(min_length=1)
    """Sources of the facts: URLs, or `package version (file)`."""
    notes: Text | None = None
    """Why a contested fact stands as it does."""
    endpoints: dict[Endpoint, EndpointRules] = Field(min_length=1)
    """Endpoints that serve it; the first is the one used by default."""
    input: list[Modality] = Field(min_length=1)
    """Modalities that it reads."""
    output: list[Modality] = Field(min_length=1)
    """Modalities that it writes."""
    unverified_input: list[Modality] = []
    """Inputs for which no source says whether it reads them."""
    system: Literal["never", "start", "anywhere", "unverified"] = "start"
    """System messages: at the `start` only, or `anywhere` (in mid-conversation too)."""
    tools: Tools | Unverified | None = None
    """Function tools; unset = none."""
    structured_output: Literal["json_schema", "json_object", "never", "unverified"] = "never"
    """`format`: guaranteed by a JSON Schema, merely valid JSON, or not at all."""
    reasoning: Reasoning | Unverified | None = None
    """Thinking; unset = none."""
    sampling: Sampling = Sampling()
    """Randomness controls."""
    verbosity: list[Verbosity] | Unverified = []
    """Answer lengths that can be requested."""
    prefill: YesNo = False
    """The caller may write the beginning of the answer."""
    cache: Cache | Unverified = Cache()
    """Prompt caching."""
    builtin_tools: list[BuiltinTool] = []
    """Tools that run at the provider."""
    unverified_builtin_tools: list[BuiltinTool] = []
    """Built-in tools for which no source says whether it has them."""

    @model_validator(mode="after")
    def _verified_once(self) -> Profile:
        for verified, unknown, what in (
            (self.input, self.unverified_input, "unverified_input"),
            (self.builtin_tools, self.unverified_builtin_tools, "unverified_builtin_tools"),
        ):
            both = sorted(set(verified) & set(unknown))
            if both:
                raise ValueError(f"{both[0]!r} is listed as known and in {what}; keep one")
        return self


class Limits(Entry):
    """Sizes in tokens. Unset = unknown."""

    context: Tokens | None = None
    """Prompt and answer together."""
    input: Tokens | None = None
    """The prompt."""
    output: Tokens | None = None
    """The answer, reasoning included."""
    cache_min: Tokens | None = None
    """The shortest prefix that can be cached."""


class Rates(Entry):
    """US dollars per million tokens. Unset = unknown."""

    input: Usd | None = None
    output: Usd | None = None
    cache_read: Usd | None = None
    cache_write: Usd | None = None
    cache_write_1h: Usd | None = None
    cache_read_audio: Usd | None = None
    input_audio: Usd | None = None
    output_audio: Usd | None = None
    output_image: Usd | None = None


class Tier(Rates):
    """Rates once the prompt is longer than `above` tokens."""

    above: Tokens


class Price(Rates):
    """The price of a model between two dates."""

    start: datetime.date | None = None
    """First day; unset = since its release."""
    until: datetime.date | None = None
    """Last day; unset = no end announced."""
    batch: Annotated[float, Field(gt=0, le=1)] | None = None
    """Factor on input and output in batches, for example 0.5."""
    batch_cache: Factor | None = None
    """Factor on cache reads and writes in batches."""
    flex: Factor | None = None
    """Factor on input and output in the service tier `flex`."""
    flex_cache: Factor | None = None
    priority: Factor | None = None
    """Factor on input and output in the service tier `priority`, for example 2."""
    priority_cache: Factor | None = None
    web_search: Usd | None = None
    """US dollars for a thousand searches of the web."""
    file_search: Usd | None = None
    """US dollars for a thousand searches of files."""
    tiers: list[Tier] = []
    """Higher rates for longer prompts, shortest first."""


class Dates(Entry):
    """A model's life. Unset = unknown or not announced."""

    released: datetime.date | None = None
    deprecated: datetime.date | None = None
    retires: datetime.date | None = None
    knowledge: Text | None = None
    """Training data reach to here: `2026-01` or `2026-01-31`."""


class Model(Entry):
    """One model id: a pointer to its profile, and what only this id has. It never overrides a fact of the profile."""

    profile: Text
    """A key of `profiles`, or `unverified`: the id is known, its capabilities are not."""
    name: Text | None = None
    """Its name as the vendor writes it."""
    constant: Text | None = None
    """Python name of its constant, where the id itself would collide with another."""
    snapshot_of: Text | None = None
    """The undated id that this dated one belongs to."""
    status: Literal["active", "preview", "deprecated"] = "active"
    """`deprecated` = still answers, and has an end."""
    replacement: Text | None = None
    """The id that the vendor names as its successor."""
    api_version: Literal["v1", "v1beta"] | None = None
    """Google: the API version that serves it, where it is not the SDK's default."""
    limits: Limits = Limits()
    prices: list[Price] = []
    dates: Dates = Dates()


class Retired(Entry):
    """An id that no longer answers, listed for the error message."""

    on: datetime.date | None = None
    replacement: Text | None = None


class Registry(Entry):
    """Every fact capably has about models."""

    providers: dict[str, Provider]
    """Hosts by id; the id is what stands before the slash in `provider/model`."""
    profiles: dict[str, Profile]
    """Capabilities by name, `provider/readable-name`."""
    models: dict[str, Model]
    """Models by `provider/id`, exactly as the provider spells the id."""
    retired: dict[str, Retired] = {}
    """Ids that no longer answer."""
    not_chat: dict[str, Literal["realtime", "agent", "image", "video", "music", "completion", "speech"]] = {}
    """Ids that exist and are no chat models, each with what it is instead."""
