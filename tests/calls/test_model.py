"""`llm.Model`: what it is, how it is found, and what a call to it gives back. All of it without network or key."""

from __future__ import annotations

import asyncio
import copy
import functools
import pickle
import re
import subprocess
import sys
import textwrap
import warnings
from pathlib import Path
from typing import Any, cast

import pytest
from support.loopback import Loopback
from support.vendor_replies import vendor_reply

from capably import llm
from capably.cli import main
from capably.parameters import OF_EVERY_MODEL, PARAMETERS
from capably.registry.lookup import providers
from capably.types.request import Request

SONNET = "anthropic/claude-sonnet-5-5"


def unlisted(id: str, **defaults: Any) -> Any:
    """A model by an id that the registry does not know, without the warning that says so."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", llm.UnverifiedModelWarning)
        return llm.Model.of(id, **defaults)


def run(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


# --- a value ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("default", [{"format": int}, {"prefill": "The"}], ids=["format", "prefill"])
def test_what_belongs_to_one_call_is_no_default_as_the_types_say(default: dict[str, Any]) -> None:
    (name,) = default
    made: Any = llm.Model
    model: Any = llm.scripted("1")
    for make in (
        model.with_,
        functools.partial(made, "openai/gpt-5.6-sol"),
        functools.partial(made.of, "openai/gpt-5.6-sol"),
        lambda **given: llm.override(**given).__enter__(),
    ):
        with pytest.raises(TypeError, match=rf"`{name}` belongs to one call, .* pass it to call, stream, resume"):
            make(**default)


def test_models_are_equal_when_id_and_defaults_are() -> None:
    assert llm.Model(SONNET) == llm.Model(SONNET)
    assert llm.Model(SONNET, max_tokens=10) == llm.Model(SONNET, max_tokens=10)
    assert llm.Model(SONNET, max_tokens=10) != llm.Model(SONNET)
    assert llm.Model(SONNET) != llm.Model("anthropic/claude-opus-5-5")
    assert llm.Model(SONNET) != SONNET


def test_equal_models_are_one_key() -> None:
    assert len({llm.Model(SONNET), llm.Model(SONNET), llm.Model.of(SONNET), llm.anthropic.claude_sonnet_5_5}) == 1


def test_a_model_shows_how_it_was_made() -> None:
    assert repr(llm.Model(SONNET)) == f'llm.Model("{SONNET}")'
    assert repr(llm.Model(SONNET, max_tokens=10, stop="END")) == f"llm.Model(\"{SONNET}\", max_tokens=10, stop='END')"
    assert eval(repr(llm.Model(SONNET, max_tokens=10))) == llm.Model(SONNET, max_tokens=10)


@pytest.mark.parametrize(
    "name", ["Authorization", "x-api-key", "api-key", "x-goog-api-key", "Cookie", "X-Gateway-Token", "helicone-auth"]
)
def test_a_pickle_holds_no_credential_and_a_copy_all_headers(name: str) -> None:
    model = llm.openai.gpt_4_1.with_(headers={name: "sk-secret", "x-beta": "b"}, max_tokens=3)
    written = pickle.dumps(model)
    assert b"sk-secret" not in written
    assert pickle.loads(written).defaults == {"headers": {"x-beta": "b"}, "max_tokens": 3}
    assert copy.copy(model).defaults == copy.deepcopy(model).defaults == model.defaults


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_model_survives_pickling(protocol: int) -> None:
    model = llm.Model(SONNET, max_tokens=10)
    again = pickle.loads(pickle.dumps(model, protocol))
    assert (again, again.defaults, again.info) == (model, {"max_tokens": 10}, model.info)


def test_an_unlisted_model_survives_pickling_without_a_second_warning() -> None:
    model = unlisted("openai/gpt-99", max_tokens=10)
    again = pickle.loads(pickle.dumps(model))
    assert (again, again.info) == (model, None)


def test_copies_of_a_model_are_equal_to_it() -> None:
    model = llm.Model(SONNET, stop=["END"])
    assert copy.copy(model) == copy.deepcopy(model) == model


@pytest.mark.parametrize("name", ["id", "defaults", "temperature"])
def test_a_model_does_not_change(name: str) -> None:
    model: Any = llm.Model(SONNET)
    with pytest.raises(AttributeError, match="a model does not change; make another one"):
        setattr(model, name, "x")


def test_the_defaults_of_a_model_do_not_change() -> None:
    model: Any = llm.Model(SONNET)
    with pytest.raises(TypeError):
        model.defaults["max_tokens"] = 10


def test_a_model_knows_its_provider_and_its_facts() -> None:
    model = llm.Model(SONNET)
    assert (model.provider, model.id) == ("anthropic", SONNET)
    assert model.info is not None
    assert model.info.limits["output"] == 128_000


# --- the doors ----------------------------------------------------------------------------------------------------


def test_the_constant_and_the_string_are_the_same_model() -> None:
    assert llm.anthropic.claude_sonnet_5_5 == llm.Model(SONNET)
    assert llm.anthropic.claude_sonnet_5_5 is llm.anthropic.claude_sonnet_5_5
    assert type(llm.anthropic.claude_sonnet_5_5) is type(llm.Model(SONNET))


def test_every_listed_model_has_both_doors() -> None:
    modules = [getattr(llm, provider) for provider in providers()]
    names = [(module, name) for module in modules for name in dir(module)]
    constants = [getattr(module, name) for module, name in names]
    assert {model.id for model in constants} == {info.id for info in llm.models(deprecated=True)}
    assert [llm.Model.of(model.id) for model in constants] == constants


def test_a_misspelt_constant_names_the_nearest() -> None:
    module: Any = llm.anthropic
    with pytest.raises(AttributeError) as caught:
        _ = module.claude_sonet_5_5
    assert str(caught.value) == "llm.anthropic has no model 'claude_sonet_5_5'. Did you mean 'claude_sonnet_5_5'?"


def test_a_name_that_llm_does_not_have_is_an_attribute_error() -> None:
    module: Any = llm
    with pytest.raises(AttributeError, match=r"module 'capably.llm' has no attribute 'modle'"):
        _ = module.modle


def test_everything_in_all_is_there() -> None:
    for name in dir(llm):
        assert getattr(llm, name) is not None, name
    assert set(dir(llm)) <= set(dir(llm))


@pytest.mark.parametrize(
    ("id", "warnings", "nearest"),
    [
        pytest.param(
            "anthropic/claude-sonet-5-5",
            '"anthropic/claude-sonet-5-5" is not in the registry. Nearest: anthropic/claude-sonnet-5-5, '
            "anthropic/claude-sonnet-4-5, anthropic/claude-sonnet-5. An id that the registry does not know can be used, "
            'unchecked, with llm.Model.of("anthropic/claude-sonet-5-5").',
            ("anthropic/claude-sonnet-5-5", "anthropic/claude-sonnet-4-5", "anthropic/claude-sonnet-5"),
            id="misspelt",
        ),
        pytest.param(
            "google/zzzzzzzzzz",
            '"google/zzzzzzzzzz" is not in the registry. An id that the registry does not know can be used, '
            'unchecked, with llm.Model.of("google/zzzzzzzzzz").',
            (),
            id="nothing is near",
        ),
        pytest.param(
            "anthropic/claude-2.1",
            '"anthropic/claude-2.1" was retired on 2025-07-21 and no longer answers.',
            (),
            id="retired",
        ),
        pytest.param(
            "google/gemini-2.0-flash",
            '"google/gemini-2.0-flash" was retired on 2026-06-01 and no longer answers. '
            "Its successor is google/gemini-3.5-flash.",
            ("google/gemini-3.5-flash",),
            id="retired, with a successor",
        ),
        pytest.param(
            "openai/gpt-realtime",
            '"openai/gpt-realtime" is a model for realtime, which capably does not call.',
            (),
            id="no chat model",
        ),
        pytest.param(
            "claude-sonnet-5-5",
            '"claude-sonnet-5-5" names no provider; ids read provider/model. Nearest: anthropic/claude-sonnet-5-5, '
            "anthropic/claude-sonnet-4-5, anthropic/claude-sonnet-5.",
            ("anthropic/claude-sonnet-5-5", "anthropic/claude-sonnet-4-5", "anthropic/claude-sonnet-5"),
            id="no provider",
        ),
        pytest.param(
            "acme/anvil",
            f'"acme/anvil" names the provider "acme", but there are only {", ".join(providers())}.',
            (),
            id="unknown provider",
        ),
    ],
)
def test_an_unknown_id_is_told_with_what_it_could_be(id: str, warnings: str, nearest: tuple[str, ...]) -> None:
    door: Any = llm.Model
    with pytest.raises(llm.UnknownModelError) as caught:
        door(id)
    assert (str(caught.value), caught.value.model, caught.value.nearest) == (warnings, id, nearest)


def test_of_takes_an_unlisted_id_with_a_warning_at_the_line_of_the_caller() -> None:
    with pytest.warns(llm.UnverifiedModelWarning) as caught:
        model = llm.Model.of("openai/gpt-99", max_tokens=10)
    said = '"openai/gpt-99" is not in the registry, so nothing about it is checked. Nearest: openai/gpt-'
    assert str(caught[0].message).startswith(said)
    assert caught[0].filename == __file__
    assert (model.id, model.info, model.defaults) == ("openai/gpt-99", None, {"max_tokens": 10})


GONE = {
    "anthropic/claude-3-5-sonnet-20241022": '"anthropic/claude-3-5-sonnet-20241022" was retired on 2025-10-28 and no longer '
    "answers. Its successor is anthropic/claude-sonnet-4-6.",
    "google/gemini-1.5-pro": '"google/gemini-1.5-pro" was retired and no longer answers.',
    "openai/gpt-4-32k": '"openai/gpt-4-32k" was retired on 2025-06-06 and no longer answers.',
    "google/gemini-2.0-flash": '"google/gemini-2.0-flash" was retired on 2026-06-01 and no longer answers. '
    "Its successor is google/gemini-3.5-flash.",
    "openai/gpt-realtime": '"openai/gpt-realtime" is a model for realtime, which capably does not call.',
}
"""Ids that will fail, and what every door says of them."""


@pytest.mark.parametrize("id", GONE)
def test_every_door_says_the_same_of_an_id_that_will_fail(id: str, capsys: pytest.CaptureFixture[str]) -> None:
    doors: Any = llm
    for refuses in (doors.Model, doors.call, functools.partial(doors.Model.custom, "openai/ft:mine")):
        with pytest.raises(llm.UnknownModelError) as caught:
            refuses(like=id) if isinstance(refuses, functools.partial) else refuses(id)
        assert str(caught.value) == GONE[id]
    with pytest.warns(llm.UnverifiedModelWarning) as warned:
        assert llm.Model.of(id).info is None
    assert str(warned[0].message) == f"{GONE[id]} Nothing about it is checked."
    alike = {"openai": "openai/gpt-4.1", "google": "google/gemini-3.5-flash", "anthropic": SONNET}
    like = alike[id.partition("/")[0]]
    with pytest.warns(llm.UnverifiedModelWarning) as warned:
        assert doors.Model.custom(id, like=like).info.limits == doors.Model(like).info.limits
    assert str(warned[0].message) == GONE[id]
    assert main(["show", id]) == 2
    assert capsys.readouterr().err == f"capably: {GONE[id]}\n"


@pytest.mark.parametrize("id", GONE)
def test_check_and_try_say_the_same_too(
    id: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY"):
        monkeypatch.delenv(variable, raising=False)
    (tmp_path / "app.py").write_text(f'MODEL = "{id}"\n', encoding="utf-8")
    assert main(["check", str(tmp_path)]) == 1
    assert GONE[id].replace('"', "") in capsys.readouterr().out
    assert main(["try", id, "Hi"]) == 2
    warned, error = capsys.readouterr().err.splitlines()
    assert warned == f"capably: {GONE[id]} Nothing about it is checked."
    assert error.startswith("capably: No API key")


def test_of_takes_a_listed_id_without_a_warning() -> None:
    assert llm.Model.of(SONNET) == llm.Model(SONNET)


def test_of_still_needs_a_provider() -> None:
    with pytest.raises(llm.UnknownModelError, match=r"names no provider"):
        llm.Model.of("claude-sonnet-5-5")


@pytest.mark.parametrize("make", [llm.Model, llm.Model.of], ids=["Model", "of"])
def test_a_default_that_is_no_parameter_is_a_type_error(make: Any) -> None:
    with pytest.raises(TypeError, match=r"there is no parameter 'max_token'. Did you mean 'max_tokens'?"):
        make(SONNET, max_token=10)


# --- a call -------------------------------------------------------------------------------------------------------


def test_defaults_stand_below_what_the_call_says() -> None:
    model = unlisted("scripted/echo", max_tokens=10, temperature=0.5, stop="END")
    sent = model.call("Hi", temperature=0.9, seed=7, stop=None).request
    assert {name: sent[name] for name in sent.keys() - {"model", "messages", "system"}} == {
        "max_tokens": "10",
        "temperature": "0.9",
        "seed": "7",
        "stop": "'END'",
    }


def test_a_script_is_played_in_order_and_its_end_repeated() -> None:
    model = llm.scripted("one", "two")
    assert [model.call("Hi").text() for _ in range(3)] == ["one", "two", "two"]


def test_two_scripts_do_not_mix() -> None:
    first, second = llm.scripted("one"), llm.scripted("two")
    assert (first.call("Hi").text(), second.call("Hi").text()) == ("one", "two")


def test_without_a_script_the_last_words_come_back() -> None:
    assert llm.scripted().call([llm.user("a"), llm.assistant("b"), llm.user(["c", "d"])]).text() == "d"


def test_a_script_may_be_a_function_of_the_request() -> None:
    def answer(request: Request) -> str:
        return f"{request.system} {len(request.messages)} {request.params['max_tokens']}"

    assert llm.scripted(answer).call("Hi", system="Be brief.", max_tokens=10).text() == "Be brief. 1 10"


def test_a_script_may_be_an_exception() -> None:
    model = llm.scripted(llm.RateLimitError("slow down", provider="scripted", retry_after=3), "fine")
    with pytest.raises(llm.RateLimitError) as caught:
        model.call("Hi")
    assert caught.value.retry_after == 3
    assert model.call("Hi").text() == "fine"


def test_a_script_may_be_parts() -> None:
    call = llm.ToolCall("1", "lookup", {"word": "fox"})
    response = llm.scripted([llm.Thought("Hm."), "Let me see. ", llm.Text("Wait."), call]).call("Hi")
    assert response.content == (llm.Thought("Hm."), llm.Text("Let me see. "), llm.Text("Wait."), call)
    assert response.text() == "Let me see. Wait."
    assert response.thoughts == (llm.Thought("Hm."),)
    assert response.tool_calls == (call,)
    assert response.finish_reason == "tool_use"


def test_a_response_tells_everything_about_itself() -> None:
    cited = llm.Text("A fox.", (llm.Citation(url="https://example.com"),))
    picture = llm.Image.from_bytes(b"x", media_type="image/png")
    model = llm.scripted([cited, picture])
    response = model.call("Which animal?", extra={"tier": "fast"})
    assert response.model is model
    assert (response.images, response.audio) == ((picture,), ())
    assert response.citations == (llm.Citation(url="https://example.com"),)
    assert response.finish_reason == "stop"
    assert response.usage.output_tokens == 2
    assert response.cost is None
    assert response.warnings == ()
    assert response.request["tier"] == "fast"
    assert response.raw["content"][1].startswith("Image(")
    assert repr(response) == f"<Response of {model.id}: 'A fox.'>"


def test_the_repr_of_a_response_names_the_tools_that_it_calls() -> None:
    model = llm.scripted(["Look.", llm.ToolCall("call_1", "stock", {}), llm.ToolCall("call_2", "price", {})])
    assert repr(model.call("How many?")) == f"<Response of {model.id}: 'Look.', calls stock, price>"
    assert repr(model.stream("How many?")) == f"<StreamResponse of {model.id}: 'Look.', calls stock, price>"


def test_messages_hold_the_whole_conversation() -> None:
    response = llm.scripted("Hello!").call(["a", llm.Text("b")], system="Be kind.")
    assert response.messages == [
        llm.system("Be kind."),
        llm.user(["a", "b"]),
        llm.assistant("Hello!"),
    ]
    said: Any = response.messages[-1]
    source = said.source
    assert (source.provider, source.model) == ("scripted", response.model.id.partition("/")[2])


def test_resume_keeps_the_conversation_and_the_parameters() -> None:
    response = llm.scripted("one", "two", "three").call("a", system="Be kind.", max_tokens=10)
    last = response.resume("b").resume(["c", llm.Text("d")])
    said: list[Any] = last.messages[1:]
    assert [message.content for message in said] == [
        (llm.Text("a"),),
        (llm.Text("one"),),
        (llm.Text("b"),),
        (llm.Text("two"),),
        (llm.Text("c"), llm.Text("d")),
        (llm.Text("three"),),
    ]
    assert (last.request["system"], last.request["max_tokens"]) == ("Be kind.", "10")
    assert [len(r.messages) for r in (response, last)] == [3, 7]


def test_a_script_may_be_the_class_of_an_exception() -> None:
    with pytest.raises(ValueError, match=r"^$"):
        llm.scripted(ValueError).call("Hi")


def test_a_script_may_be_an_async_function_where_the_call_is_async() -> None:
    async def answer(request: Request) -> str:
        return f"{len(request.messages)} message"

    async def talk() -> list[str]:
        model = llm.scripted(answer)
        stream = await model.stream_async("Hi")
        return [(await model.call_async("Hi")).text(), "".join([text async for text in stream.text_stream()])]

    assert asyncio.run(talk()) == ["1 message", "1 message"]
    with pytest.raises(TypeError, match="use the async form of the call"):
        llm.scripted(answer).call("Hi")


@pytest.mark.parametrize("reply", [3, None, {"a": 1}, llm.assistant("Hi")], ids=["int", "None", "dict", "message"])
def test_what_is_no_reply_is_refused_where_it_is_given(reply: Any) -> None:
    with pytest.raises(
        TypeError, match="a scripted reply is a text, a part, a list of them, an exception or a function"
    ):
        llm.scripted("one", reply)


def test_a_script_of_a_name_that_is_taken_begins_anew() -> None:
    llm.scripted("one", "two", name="taken").call("Hi")
    assert llm.scripted("three", "four", name="taken").call("Hi").text() == "three"


def test_a_name_without_a_script_is_refused() -> None:
    with pytest.raises(llm.ConfigurationError, match=r'no script of the name "nobody": make one with llm.scripted'):
        unlisted("scripted/nobody").call("Hi")


def test_a_scripted_model_takes_the_replies_that_are_left_to_another_process() -> None:
    model = llm.scripted(
        "one", llm.RateLimitError("slow", provider="scripted"), [llm.Thought("Hm."), "three"], name="far"
    )
    model.call("Hi")
    program = textwrap.dedent("""
        import pickle, sys
        from capably import llm

        model = pickle.loads(sys.stdin.buffer.read())
        try:
            model.call("Hi")
        except llm.RateLimitError as error:
            print(error)
        print(model.call("Hi").text(), pickle.loads(pickle.dumps(model)).call("Hi").text())
    """)
    ran = subprocess.run([sys.executable, "-c", program], input=pickle.dumps(model), capture_output=True, check=True)

    assert ran.stdout.decode().split() == ["slow", "three", "three"]
    with pytest.raises(llm.RateLimitError):  # the other process took nothing from this one
        pickle.loads(pickle.dumps(model)).call("Hi")


def test_a_conversation_goes_on_with_another_model() -> None:
    first = llm.scripted("one").call("a")
    second = llm.scripted("two").call([*first.messages, llm.user("b")])
    assert [type(message).__name__ for message in second.messages] == ["UserMessage", "AssistantMessage"] * 2


def test_resume_says_a_default_system_once() -> None:
    model = unlisted("scripted/echo", system="Be kind.")
    assert model.call("a").resume("b").request["system"] == "Be kind."


def test_a_stream_gives_the_words_and_then_the_same_response() -> None:
    model = llm.scripted([llm.Thought("Hm, hm."), "A fox, I think."])
    with model.stream("Hi") as stream:
        assert "".join(stream.text_stream()) == "A fox, I think."
        assert [chunk.kind for chunk in stream.chunks()] == ["thought", "part", "text", "part"]
    called = model.call("Hi")
    assert (stream.content, stream.text(), stream.finish_reason) == (
        called.content,
        called.text(),
        called.finish_reason,
    )
    assert stream.messages == called.messages
    assert stream.request == called.request


def test_reading_a_stream_whole_needs_no_loop() -> None:
    stream = llm.scripted("A fox.").stream("Hi")
    assert stream.text() == "A fox."
    assert [chunk.delta for chunk in stream.chunks() if chunk.kind == "text"] == ["A fox."]
    assert stream.resume("And then?").text() == "A fox."


def test_a_failing_stream_raises_before_it_starts() -> None:
    with pytest.raises(llm.OverloadedError):
        llm.scripted(llm.OverloadedError("no room", provider="scripted")).stream("Hi")


def test_the_asynchronous_forms_do_the_same() -> None:
    async def story() -> None:
        model = llm.scripted("one", "two", "three four", "five")
        response = await model.call_async("a", max_tokens=10)
        assert (response.text(), (await response.resume("b")).text()) == ("one", "two")
        async with await model.stream_async("c") as stream:
            with pytest.raises(RuntimeError, match=r"await response.finish"):
                stream.text()
            assert [text async for text in stream.text_stream()] == ["three ", "four"]
            assert stream.text() == "three four"
        again = await (await stream.resume("d")).finish()
        assert again.text() == "five"
        assert len(again.messages) == 4

    asyncio.run(story())


@pytest.mark.parametrize("form", ["call", "stream", "call_async", "stream_async"])
def test_every_form_checks_first(form: str) -> None:
    model: Any = llm.Model(SONNET)

    async def ask() -> None:
        await getattr(model, form)("Hi", temperature=0.2)

    with pytest.raises(llm.UnsupportedFeatureError):
        asyncio.run(ask()) if form.endswith("async") else getattr(model, form)("Hi", temperature=0.2)


# --- importing ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "imports",
    [
        pytest.param("from capably import llm\nModel = llm.Model", id="from capably import llm"),
        pytest.param("import capably.llm\nModel = capably.llm.Model", id="import capably.llm"),
        pytest.param("import capably.llm as ai\nModel = ai.Model", id="import capably.llm as"),
        pytest.param("from capably.llm import Model", id="from capably.llm import Model"),
        pytest.param("from capably.llm import *\nModel = Model", id="from capably.llm import *"),
        pytest.param("from capably_models import Model", id="from capably_models import Model"),
    ],
)
def test_every_import_style_works(imports: str) -> None:
    assert run(f"{imports}\nprint(Model({SONNET!r}).id)") == f"{SONNET}\n"


def test_importing_costs_no_sdk_and_no_heavy_module() -> None:
    heavy = ("anthropic", "openai", "google.genai", "httpx2", "pydantic", "yaml", "jinja2", "libcst", "msgspec")
    slow = ("asyncio", "dataclasses", "inspect", "difflib", "datetime", "json", "argparse")
    found = run(f"from capably import llm\nimport sys\nprint([n for n in {heavy + slow} if n in sys.modules])")
    assert found == "[]\n"


def test_naming_a_model_loads_one_providers_facts() -> None:
    found = run(
        f"from capably import llm\nimport sys\nllm.Model({SONNET!r})\n"
        "print([n for n in ('_anthropic', '_google', '_openai') if f'capably_models.{n}' in sys.modules])"
    )
    assert found == "['_anthropic']\n"


def test_a_custom_model_keeps_its_facts_through_pickle_and_json() -> None:
    tuned = llm.Model.custom("openai/ft:gpt-5.6:acme", like="openai/gpt-5.6")
    again = pickle.loads(pickle.dumps(tuned))
    assert again == tuned
    assert again.info is not None
    assert again.info.limits == llm.openai.gpt_5_6.info.limits  # pyright: ignore[reportOptionalMemberAccess]
    with pytest.raises(llm.UnsupportedFeatureError):
        again.call("Hi", temperature=0.2)


def test_a_custom_model_like_something_else_is_refused() -> None:
    door: Any = llm.Model.custom
    with pytest.raises(TypeError, match="like=3 is of type int; it must be a model, or the id of a listed one"):
        door("openai/ft:ours", like=3)


@pytest.mark.parametrize(
    ("id", "like", "said"),
    [
        (
            "openrouter/x",
            "anthropic/claude-sonnet-5",
            "asked at messages, and 'openrouter' speaks responses and chat_completions",
        ),
        ("openrouter/x", "google/gemini-3.7-flash", "asked at generate_content, and 'openrouter' speaks responses"),
        ("anthropic/x", "openai/gpt-5.5", "asked at responses and chat_completions, and 'anthropic' speaks messages"),
        ("vertex/gemini-x", "anthropic/claude-sonnet-5", "asked at messages, and 'vertex' speaks generate_content"),
    ],
)
def test_a_custom_model_of_another_wire_format_is_refused_where_it_is_made(id: str, like: str, said: str) -> None:
    door: Any = llm.Model.custom
    with pytest.raises(llm.ConfigurationError, match=said) as caught:
        door(id, like=like)
    assert f"`extends: {llm.Model.of(like).info.profile}`" in str(caught.value)  # pyright: ignore[reportOptionalMemberAccess]


def test_a_custom_model_of_an_own_server_names_the_wire_format_that_it_needs() -> None:
    llm.configure("chatty", base_url="http://127.0.0.1:9")
    with pytest.raises(llm.ConfigurationError, match="'chatty' speaks responses and chat_completions") as caught:
        llm.Model.custom("chatty/x", like="anthropic/claude-haiku-4-5")
    assert 'llm.configure("...", base_url=..., wire="messages")' in str(caught.value)
    with Loopback([lambda received: vendor_reply("anthropic", received, ["Hi"])]) as server:
        llm.configure("talky", base_url=server.url, wire="messages")
        assert llm.Model.custom("talky/x", like="anthropic/claude-haiku-4-5").call("Hi").text() == "Hi"
        assert server.requests[0].path == "/v1/messages"


@pytest.mark.parametrize(
    ("id", "like"),
    [
        ("openrouter/x", "openai/gpt-5.5"),
        ("vertex/claude-x", "anthropic/claude-sonnet-5"),
        ("bedrock/x", "anthropic/claude-sonnet-5"),
        ("a-server-to-be-named/x", "anthropic/claude-sonnet-5"),
    ],
)
def test_a_custom_model_of_the_same_wire_format_is_served_by_its_own_provider(id: str, like: str) -> None:
    door: Any = llm.Model.custom
    assert door(id, like=like).provider == id.partition("/")[0]


@pytest.mark.parametrize("library", ["httpx2", "pyreqwest"])
def test_preload_imports_the_wire_format_and_the_http_library_of_that_provider_and_no_sdk(library: str) -> None:
    program = f"""
import sys
import textwrap
from capably import llm
llm.configure("openai", http="{library}")
llm.preload("openai")
names = ("capably.providers.openai", "capably.providers.anthropic", "httpx2", "pyreqwest", "openai", "anthropic")
print(*(name for name in names if name in sys.modules))
"""
    assert run(program) == f"capably.providers.openai {library}\n"


@pytest.mark.parametrize("wrong", ["openai/gpt-4o", 5, llm.Model])
def test_what_is_no_model_is_refused_where_a_model_belongs(wrong: Any) -> None:
    @llm.prompt
    def greet() -> str:
        return "Hi"

    for give in (lambda: greet(wrong), lambda: llm.override(wrong).__enter__(), lambda: greet.stream(wrong)):
        with pytest.raises(TypeError, match=r"must be a model, such as llm.Model\(\"provider/id\"\), and not "):
            give()


@pytest.mark.parametrize("make", [llm.Model, llm.Model.of, lambda it: llm.Model.custom(it, like="openai/gpt-4o")])
def test_a_model_is_named_by_a_text(make: Any) -> None:
    with pytest.raises(TypeError, match="a model is named by a str that reads provider/model, not by None"):
        make(None)


def test_parameters_of_a_prompt_are_looked_at_where_it_is_written() -> None:
    wrong: Any = {"tols": []}
    with pytest.raises(TypeError, match=r"there is no parameter 'tols'\. Did you mean 'tools'\?"):
        llm.prompt(**wrong)


def test_a_prompt_takes_what_every_model_takes_and_no_more() -> None:
    of_every_model: Any = dict.fromkeys(OF_EVERY_MODEL)
    assert llm.prompt(**of_every_model, tools=[], format=str)(lambda: "Hi").params.keys() >= of_every_model.keys()
    others: Any = {name: None for name in PARAMETERS if name not in (*OF_EVERY_MODEL, "tools", "format")}
    for name in others:
        advice = "model.call(prompt.content(...), prefill=...)" if name == "prefill" else f"model.with_({name}=...)"
        with pytest.raises(TypeError, match=re.escape(f"@llm.prompt takes no `{name}`;") + ".*" + re.escape(advice)):
            llm.prompt(**{name: None})
    assert len(others) >= 15


def test_an_address_without_a_scheme_and_a_timeout_in_words_are_refused() -> None:
    soon: Any = "soon"
    with pytest.raises(llm.ConfigurationError, match=r"base_url='localhost:80' is no URL; it begins with https://"):
        llm.configure("openai", base_url="localhost:80")
    with pytest.raises(TypeError, match="timeout='soon' is of type str; it must be a number"):
        llm.configure("openai", timeout=soon)


def test_a_provider_that_was_refused_is_none() -> None:
    with pytest.raises(llm.ConfigurationError, match="is no URL"):
        llm.configure("shed", base_url="localhost:80")
    with pytest.raises(llm.ConfigurationError, match="there is no provider 'shed'"):
        llm.preload("shed")
    with pytest.raises(llm.ConfigurationError, match=r"it takes an httpx2\.Client"):
        llm.configure("shed", base_url="http://localhost:80", http_client=object())
    with pytest.raises(llm.ConfigurationError, match="there is no provider 'shed'"):
        llm.preload("shed")


def test_google_is_asked_in_the_version_of_the_setting() -> None:
    with Loopback([lambda received: vendor_reply("google", received, ["Hi"])]) as server:
        v1beta = llm.provider("google", api_key="test", base_url=server.url, api_version="v1beta")
        with v1beta:
            llm.Model.of("google/gemini-3.8-flash").call("Hi", provider=v1beta)
        assert server.requests[0].path == "/v1beta/models/gemini-3.8-flash:generateContent"
    with pytest.raises(llm.ConfigurationError, match="api_version= is no setting of groq"):
        llm.configure("groq", api_version="v1beta")  # pyright: ignore[reportCallIssue, reportArgumentType]
    with pytest.raises(llm.ConfigurationError, match=r"apikey= is no setting of groq\. Did you mean 'api_key'\?"):
        llm.configure("groq", apikey="x")  # pyright: ignore[reportCallIssue, reportArgumentType]


@pytest.mark.parametrize("key", ["", "  "])
def test_an_empty_key_is_refused_where_the_key_of_the_environment_would_be_sent(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-environment")
    for make in (llm.provider, llm.configure):
        with pytest.raises(llm.ConfigurationError) as caught:
            make("openai", api_key=key)
        assert str(caught.value) == (
            "api_key= of openai is empty. Leave it out to use the environment's (OPENAI_API_KEY)"
        )
    with llm.provider("keyless", base_url="http://127.0.0.1:1", api_key=key):
        pass


def test_the_parameters_of_a_model_are_a_type_at_run_time_too() -> None:
    assert llm.openai.Gpt41Params.__annotations__.keys() >= {"system", "temperature"}
    with pytest.raises(AttributeError, match="Gpt99Params"):
        _ = cast("Any", llm.openai).Gpt99Params
