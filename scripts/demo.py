"""The main job, start to end: fresh types, misuse that pyright rejects, a quickstart that runs. `just demo`.

(a) The generated files are those that `model_registry.yaml` gives.
(b) pyright rejects every marked line of `examples/misuse.py` and nothing else, and finds `examples/quickstart.py` clean.
(c) The quickstart runs on `scripted/`, then through the three vendors' real SDK clients against a loopback server
    that replays recorded responses: those of the corpus where there is one (`CAPABLY_CORPUS`), else those in `scripts/wire`.
    With a key in the environment, `--live` asks the real providers too.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, cast

from support.checkers import Errors, run_checker
from support.loopback import Canned, Loopback

from capably import llm

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "examples"
MARKER = re.compile(r"^(?P<code>.*?)  # error: (?P<reason>.*)$")
LIVE = {
    "ANTHROPIC_API_KEY": "anthropic/claude-haiku-5-5",
    "OPENAI_API_KEY": "openai/gpt-6-luna",
    "GEMINI_API_KEY": "google/gemini-3.5-flash-lite",
}


def main() -> int:
    parser = argparse.ArgumentParser(description="The main job of capably, start to end.")
    parser.add_argument("--live", action="store_true", help="also ask the real providers whose key is set")
    options = parser.parse_args()
    steps = [fresh, rejected, scripted, replayed, *([live] if options.live else [])]
    results: list[bool] = []
    for step in steps:
        started = time.perf_counter()
        results.append(step())
        print(f"  [{'ok' if results[-1] else 'FAILED'}, {time.perf_counter() - started:.1f} s]\n")
    return 0 if all(results) else 1


def fresh() -> bool:
    print("(a) Are the generated types those that model_registry.yaml gives?")
    done = subprocess.run([sys.executable, "-m", "capably.cli", "generate", "--check"], cwd=ROOT, check=False)
    if done.returncode == 0:
        print("  yes")
    return done.returncode == 0


def rejected() -> bool:
    print("(b) What pyright says of examples/misuse.py, and why it is right")
    lines = (EXAMPLES / "misuse.py").read_text(encoding="utf-8").splitlines()
    expected = {number: match for number, line in enumerate(lines, 1) if (match := MARKER.match(line))}
    errors = pyright(EXAMPLES / "misuse.py", EXAMPLES / "quickstart.py")
    rejections = errors.get("misuse.py", {})
    for number, match in expected.items():
        print(f"  {number:>3}  {match['code']}")
        print(f"       pyright: {rejections.get(number, 'NOTHING')}")
        print(f"       because: {match['reason']}")
    missed = sorted(set(expected) - set(rejections))
    wrong = sorted(set(rejections) - set(expected))
    unclean = errors.get("quickstart.py", {})
    print(f"  {len(expected) - len(missed)} of {len(expected)} misuses rejected, {len(wrong)} valid lines rejected.")
    print(f"  examples/quickstart.py: {len(unclean)} errors.")
    return not missed and not wrong and not unclean


def pyright(*files: Path) -> Errors:
    """Map file name and line to pyright's message, in a project of its own as a user would have it."""
    with tempfile.TemporaryDirectory() as folder:
        for file in files:
            shutil.copy(file, folder)
        return run_checker("pyright", Path(folder), sys.executable)


def scripted() -> bool:
    print("(c) The quickstart on scripted/, without key or network")
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / "quickstart.py")], capture_output=True, text=True, check=False
    )
    print("  " + (done.stdout + done.stderr).strip().replace("\n", "\n  "))
    return done.returncode == 0


def replayed() -> bool:
    print("(c) The quickstart through the vendors' SDKs; a loopback server replays recorded responses")
    good = True
    for provider in ("anthropic", "openai", "google"):
        recording = next(recorded(provider), None) or own(provider)
        with Loopback([Canned(recording.reply)]) as server:
            llm.configure(provider, api_key="no-key-needed", base_url=server.url + BASE_PATHS.get(provider, ""))
            response = llm.Model.of(recording.model).call(recording.prompt)
            sent = server.requests[-1]
        cost = "unknown" if response.cost is None else f"${response.cost:.6f}"
        used = f"{response.usage.input_tokens} tokens in, {response.usage.output_tokens} out"
        print(f"  {recording.model}  (reply from {recording.source})")
        print(f"    POST {sent.path}")
        print(f"    {recording.prompt!r}")
        print(f"    -> {response.text()!r}")
        print(f"    {used}, cost {cost}, finished with {response.finish_reason}")
        good = good and bool(response.text()) and response.usage.output_tokens > 0
    return good


BASE_PATHS = {"openai": "/v1"}


def live() -> bool:
    from quickstart import recommend  # pyright: ignore[reportMissingImports, reportUnknownVariableType]

    for variable, id in LIVE.items():
        if variable in os.environ:
            print(f"(c) The real one: {id}")
            llm.configure(id.partition("/")[0])  # no longer the loopback server
            print("  " + recommend(llm.Model.of(id), "fantasy"))  # pyright: ignore[reportUnknownArgumentType]
    return True


class Recording(NamedTuple):
    """A question that was asked, and the body that came back."""

    model: str
    prompt: str
    reply: Any
    source: str


def own(provider: str) -> Recording:
    """Return the recording that the project wrote itself."""
    path = ROOT / "scripts" / "wire" / f"{provider}.json"
    saved = json.loads(path.read_text(encoding="utf-8"))
    return Recording(saved["model"], saved["prompt"], saved["reply"], f"scripts/wire/{path.name}")


FOLDERS = {"anthropic": "anthropic", "openai": "openai-responses", "google": "google"}


def recorded(provider: str) -> Iterator[Recording]:
    """Yield plain questions to listed models from the recorded conversations, if there is a corpus; newest models
    first."""
    folder = Path(os.environ.get("CAPABLY_CORPUS", ROOT.parent / "shared" / "corpus")) / FOLDERS[provider]
    listed = {info.wire_id: info.id for info in llm.models(provider=provider, deprecated=True)}
    cases = [case for path in sorted(folder.glob("*.json")) if (case := plain_case(path, listed))]
    yield from sorted(cases, key=lambda case: len(case.prompt))


def plain_case(path: Path, listed: dict[str, str]) -> Recording | None:
    case = json.loads(path.read_text(encoding="utf-8"))
    if case["evidence"] != "recorded" or len(case["exchanges"]) != 1:
        return None
    request, response = case["exchanges"][0]["request"], case["exchanges"][0]["response"]
    body, reply = request.get("body"), response.get("body")
    if response["status"] != 200 or not isinstance(body, dict) or not isinstance(reply, dict):
        return None
    if "usage" not in reply and "candidates" not in reply:
        return None
    fields = cast(dict[str, Any], body)
    prompt = question(fields)
    model = fields.get("model") or request["url"].rpartition("/models/")[2].partition(":")[0]
    if prompt is None or model not in listed or "tools" in body:
        return None
    return Recording(listed[model], prompt, reply, f"the corpus, {path.stem}")


def question(body: dict[str, Any]) -> str | None:
    """Return the text of a request that contains one plain question."""
    value: Any = body.get("messages") or body.get("input") or body.get("contents")
    while isinstance(value, (list, dict)):
        # A message in a list of one, its content, a part in a list of one, its text.
        if isinstance(value, list):
            items = cast(list[Any], value)
            value = items[0] if len(items) == 1 else None
        else:
            fields = cast(dict[str, Any], value)
            value = fields.get("content") or fields.get("parts") or fields.get("text")
    return value if isinstance(value, str) else None


if __name__ == "__main__":
    sys.exit(main())
