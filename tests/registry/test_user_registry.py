"""A user's own file at run time: how it is found, which form of it is read, and that facts, rules and costs follow it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from capably_codegen.overlay import load_overlay
from support.loopback import Canned, Loopback

from capably import llm
from capably.calls.call import prepare
from capably.registry.lookup import listed_ids, listed_model, on_registry_change, providers, use_registry
from capably.registry.overlay import digest

FILE = """\
providers:
  vllm: {name: vLLM, adapter: openai, api_key: [VLLM_API_KEY], base_url: "http://127.0.0.1:9/v1"}
profiles:
  openai/gpt-4o-4.1: {input: [text]}
  vllm/llama:
    verified: 2026-11-20
    sources: [our own tests]
    endpoints: {chat_completions: {}}
    input: [text]
    output: [text]
    sampling: {temperature: always}
models:
  openai/gpt-4.1: {prices: [{input: 1000000, output: 0}]}
  openai/ft:gpt-5.6-luna:acme: {like: openai/gpt-5.6-luna, prices: [{input: 7, output: 8}]}
  vllm/llama-4: {profile: vllm/llama, prices: [{input: 1000000, output: 2000000}]}
  vllm/sol: {like: openai/gpt-5.6-sol}
  vllm/secret: {profile: unverified}
remove: [google, openai/gpt-4o]
"""
SURFACE: Any = llm
"""As a user's own generated types would have it."""
SONNET = "anthropic/claude-sonnet-5-5"
TUNED = "openai/ft:gpt-5.6-luna:acme"
CHAT_REPLY = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "model": "llama-4",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello."}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "my_models.yaml"
    path.write_text(FILE, encoding="utf-8")
    return path


@pytest.fixture
def compiled(file: Path) -> Path:
    """The file as `capably generate` compiles it, beside it."""
    path = file.with_suffix(".json")
    path.write_text(json.dumps(load_overlay(file).compiled), encoding="utf-8")
    return path


@pytest.fixture
def mine(file: Path) -> Iterator[None]:
    use_registry(file)
    yield
    use_registry(None)


# --- facts, rules and costs follow --------------------------------------------------------------------------------


def test_a_new_model_is_listed_and_made_by_its_id(mine: None) -> None:
    assert TUNED in set(listed_ids())
    info = llm.Model.of(TUNED).info
    assert info is not None
    assert (info.profile, info.prices[0]["input"]) == ("openai/gpt-5.6-terra-luna", 7)
    assert info.limits["context"] == 1_050_000


def test_ids_stay_in_order_and_other_providers_as_they_are(mine: None) -> None:
    ids = list(listed_ids())
    assert ids == sorted(ids, key=lambda known: known.partition("/"))
    assert SONNET in ids


def test_the_check_follows_the_profile_of_the_users_model(mine: None) -> None:
    with pytest.raises(llm.UnsupportedFeatureError, match="temperature"):
        llm.Model.of(TUNED).call("Hi", temperature=0.2)
    with pytest.raises(llm.UnsupportedFeatureError, match="top_p"):
        llm.Model.of("vllm/llama-4").call("Hi", top_p=0.2)


def test_a_corrected_fact_moves_the_check_and_back(file: Path) -> None:
    image = llm.Image.from_url("https://example.com/cat.png")

    def refused() -> bool:
        try:
            llm.Model.of("openai/gpt-4.1", on_unsupported="raise").call(["What is this?", image], timeout=0.01)
        except llm.UnsupportedFeatureError:
            return True
        except llm.CapablyError:
            return False
        raise AssertionError("nobody listens there")

    llm.configure("openai", api_key="none", base_url="http://127.0.0.1:9", max_retries=0)
    assert not refused()
    use_registry(file)
    try:
        assert refused()
    finally:
        use_registry(None)
    assert not refused()


def test_a_model_goes_by_the_facts_it_was_made_with_whoever_was_asked_first(file: Path) -> None:
    question = ["What is this?", llm.Image.from_url("https://example.com/cat.png")]
    before = listed_model("openai/gpt-4.1")
    use_registry(file)
    try:
        after = listed_model("openai/gpt-4.1")
        for _ in range(2):
            assert prepare("openai/gpt-4.1", before, question, {}).warnings == []
            with pytest.raises(llm.UnsupportedFeatureError, match="image input"):
                prepare("openai/gpt-4.1", after, question, {})
    finally:
        use_registry(None)


def test_a_corrected_price_moves_the_selection_and_leaves_the_rest(mine: None) -> None:
    info = listed_model("openai/gpt-4.1")
    assert info is not None
    assert info.prices[0]["input"] == 1_000_000
    assert info.name == "GPT-4.1"
    assert "openai/gpt-4.1" not in [m.id for m in llm.models(provider="openai", max_input_price=10, deprecated=True)]


def test_removed_models_and_providers_are_gone_and_say_who_removed_them(mine: None) -> None:
    assert "google" not in providers()
    for id in ("google/gemini-3.8-flash", "openai/gpt-4o"):
        with pytest.raises(llm.UnknownModelError, match=r"was removed by my_models\.yaml"):
            use(id)


def use(id: str) -> None:
    cast("Any", llm.Model)(id)


def test_an_unknown_id_names_the_users_ids_among_the_nearest(mine: None) -> None:
    with pytest.raises(llm.UnknownModelError, match=r"Nearest: vllm/llama-4"):
        use("vllm/lama-4")


def test_what_is_made_from_the_facts_is_forgotten_when_they_change(file: Path) -> None:
    told: list[str] = []
    on_registry_change(lambda: told.append("forget"))
    use_registry(file)
    use_registry(None)
    assert told == ["forget", "forget"]
    assert listed_model(TUNED) is None


def test_a_host_of_the_users_own_is_called_at_chat_completions(mine: None) -> None:
    with Loopback([Canned(CHAT_REPLY)]) as server:
        llm.configure("vllm", api_key="test", base_url=f"{server.url}/v1")
        response = llm.Model.of("vllm/llama-4").call("Hi", temperature=0.2)
        assert response.text() == "Hello."
        assert response.cost == 3
        assert server.requests[0].path == "/v1/chat/completions"
        assert server.requests[0].json()["model"] == "llama-4"


def test_a_gateway_model_like_one_of_ours_is_called_at_chat_completions_too(mine: None) -> None:
    with Loopback([Canned(CHAT_REPLY)]) as server:
        llm.configure("vllm", api_key="test", base_url=f"{server.url}/v1")
        assert llm.Model.of("vllm/sol").call("Hi").text() == "Hello."
        assert server.requests[0].path == "/v1/chat/completions"


def test_the_key_and_the_address_of_the_users_provider_come_from_its_entry(
    file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with Loopback([Canned(CHAT_REPLY)]) as server:
        program = (
            f"from capably import llm\nfrom capably.registry.lookup import use_registry\nuse_registry({str(file)!r})\n"
            "print(llm.Model.of('vllm/llama-4').call('Hi').text())\n"
        )
        file.write_text(FILE.replace("http://127.0.0.1:9", server.url), encoding="utf-8")
        done = run(program, tmp_path, VLLM_API_KEY="secret")
        assert done.stdout == "Hello.\n", done.stderr
        assert server.requests[0].headers["authorization"] == "Bearer secret"
        assert "Set VLLM_API_KEY" in run(program, tmp_path).stderr


# --- the public surface: needs `use_registry`, `constants` and `default_endpoint` to know of it ---------------------


def test_a_model_of_which_nothing_is_known_is_asked_at_chat_completions_at_a_host(mine: None) -> None:
    with Loopback([Canned(CHAT_REPLY)]) as server:
        llm.configure("vllm", api_key="test", base_url=f"{server.url}/v1")
        with pytest.warns(llm.UnverifiedModelWarning):
            assert llm.Model.of("vllm/secret").call("Hi", temperature=3).text() == "Hello."
        assert server.requests[0].path == "/v1/chat/completions"


def test_the_users_models_are_constants_too(mine: None) -> None:
    assert SURFACE.openai.ft_gpt_5_6_luna_acme.id == TUNED
    assert SURFACE.vllm.llama_4 is SURFACE.vllm.llama_4
    assert SURFACE.vllm.llama_4.id == "vllm/llama-4"
    assert "llama_4" in dir(SURFACE.vllm)
    assert "ft_gpt_5_6_luna_acme" in dir(SURFACE.openai)
    with pytest.raises(AttributeError, match=r"has no model 'lama_4'\. Did you mean 'llama_4'"):
        _ = SURFACE.vllm.lama_4


def test_without_the_file_its_constants_are_unknown() -> None:
    with pytest.raises(AttributeError):
        _ = SURFACE.openai.ft_gpt_5_6_luna_acme
    with pytest.raises(AttributeError, match="has no attribute 'vllm'"):
        _ = SURFACE.vllm


def test_a_constant_made_before_has_the_new_facts_after(file: Path) -> None:
    before = SURFACE.openai.gpt_4_1
    assert before.info is not None
    SURFACE.use_registry(file)
    try:
        after = SURFACE.openai.gpt_4_1.info
        assert after is not None
        assert after.prices[0]["input"] == 1_000_000
    finally:
        SURFACE.use_registry(None)
    assert before.info.prices[0]["input"] < 100


# --- how it is found ----------------------------------------------------------------------------------------------

KNOWN = "from capably.registry.lookup import listed_model\nprint(listed_model('vllm/llama-4') is not None)\n"


def run(program: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CAPABLY_", "VLLM_"))}
    command = [sys.executable, "-c", program]
    return subprocess.run(command, cwd=cwd, env={**kept, **environment}, capture_output=True, text=True, check=False)


def test_without_any_file_nothing_is_loaded_for_it(tmp_path: Path) -> None:
    heavy = ("tomllib", "pathlib", "yaml", "msgspec", "hashlib", "capably_codegen", "pydantic")
    program = (
        f"import sys; before = set(sys.modules)\n{KNOWN}print([n for n in {heavy} if n in sys.modules.keys() - before])"
    )
    (tmp_path / "pyproject.toml").write_text('[project]\ndependencies = ["capably"]\n', encoding="utf-8")
    assert run(program, tmp_path).stdout == "False\n[]\n"


def test_importing_looks_for_no_file(tmp_path: Path) -> None:
    program = "from capably import llm\nprint('fine')"
    assert run(program, tmp_path, CAPABLY_REGISTRY="nowhere.yaml").stdout == "fine\n"


def test_the_environment_names_it(file: Path, tmp_path: Path) -> None:
    assert run(KNOWN, tmp_path, CAPABLY_REGISTRY="my_models.yaml").stdout == "True\n"


def test_the_nearest_pyproject_names_it_relative_to_itself(file: Path, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.capably]\nregistry = "my_models.yaml"\n', encoding="utf-8")
    deep = tmp_path / "src" / "deep"
    deep.mkdir(parents=True)
    assert run(KNOWN, deep).stdout == "True\n"
    (deep / "pyproject.toml").write_text("[project]\n", encoding="utf-8")
    assert run(KNOWN, deep).stdout == "False\n"


def test_the_program_comes_before_the_environment_and_that_before_the_project(file: Path, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.capably]\nregistry = "nowhere.yaml"\n', encoding="utf-8")
    assert run(KNOWN, tmp_path, CAPABLY_REGISTRY="my_models.yaml").stdout == "True\n"
    call = "from capably.registry.lookup import use_registry\nuse_registry('my_models.yaml')\n"
    assert run(call + KNOWN, tmp_path, CAPABLY_REGISTRY="nowhere.yaml").stdout == "True\n"
    assert (
        run(call.replace("'my_models.yaml'", "None") + KNOWN, tmp_path, CAPABLY_REGISTRY="no.yaml").stdout == "False\n"
    )


@pytest.mark.parametrize(
    ("project", "told"),
    [
        pytest.param('registry = "nowhere.yaml"', "nowhere.yaml, which does not exist", id="no such file"),
        pytest.param("registry = 1", "registry must be the path of a file; it is 1", id="no path"),
        pytest.param("registry =", "pyproject.toml is no valid TOML", id="no TOML"),
    ],
)
def test_a_wrong_setting_of_the_project_is_told(project: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[tool.capably]\n{project}\n", encoding="utf-8")
    stderr = run(KNOWN, tmp_path).stderr
    assert "ConfigurationError" in stderr
    assert told in stderr


@pytest.mark.parametrize(
    "change",
    [
        'base_url: "https://evil.example"',
        "api_key: [OTHER_KEY]",
        "adapter: google",
        'dialect: {prefill_path: "https://evil.example"}',
    ],
)
def test_a_file_found_only_by_the_folder_may_not_redirect_our_providers(change: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.capably]\nregistry = "my.yaml"\n', encoding="utf-8")
    (tmp_path / "my.yaml").write_text(f"providers:\n  openai: {{{change}}}\nremove: [google]\n", encoding="utf-8")
    if "adapter" in change:
        (tmp_path / "my.yaml").write_text(f"providers:\n  openai: {{{change}}}\n", encoding="utf-8")
    stderr = run(KNOWN, tmp_path).stderr
    assert f"changes {change.partition(':')[0]} of openai, and was only found through" in stderr
    assert run(KNOWN, tmp_path, CAPABLY_REGISTRY="my.yaml").stdout == "False\n"


def test_a_mistake_in_the_file_is_told_with_its_line(file: Path) -> None:
    file.write_text("models:\n  openai/x: {like: openai/gpt-5.66}\n", encoding="utf-8")
    with pytest.raises(llm.ConfigurationError) as caught:
        use_registry(file)
    assert str(caught.value) == (
        "my_models.yaml:2: models > openai/x > like: no model 'openai/gpt-5.66'. Did you mean 'openai/gpt-5.6'?"
    )
    assert listed_model("openai/gpt-5.6") is not None


@pytest.mark.parametrize("name", ["nowhere.yaml", "nowhere.json"])
def test_a_file_that_is_not_there_is_told(name: str) -> None:
    with pytest.raises(llm.ConfigurationError, match=f"llm.use_registry names {name}, which does not exist"):
        use_registry(name)


def test_a_json_file_of_another_kind_is_told(tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_text("[1]", encoding="utf-8")
    with pytest.raises(llm.ConfigurationError, match="was not written by `capably generate`"):
        use_registry(tmp_path / "mine.json")


# --- which form of it is read -------------------------------------------------------------------------------------

WITHOUT_EXTRA = """
import sys
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("yaml", "pydantic"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Blocker())
"""
NAMED = {"CAPABLY_REGISTRY": "my_models.yaml"}


def test_the_compiled_file_is_read_without_the_extra(compiled: Path, tmp_path: Path) -> None:
    assert run(WITHOUT_EXTRA + KNOWN, tmp_path, **NAMED).stdout == "True\n"


def test_the_compiled_file_stands_alone(compiled: Path, tmp_path: Path) -> None:
    (tmp_path / "my_models.yaml").unlink()
    for name in ("my_models.yaml", "my_models.json"):
        assert run(WITHOUT_EXTRA + KNOWN, tmp_path, CAPABLY_REGISTRY=name).stdout == "True\n"


def test_the_compiled_file_gives_what_the_yaml_gives(file: Path, tmp_path: Path) -> None:
    every = (
        "import json\nfrom capably.registry.lookup import listed_models\n"
        "print(json.dumps([[i.to_json(), i.facts, i.line] for i in listed_models()]))"
    )
    from_yaml = run(every, tmp_path, **NAMED).stdout
    file.with_suffix(".json").write_text(json.dumps(load_overlay(file).compiled), encoding="utf-8")
    assert json.loads(from_yaml) == json.loads(run(WITHOUT_EXTRA + every, tmp_path, **NAMED).stdout)


def test_a_stale_compiled_file_gives_way_to_the_yaml(compiled: Path, file: Path, tmp_path: Path) -> None:
    file.write_text(FILE.replace("vllm/llama-4:", "vllm/llama-5:"), encoding="utf-8")
    assert run(KNOWN, tmp_path, **NAMED).stdout == "False\n"


@pytest.mark.parametrize(
    ("state", "told"),
    [
        pytest.param("none", "there is no my_models.json, and reading YAML needs ", id="not compiled"),
        pytest.param("stale", "my_models.json is older than my_models.yaml, and reading YAML needs ", id="stale"),
    ],
)
def test_without_the_extra_yaml_says_what_to_install(state: str, told: str, compiled: Path, tmp_path: Path) -> None:
    if state == "none":
        compiled.unlink()
    else:
        (tmp_path / "my_models.yaml").write_text(FILE + "# changed\n", encoding="utf-8")
    stderr = run(WITHOUT_EXTRA + KNOWN, tmp_path, **NAMED).stderr
    assert "ConfigurationError" in stderr
    assert told in stderr
    assert 'pip install "capably[codegen]"' in stderr
    assert "capably generate --registry my_models.yaml" in stderr


def test_line_endings_make_no_compiled_file_stale(compiled: Path, file: Path, tmp_path: Path) -> None:
    file.write_bytes(FILE.replace("\n", "\r\n").encode())
    assert run(WITHOUT_EXTRA + KNOWN, tmp_path, **NAMED).stdout == "True\n"


def test_a_file_compiled_by_another_version_is_used_while_it_says_all_that_is_asked(
    compiled: Path, tmp_path: Path
) -> None:
    data = json.loads(compiled.read_text(encoding="utf-8"))
    compiled.write_text(json.dumps({**data, "capably": "0.0.1"}), encoding="utf-8")
    assert run(WITHOUT_EXTRA + KNOWN, tmp_path, **NAMED).stdout == "True\n"
    del data["profiles"]["vllm/llama"]["cache"]
    compiled.write_text(json.dumps({**data, "capably": "0.0.1"}), encoding="utf-8")
    assert run(KNOWN, tmp_path, **NAMED).stdout == "True\n"
    assert "pip install" in run(WITHOUT_EXTRA + KNOWN, tmp_path, **NAMED).stderr
    (tmp_path / "my_models.yaml").unlink()
    assert "was compiled by an older capably" in run(WITHOUT_EXTRA + KNOWN, tmp_path, **NAMED).stderr


def test_the_fingerprint_is_that_of_the_text(compiled: Path) -> None:
    assert json.loads(compiled.read_text(encoding="utf-8"))["sha256"] == digest(FILE)


def test_a_correction_of_ours_reaches_the_body(tmp_path: Path) -> None:
    """The one of README."""
    path = tmp_path / "mine.yaml"
    path.write_text("profiles:\n  groq/gpt-oss: {prefill: true}\n", encoding="utf-8")
    use_registry(path)
    try:
        with Loopback([Canned(CHAT_REPLY)]) as server:
            llm.configure("groq", api_key="test", base_url=server.url)
            model: Any = llm.Model.of("groq/openai/gpt-oss-120b")
            assert model.call("Hi", prefill="It is").text() == "Hello."
            assert server.requests[0].json()["messages"][-1] == {"role": "assistant", "content": "It is"}
    finally:
        use_registry(None)
        llm.configure("groq")


def test_a_correction_that_no_call_could_send_is_refused_where_the_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("profiles:\n  openai/gpt-5.6-sol: {prefill: true}\n", encoding="utf-8")
    with pytest.raises(llm.ConfigurationError, match=r"mine\.yaml:2: .*prefill has no spelling at responses of openai"):
        use_registry(path)
