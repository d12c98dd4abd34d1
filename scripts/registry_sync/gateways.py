"""`just registry-gateways`: drafts the typed lists of gateways anew, `codegen/capably_codegen/hosts/<gateway>.yaml`.

Too many models to curate, so each list is one project's word: models.dev as langchain ships it, whose flags are a closed
world, or litellm's map, where a missing flag is unknown. Prices are genai-prices' where it has one. A profile says what
differs from the gateway's own (`openrouter/any`), and is named after it.
"""

from __future__ import annotations

import argparse
import ast
import datetime
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, cast

from capably_codegen.load import load_registry

from capably.modalities import INPUTS
from capably.types.facts import UNVERIFIED
from registry_sync.claims import SourceError, without_none
from registry_sync.patch import priced, statement
from registry_sync.python_data import variable
from registry_sync.sources import expect, genai_prices, litellm, version_of
from registry_sync.wheels import unpack

ROOT = Path(__file__).resolve().parents[2]
HOSTS = ROOT / "codegen" / "capably_codegen" / "hosts"
_ORDER = ("input", "output", "unverified_input", "tools", "structured_output", "reasoning", "sampling", "builtin_tools")
"""How what a profile says stands in the file."""


class Listed(NamedTuple):
    """A model of a gateway: what its profile is called and says beside the gateway's own, and what only it has."""

    words: tuple[str, ...]
    """Of the profile's name; none = the gateway's own profile."""
    says: Mapping[str, Any]
    name: str | None = None
    limits: Mapping[str, int] = {}
    dates: Mapping[str, str] = {}
    prices: Mapping[str, Any] = {}
    """`prices.input` -> 2.5, where genai-prices has none."""


class Listing(NamedTuple):
    """Who lists a gateway's models, and which."""

    source: str
    models: dict[str, Listed]


# --- models.dev, as langchain ships it: what is not flagged is not there ------------------------------------------

_FLAGS = ("image_inputs", "audio_inputs", "video_inputs", "image_outputs", "audio_outputs")
_WITHOUT: Sequence[tuple[str, str, dict[str, Any]]] = (
    ("tool_calling", "tools", {"tools": None, "builtin_tools": []}),
    ("structured_output", "schema", {"structured_output": "never"}),
    ("reasoning_output", "reasoning", {"reasoning": None}),
)
"""Flag, its word in a profile's name, and what the profile says without it."""
_EXPECTED = (*_FLAGS, "pdf_inputs", "tool_calling", "structured_output", "reasoning_output", "temperature", "name")


def models_dev(distribution: str) -> Callable[[Path, datetime.date], Listing]:
    """Read the profiles of a langchain package."""

    def read(folder: Path, _: datetime.date) -> Listing:
        version = version_of(folder, distribution)
        file = folder / distribution.replace("-", "_") / "data" / "_profiles.py"
        profiles: dict[str, dict[str, Any]] = ast.literal_eval(variable(file, "_PROFILES"))
        dated = {id: profile for id, profile in profiles.items() if "release_date" in profile}
        expect(f"{distribution} {version}", _EXPECTED, {field for profile in dated.values() for field in profile})
        models = {id: _of_models_dev(profile) for id, profile in dated.items()}
        return Listing(f"{distribution} {version} (models.dev)", models)

    return read


def _of_models_dev(profile: Mapping[str, Any]) -> Listed:
    reads = ["text", *_flagged(profile, "_inputs", document="pdf_inputs")]
    writes = ["text", *_flagged(profile, "_outputs")]
    says: dict[str, Any] = {"input": reads, "output": writes}
    words = [*reads, *(["to", *writes] if writes != ["text"] else [])]
    for flag, word, without in _WITHOUT:
        if profile.get(flag):
            words.append(word)
        else:
            says |= without
    if not profile.get("temperature", True):
        words.append("no-sampling")
        says["sampling"] = {}
    limits = {"context": profile.get("max_input_tokens") or None, "output": profile.get("max_output_tokens") or None}
    released = profile["release_date"]
    dates = {"released": released} if len(released) == len("2026-01-31") else {}  # Some have the month alone.
    return Listed(tuple(words), says, profile.get("name"), without_none(limits), dates)


def _flagged(profile: Mapping[str, Any], ending: str, **spelt: str) -> list[str]:
    return [kind for kind in INPUTS if profile.get(spelt.get(kind, f"{kind}{ending}"))]


# --- litellm: what is not flagged is unknown ----------------------------------------------------------------------

_UNSAID = {
    "tools": {"tools": UNVERIFIED},
    "schema": {"structured_output": UNVERIFIED},
    "reasoning": {"reasoning": UNVERIFIED},
}


def litellm_map(theirs: str, host: str) -> Callable[[Path, datetime.date], Listing]:
    """Read the models of one of litellm's providers that have not ended."""

    def read(folder: Path, day: datetime.date) -> Listing:
        models: dict[str, Listed] = {}
        for id, fields in litellm.gateway(folder, theirs).items():
            if fields.get("dates.retires", "9999") > day.isoformat():
                models[id] = _of_litellm(fields, host)
        if not models:
            raise SourceError(f"litellm has no model of {theirs} any more")
        return Listing(f"litellm {version_of(folder, 'litellm')}", models)

    return read


def _of_litellm(fields: Mapping[str, Any], host: str) -> Listed:
    flags = {"tools": "tools", "schema": "structured_output", "reasoning": "reasoning"}
    has = [word for word, field in flags.items() if fields.get(field)]
    sees = [kind for kind in INPUTS if fields.get(f"input.{kind}")]
    limits = {"context": fields.get("limits.input"), "output": fields.get("limits.output")}
    dates = without_none({"retires": fields.get("dates.retires")})
    prices = {field: value for field, value in fields.items() if field.startswith("prices")}
    bare = Listed((), {}, None, without_none(limits), dates, prices)
    if not has and not sees:
        return bare
    says: dict[str, Any] = {"input": ["text", *sees], "output": ["text"]}
    carried = _inputs_of(host)
    if unknown := [kind for kind in carried if kind not in says["input"]]:
        says["unverified_input"] = unknown
    for word, unsaid in _UNSAID.items():
        if word not in has:
            says |= unsaid
    return bare._replace(words=("text", *sees, *has), says=says)


def _inputs_of(host: str) -> list[str]:
    """Return the modalities that a gateway can pass to its models."""
    registry = load_registry(ROOT / "model_registry.yaml").registry
    any_model = registry.providers[host].any_model
    return list(registry.profiles[any_model].input) if any_model else ["text"]


GATEWAYS: Mapping[str, Callable[[Path, datetime.date], Listing]] = {
    "fireworks": models_dev("langchain-fireworks"),
    "openrouter": models_dev("langchain-openrouter"),
    "together": litellm_map("together_ai", "together"),
}
PACKAGES = ("genai-prices", "langchain-fireworks", "langchain-openrouter", "litellm")


# --- the file -----------------------------------------------------------------------------------------------------


def draft(host: str, folder: Path, day: datetime.date) -> str:
    """Draft the file of one gateway."""
    listing = GATEWAYS[host](folder, day)
    prices = genai_prices.host_prices(folder, host, listing.models, day)
    version = version_of(folder, "genai-prices")
    lines = [
        "# yaml-language-server: $schema=../overlay.schema.json",
        "#",
        f"# Models of {host} for users who ask for them (`hosts: [{host}]` in their own file); no part of capably's own types.",
        f"# One lineage: {listing.source}; prices of genai-prices {version} where it has them.",
        f"# Drafted by `just registry-gateways`, {day.isoformat()}; what is changed by hand is lost.",
        "",
        "profiles:",
        *_profiles(host, listing, day),
        "",
        "models:",
    ]
    for id, model in sorted(listing.models.items()):
        lines += _model(host, id, model, prices.get(id) or model.prices, day)
    return "\n".join(lines) + "\n"


def _profiles(host: str, listing: Listing, day: datetime.date) -> Iterator[str]:
    profiles = {"-".join(model.words): model.says for model in listing.models.values() if model.words}
    for name, says in sorted(profiles.items()):
        yield f"  {host}/{name}:"
        yield f"    extends: {host}/any"
        yield f"    verified: {day.isoformat()}"
        yield f"    sources: [{json.dumps(listing.source)}]"
        for key in sorted(says, key=_ORDER.index):
            yield f"    {key}: {_flow(says[key])}"


def _flow(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, list):
        return f"[{', '.join(cast(list[str], value))}]"
    return "{}" if value == {} else str(value)


def _model(host: str, id: str, model: Listed, prices: Mapping[str, Any], day: datetime.date) -> Iterator[str]:
    yield f'  "{host}/{id}":' if ":" in id else f"  {host}/{id}:"
    yield f"    profile: {host}/{'-'.join(model.words) or 'any'}"
    if model.name:
        quoted = model.name.replace("'", "''")
        yield f"    name: '{quoted}'"
    if "retires" in model.dates:
        yield "    status: deprecated"
    if model.limits:
        yield from statement("limits", dict(model.limits))
    if price_list := priced(id, prices, day):
        yield from statement("prices", price_list)
    if model.dates:
        yield from statement("dates", dict(model.dates))


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the files that changed; return 0, or 2 if a source cannot be read as expected."""
    parser = argparse.ArgumentParser(prog="registry-gateways", description=__doc__)
    parser.add_argument("hosts", nargs="*", metavar="GATEWAY", help=", ".join(GATEWAYS))
    parser.add_argument("--sources", type=Path, metavar="FOLDER", help="wheels that are unpacked already; no download")
    parser.add_argument("--into", type=Path, metavar="FOLDER", default=HOSTS)
    parser.add_argument("--day", type=datetime.date.fromisoformat, default=datetime.date.today())
    options = parser.parse_args(arguments)
    hosts = options.hosts or list(GATEWAYS)
    if unknown := set(hosts) - GATEWAYS.keys():
        parser.error(f"no list of {', '.join(sorted(unknown))}; there is {', '.join(GATEWAYS)}")
    try:
        with tempfile.TemporaryDirectory() as temporary:
            folder = options.sources or Path(temporary)
            if options.sources is None:
                unpack(folder, "--no-deps", *PACKAGES)
            drafts = {host: draft(host, folder, options.day) for host in hosts}
    except SourceError as error:
        print(f"{error}\nNothing was written.", file=sys.stderr)
        return 2
    for host, text in drafts.items():
        file: Path = options.into / f"{host}.yaml"
        if not file.exists() or _undated(file.read_text(encoding="utf-8")) != _undated(text):
            file.write_text(text, encoding="utf-8")
    return 0


def _undated(text: str) -> list[str]:
    """Return the text without its dates: an unchanged list keeps its day."""
    return [line for line in text.splitlines() if not line.lstrip().startswith(("verified:", "# Drafted by"))]


if __name__ == "__main__":
    sys.exit(main())
