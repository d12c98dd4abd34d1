"""Neutral types: parts, messages, usage, cost and errors."""

from __future__ import annotations

import base64
import copy
import datetime
import inspect
import pickle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from capably import llm
from capably.registry.cost import cost_of, price_on
from capably.registry.rules import Condition, Rule
from capably.types import errors
from capably.types.messages import Source, to_messages, to_parts
from capably.types.usage import Usage
from capably.types.values import fields_of

PARTS = [
    llm.Text("a", (llm.Citation(url="https://example.com", raw={"index": 1}),)),
    llm.Image.from_bytes(b"x", media_type="image/png", name="a.png"),
    llm.Document.from_url("https://example.com/a.pdf"),
    llm.Audio(data=b"x", media_type="audio/wav", transcript="a"),
    llm.Video.from_file_id("file-1"),
    llm.Thought("a", redacted=True),
    llm.ToolCall("1", "lookup", {"word": "fox"}, '{"word": "fox"}'),
    llm.ToolOutput("1", "lookup", ["a", llm.Text("b")], is_error=True),
    llm.Refusal("no"),
    llm.CachePoint("1h"),
    llm.Unknown("dance", {"steps": 3}),
]


# --- parts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", PARTS, ids=lambda part: type(part).__name__)
def test_a_part_equals_its_copies_and_survives_pickling(part: llm.Part) -> None:
    assert copy.copy(part) == copy.deepcopy(part) == pickle.loads(pickle.dumps(part)) == part


SOURCE = Source("openai", "responses", "gpt-5", [{"type": "message"}])
VALUES = [
    *PARTS,
    llm.system("a"),
    llm.user(["a", llm.Image.from_url("https://example.com/a.png")]),
    llm.AssistantMessage([llm.Text("a")], SOURCE),
    SOURCE,
    llm.Timeout(silence=5, total=9),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_nothing_of_a_part_or_message_can_be_set_or_deleted(value: Any) -> None:
    fields, kind = fields_of(value), type(value).__name__
    assert fields
    for name in (*fields, "other"):
        with pytest.raises(AttributeError, match=rf"cannot be changed; build a new one: llm\.{kind}\(\.\.\.\)"):
            setattr(value, name, "x")
        with pytest.raises(AttributeError, match="cannot be changed"):
            delattr(value, name)
    assert fields_of(value) == fields


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_value_has_all_its_fields_after_pickling(value: Any, protocol: int) -> None:
    unpickled = pickle.loads(pickle.dumps(value, protocol))
    for copied in (unpickled, copy.copy(value), copy.deepcopy(value), value.__replace__()):
        assert type(copied) is type(value)
        assert copied is not value
        assert repr(fields_of(copied)).split(" at 0x")[0] == repr(fields_of(value)).split(" at 0x")[0]


def test_a_deep_copy_shares_nothing_that_can_change() -> None:
    call = llm.ToolCall("1", "lookup", {"words": ["fox"]})
    copied = copy.deepcopy(call)
    copied.args["words"].append("dog")
    assert call.args == {"words": ["fox"]}


def test_a_value_is_replaced_field_by_field() -> None:
    photo = llm.Image.from_bytes(b"x", media_type="image/png", name="a.png")
    assert photo.__replace__(name="b.png") == llm.Image.from_bytes(b"x", media_type="image/png", name="b.png")
    with pytest.raises(TypeError, match="size"):
        photo.__replace__(size=1)


def test_parts_of_another_class_or_with_other_fields_differ() -> None:
    assert llm.Text("a") != llm.Thought("a")
    assert llm.Text("a") != llm.Text("b")
    assert llm.Image.from_file_id("f") != llm.Document.from_file_id("f")
    assert llm.Text("a") != "a"


def test_a_part_shows_the_fields_that_say_something() -> None:
    assert repr(llm.Text("a")) == "Text(text='a')"
    assert repr(llm.ToolOutput("1", "f", 0)) == "ToolOutput(id='1', name='f', value=0)"
    assert repr(llm.Image.from_file_id("file-1")) == "Image(file_id='file-1')"
    long = repr(llm.Image.from_bytes(b"x" * 1000, media_type="image/png"))
    assert long.startswith("Image(data=b'xxx")
    assert "(1003 characters)" in long


def test_parts_cannot_be_keys() -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(llm.Text("a"))


@pytest.mark.parametrize(
    ("make", "media_type"),
    [
        pytest.param(lambda: llm.Image.from_url("https://example.com/A.PNG?size=1"), "image/png", id="ending of a URL"),
        pytest.param(lambda: llm.Image.from_url("https://example.com/a.png#top"), "image/png", id="a fragment"),
        pytest.param(lambda: llm.Image.from_url("https://e.com/A.JPG?x=.png#?"), "image/jpeg", id="a dot in the query"),
        pytest.param(lambda: llm.Image.from_url("https://example.com/cat"), None, id="no ending"),
        pytest.param(
            lambda: llm.Image.from_url("https://example.com/cat", media_type="image/gif"), "image/gif", id="given"
        ),
        pytest.param(lambda: llm.Audio.from_url("https://example.com/a.mp3"), "audio/mpeg", id="sound"),
        pytest.param(lambda: llm.Document.from_url("https://example.com/a.png"), None, id="an ending of others"),
    ],
)
def test_the_media_type_of_a_url_comes_from_its_ending(make: Any, media_type: str | None) -> None:
    assert make().media_type == media_type


@pytest.mark.parametrize(
    "url",
    [
        "data:image/png;base64,eA==",
        "data:image/png;charset=utf-8;base64,eA==",
        "DATA:Image/PNG;BASE64,eA",
        "data:image/png;base64,eA%3D%3D",
        "data:image/png;base64,e\nA==",
        "data:image/x-png;base64, eA==",
    ],
)
def test_a_data_url_is_taken_apart(url: str) -> None:
    assert llm.Image.from_url(url) == llm.Image.from_bytes(b"x", media_type="image/png")


def test_a_data_url_that_is_not_base64_is_refused() -> None:
    with pytest.raises(ValueError, match="a data: URL must be base64"):
        llm.Document.from_url("data:text/plain,hello")


def test_a_path_is_no_url_and_a_text_is_no_bytes() -> None:
    text: Any = "aGk="
    with pytest.raises(ValueError, match=r"'cat.png' is no URL. A local file is read with llm.Image.from_file"):
        llm.Image.from_url("cat.png")
    with pytest.raises(TypeError, match=r"llm.Audio.from_bytes takes bytes, not a str. base64 text is taken apart"):
        llm.Audio.from_bytes(text, media_type="audio/wav")


def test_a_file_is_read_at_once(tmp_path: Path) -> None:
    path = tmp_path / "cat.JPG"
    path.write_bytes(b"x")
    image = llm.Image.from_file(path)
    path.unlink()
    assert image == llm.Image.from_bytes(b"x", media_type="image/jpeg", name="cat.JPG")
    assert image.base64() == "eA=="


JPEG, PNG, PDF = b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"%PDF-1.7"
WEBP, WAV = b"RIFF\0\0\0\0WEBPVP8 ", b"RIFF\0\0\0\0WAVEfmt "


@pytest.mark.parametrize(
    ("kind", "name", "data", "media_type"),
    [
        pytest.param(llm.Image, "bell.png", JPEG, "image/jpeg", id="another kind of picture"),
        pytest.param(llm.Image, "bell.jpg", WEBP, "image/webp", id="WebP"),
        pytest.param(llm.Image, "bell", PNG, "image/png", id="no suffix"),
        pytest.param(llm.Image, "bell.png", b"?", "image/png", id="bytes that show nothing"),
        pytest.param(llm.Audio, "bell.mp3", WAV, "audio/wav", id="sound"),
        pytest.param(llm.Document, "bell.pdf", PDF, "application/pdf", id="a document"),
        pytest.param(llm.Document, "bell.txt", PNG, "text/plain", id="bytes of something else"),
    ],
)
def test_the_bytes_of_a_file_decide_over_its_suffix(
    tmp_path: Path, kind: type[llm.Image], name: str, data: bytes, media_type: str
) -> None:
    (tmp_path / name).write_bytes(data)
    assert kind.from_file(tmp_path / name).media_type == media_type
    assert kind.from_file(tmp_path / name, media_type="image/x").media_type == "image/x"


def test_the_bytes_of_a_data_url_decide_over_its_media_type() -> None:
    body = base64.b64encode(JPEG).decode()
    assert llm.Image.from_url(f"data:image/png;base64,{body}").media_type == "image/jpeg"
    assert llm.Image.from_url(f"data:;base64,{body}").media_type == "image/jpeg"
    assert llm.Document.from_url("data:;base64,eA==").media_type == "text/plain"


def test_base64_of_either_alphabet_is_read() -> None:
    data = bytes(range(256))
    for body in (base64.b64encode(data), base64.urlsafe_b64encode(data), base64.urlsafe_b64encode(data).rstrip(b"=")):
        assert llm.Image.from_url(f"data:image/png;base64,{body.decode()}").data == data


@pytest.mark.parametrize(
    ("body", "message"),
    [("@@@@", "'@' is no character of base64"), ("eA==eA", "'=' is no"), ("eAeAe", "it was cut"), ("", "no bytes")],
)
def test_base64_that_cannot_be_read_is_refused(body: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        llm.Image.from_url(f"data:image/png;base64,{body}")


def test_a_media_type_has_one_spelling() -> None:
    assert llm.Image.from_bytes(JPEG, media_type="Image/JPG") == llm.Image.from_bytes(JPEG, media_type="image/jpeg")


def test_a_file_of_unknown_kind_is_told_with_the_known_endings(tmp_path: Path) -> None:
    path = tmp_path / "cat.xyz"
    path.write_bytes(PDF)
    with pytest.raises(
        ValueError, match=r"known endings: .gif, .heic, .heif, .jpeg, .jpg, .png, .webp. Pass media_type="
    ):
        llm.Image.from_file(path)


def test_only_bytes_have_base64() -> None:
    with pytest.raises(ValueError, match="this Image holds no bytes"):
        llm.Image.from_file_id("file-1").base64()


# --- messages -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "messages"),
    [
        pytest.param("a", [llm.user("a")], id="a text"),
        pytest.param(llm.Text("a"), [llm.user("a")], id="a part"),
        pytest.param(["a", llm.Text("b")], [llm.user([llm.Text("a"), llm.Text("b")])], id="texts and parts"),
        pytest.param(("a",), [llm.user("a")], id="a tuple"),
        pytest.param([llm.system("a"), llm.user("b")], [llm.system("a"), llm.user("b")], id="messages"),
        pytest.param(
            ["a", llm.Text("b"), llm.assistant("c"), "d"],
            [llm.user(["a", "b"]), llm.assistant("c"), llm.user("d")],
            id="loose texts among messages, each where it stands",
        ),
    ],
)
def test_content_becomes_messages(content: Any, messages: list[Any]) -> None:
    assert to_messages(content) == messages


@pytest.mark.parametrize(
    ("content", "told"),
    [
        pytest.param(None, "content is of type NoneType; it must be a str, a part, a list of parts", id="nothing"),
        pytest.param(3, "content is of type int; it must be", id="a number"),
        pytest.param((word for word in ("a", "b")), "content is of type generator; it must be", id="a generator"),
        pytest.param({"a", "b"}, "content is of type set; it must be", id="a set"),
        pytest.param(llm.user("a"), "content is of type UserMessage; it must be", id="a message without a list"),
        pytest.param({"role": "user", "content": "a"}, "content is of type dict; it must be", id="a wire message"),
        pytest.param(
            [{"role": "user"}], "content holds a value of type dict; it may hold strings and parts", id="wire messages"
        ),
        pytest.param(
            ["a", 3], "content holds a value of type int; it may hold strings and parts", id="a number among texts"
        ),
        pytest.param(b"a", "content holds a value of type int", id="bytes"),
    ],
)
def test_other_content_is_a_type_error_that_says_what_came(content: Any, told: str) -> None:
    with pytest.raises(TypeError) as caught:
        to_messages(content)
    assert str(caught.value).startswith(told)


@pytest.mark.parametrize("content", [None, 3, {"text": "a"}, [None]])
def test_a_message_of_something_else_is_a_type_error_too(content: Any) -> None:
    for make in (llm.user, llm.assistant, to_parts):
        with pytest.raises(TypeError, match=r"content (is|holds a value) of type "):
            make(content)


def test_no_content_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="content is empty: pass a text, a part, or messages"):
        to_messages([])


def test_messages_compare_by_content_and_show_how_they_were_made() -> None:
    assert llm.user("a") == llm.user(["a"]) != llm.assistant("a")
    assert llm.system("a") == llm.system("a") != llm.system("b")
    assert repr([llm.system("a"), llm.user("b"), llm.assistant("c")]) == (
        "[system('a'), user([Text(text='b')]), assistant([Text(text='c')])]"
    )


@pytest.mark.parametrize("message", [llm.system("a"), llm.user(PARTS), llm.assistant(PARTS)], ids=repr)
def test_messages_survive_pickling(message: Any) -> None:
    assert pickle.loads(pickle.dumps(message)) == message


# --- usage and cost -----------------------------------------------------------------------------------------------

usages = st.builds(Usage, *[st.integers(0, 10**9)] * 6)


@given(usages, usages, usages)
def test_usage_adds_up_in_any_order(a: Usage, b: Usage, c: Usage) -> None:
    assert (a + b) + c == a + (b + c) == c + b + a
    assert a + Usage() == a
    assert (a + b).total_tokens == a.total_tokens + b.total_tokens
    assert sum([a, b], Usage()) == a + b


@given(usages)
def test_usage_survives_pickling_and_shows_itself(usage: Usage) -> None:
    assert pickle.loads(pickle.dumps(usage)) == usage
    assert eval(repr(usage)) == usage


RATES = {"input": 2.0, "output": 10.0, "cache_read": 0.2, "cache_write": 2.5, "cache_write_1h": 4.0}
UNKNOWN = dict.fromkeys(
    (
        *("cache_read_audio", "input_audio", "output_audio", "output_image", "web_search", "file_search"),
        *("batch", "batch_cache", "flex", "flex_cache", "priority", "priority_cache"),
    )
)


def priced(**fields: Any) -> Any:
    return {"start": None, "until": None, "tiers": [], **UNKNOWN, **RATES, **fields}


DAY = datetime.date(2026, 11, 30)
MILLION = 1_000_000


@pytest.mark.parametrize(
    ("usage", "prices", "cost"),
    [
        pytest.param(Usage(MILLION, MILLION), [priced()], 12.0, id="input and output"),
        pytest.param(Usage(), [priced()], 0.0, id="nothing"),
        pytest.param(Usage(0, MILLION, reasoning_tokens=MILLION), [priced()], 10.0, id="reasoning is output"),
        pytest.param(Usage(MILLION, cache_read_tokens=MILLION // 2), [priced()], 1.1, id="read from the cache"),
        pytest.param(Usage(MILLION, cache_write_tokens=MILLION), [priced()], 2.5, id="written to the cache"),
        pytest.param(
            Usage(MILLION, cache_write_tokens=MILLION, cache_write_1h_tokens=MILLION // 2),
            [priced()],
            3.25,
            id="written for an hour, in part",
        ),
        pytest.param(Usage(1000), [], None, id="no price"),
        pytest.param(Usage(1000), [priced(input=None)], None, id="an unknown rate that is needed"),
        pytest.param(Usage(MILLION), [priced(output=None)], 2.0, id="an unknown rate that is not needed"),
        pytest.param(
            Usage(1000, cache_read_tokens=10), [priced(cache_read=None)], None, id="an unknown rate of the cache"
        ),
        pytest.param(
            Usage(200_000),
            [priced(tiers=[{"above": 200_000, "input": 4.0, "output": None}])],
            0.4,
            id="at the bound of a tier",
        ),
        pytest.param(
            Usage(300_000, 100_000),
            [priced(tiers=[{"above": 200_000, "input": 4.0, "output": None}])],
            2.2,
            id="above the bound of a tier, all of it, and what the tier leaves unsaid",
        ),
        pytest.param(
            Usage(MILLION),
            [
                priced(
                    tiers=[{"above": 100, "input": 4.0}, {"above": 500_000, "input": 8.0}, {"above": 10**7, "input": 9}]
                )
            ],
            8.0,
            id="the highest tier that is reached",
        ),
        pytest.param(
            Usage(MILLION),
            [priced(until="2026-11-30"), priced(start="2026-12-01", input=4.0)],
            2.0,
            id="the last day of a price",
        ),
        pytest.param(
            Usage(MILLION),
            [priced(until="2026-11-29"), priced(start="2026-11-30", input=4.0)],
            4.0,
            id="the first day of a price",
        ),
        pytest.param(Usage(MILLION), [priced(until="2026-11-29")], None, id="a price that has ended"),
        pytest.param(Usage(reported=False), [priced()], None, id="no usage"),
        pytest.param(
            Usage(MILLION, MILLION, input_audio_tokens=900_000, output_audio_tokens=950_000),
            [priced(input_audio=32.0, output_audio=64.0)],
            0.2 + 28.8 + 0.5 + 60.8,
            id="sound",
        ),
        pytest.param(Usage(10, input_audio_tokens=1), [priced()], None, id="sound without a rate"),
        pytest.param(Usage(0, 10, output_audio_tokens=1), [priced()], None, id="spoken without a rate"),
        pytest.param(
            Usage(10, cache_read_tokens=5, input_audio_tokens=5, cache_read_audio_tokens=5),
            [priced(input_audio=3.0)],
            None,
            id="sound read from the cache, without a rate",
        ),
        pytest.param(
            Usage(MILLION, cache_read_tokens=500_000, input_audio_tokens=400_000, cache_read_audio_tokens=300_000),
            [priced(input_audio=4.0, cache_read_audio=1.0)],
            0.8 + 0.04 + 0.3 + 0.4,
            id="sound read from the cache",
        ),
        pytest.param(
            Usage(
                10,
                cache_read_tokens=5,
                input_audio_tokens=5,
                cache_read_audio_tokens=5,
                cache_read_audio_reported=False,
            ),
            [priced(input_audio=4.0, cache_read_audio=1.0)],
            None,
            id="sound of which nobody says how much was read from the cache",
        ),
        pytest.param(
            Usage(MILLION, cache_read_tokens=500_000, input_audio_tokens=500_000),
            [priced(input_audio=4.0)],
            0.1 + 2.0,
            id="sound beside what was read from the cache",
        ),
        pytest.param(
            Usage(0, MILLION, output_image_tokens=MILLION), [priced(output_image=30.0)], 30.0, id="a picture drawn"
        ),
        pytest.param(Usage(0, 10, output_image_tokens=1), [priced()], None, id="a picture without a rate"),
        pytest.param(Usage(MILLION, input_image_tokens=1000), [priced()], 2.0, id="a picture seen is input"),
        pytest.param(Usage(10, searches=1), [priced(file_search=2.5)], None, id="a search without a rate"),
        pytest.param(Usage(0, searches=3), [priced(web_search=10.0)], 0.03, id="searches"),
        pytest.param(Usage(0, searches=1, file_searches=1), [priced(web_search=10.0)], None, id="a search of files"),
        pytest.param(
            Usage(0, searches=3, file_searches=2),
            [priced(web_search=10.0, file_search=2.5)],
            0.015,
            id="searches of both kinds",
        ),
        pytest.param(
            Usage(0, searches=1, service_tier="batch"),
            [priced(web_search=10.0, batch=0.5)],
            None,
            id="a search in a batch",
        ),
        pytest.param(Usage(MILLION, service_tier="standard"), [priced()], 2.0, id="the usual tier"),
        pytest.param(Usage(MILLION, service_tier="flex"), [priced(batch=0.5)], None, id="another tier"),
        pytest.param(Usage(MILLION, MILLION, service_tier="batch"), [priced(batch=0.5)], 6.0, id="a batch"),
        pytest.param(Usage(MILLION, service_tier="batch"), [priced()], None, id="a batch without a factor"),
        pytest.param(
            Usage(MILLION, cache_read_tokens=5, service_tier="batch"),
            [priced(batch=0.5)],
            None,
            id="a batch, cached, without a factor",
        ),
        pytest.param(
            Usage(MILLION, cache_read_tokens=500_000, cache_write_tokens=500_000, service_tier="batch"),
            [priced(batch=0.5, batch_cache=0.4)],
            0.54,
            id="a batch, cached",
        ),
        pytest.param(
            Usage(MILLION, MILLION, cache_read_tokens=500_000, service_tier="priority"),
            [priced(priority=2.0, priority_cache=1.8)],
            2.0 + 20.0 + 0.18,
            id="priority",
        ),
        pytest.param(Usage(MILLION, service_tier="flex"), [priced(flex=0.5, batch=0.4)], 1.0, id="flex"),
        pytest.param(
            Usage(300_000, service_tier="flex"),
            [priced(flex=0.5, tiers=[{"above": 200_000, "input": 4.0}])],
            0.6,
            id="flex, above the bound of a tier",
        ),
        pytest.param(
            Usage(10, input_audio_tokens=5, service_tier="flex"),
            [priced(flex=0.5, input_audio=1.0)],
            None,
            id="sound in another tier",
        ),
        pytest.param(Usage(10, service_tier="ultrafast"), [priced(flex=0.5)], None, id="a tier that nobody prices"),
        pytest.param(Usage(10, cache_read_tokens=20), [priced()], None, id="more cached than there is"),
        pytest.param(Usage(10, reported_cost=0.25, searches=3), [], 0.25, id="what the provider reports"),
        pytest.param(Usage(reported=False, reported_cost=0.25), [priced()], 0.25, id="a cost without tokens"),
        pytest.param(
            Usage(150_000) + Usage(150_000),
            [priced(tiers=[{"above": 200_000, "input": 4.0}])],
            0.6,
            id="two calls, each below a tier",
        ),
        pytest.param(Usage(10) + Usage(reported=False), [priced()], None, id="two calls, of which one is unknown"),
        pytest.param(
            Usage(MILLION) + Usage(10, reported_cost=0.5), [priced()], 2.5, id="two calls, of which one is reported"
        ),
        pytest.param(Usage(MILLION) + Usage(10, model="other"), [priced()], None, id="a model without a price"),
    ],
)
def test_cost_is_what_the_registry_says(usage: Usage, prices: list[Any], cost: float | None) -> None:
    assert cost_of(usage, prices, DAY) == (None if cost is None else pytest.approx(cost))


def test_another_model_that_took_part_is_paid_at_its_own_price() -> None:
    usage = Usage(MILLION) + Usage(MILLION, model="advisor")
    assert usage.total_tokens == 2 * MILLION
    assert cost_of(usage, [priced()], DAY, {"advisor": [priced(input=5.0)]}.__getitem__) == pytest.approx(7.0)


def test_a_sum_is_known_as_far_as_its_calls_are() -> None:
    assert not (Usage(10) + Usage(reported=False)).reported
    assert repr(Usage(reported=False)) == "Usage(reported=False)"
    assert (Usage(1, reported_cost=0.5) + Usage(2, reported_cost=0.25)).reported_cost == 0.75
    assert (Usage(1, reported_cost=0.5) + Usage(2)).reported_cost is None
    assert (Usage(1, service_tier="flex") + Usage(2, service_tier="flex")).service_tier == "flex"
    assert (Usage(1, service_tier="flex") + Usage(2)).service_tier is None


def test_the_price_of_a_day_is_the_one_in_force() -> None:
    early, late = priced(until="2026-11-30"), priced(start="2026-12-01")
    assert price_on([early, late], DAY) is early
    assert price_on([early, late], DAY + datetime.timedelta(days=1)) is late
    assert price_on([late], DAY) is None


# --- errors -------------------------------------------------------------------------------------------------------

ERRORS = [
    llm.UnsupportedFeatureError("a", model="x/y", feature="top_k", value=3, allowed=["1"], alternatives=["x/z"]),
    llm.UnknownModelError("a", model="x/y", nearest=["x/z"]),
    llm.ConfigurationError("a"),
    llm.RateLimitError("a", provider="x", status_code=429, code="c", request_id="r", retry_after=1.5, body={"b": 1}),
    llm.TimedOutError("a", provider="x"),
    llm.RefusalError("a"),
    llm.ParseError("a", text="b"),
    llm.ToolError("a"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_survives_pickling_and_copying(error: llm.CapablyError) -> None:
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert (type(again), str(again), again.args) == (type(error), str(error), error.args)
        assert vars(again) == vars(error)


def test_every_error_is_one_of_ours_and_stands_in_the_tree() -> None:
    assert errors.__doc__ is not None
    for name, kind in inspect.getmembers(errors, inspect.isclass):
        if issubclass(kind, Exception) and not issubclass(kind, Warning):
            assert issubclass(kind, llm.CapablyError)
            assert name in errors.__doc__, name
            assert getattr(llm, name) is kind


# --- rules and reasoning ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("when", "refused"),
    [
        ("always", False),
        ("reasoning_off", False),
        ("without_reasoning", False),
        ("without_budget", False),
        ("ignored", True),
        ("never", True),
        ("unverified", True),
    ],
)
def test_a_rule_is_refused_when_no_call_can_meet_it(when: Condition, refused: bool) -> None:
    assert Rule(when).refused is refused


def test_reasoning_compares_by_value_and_shows_what_was_said() -> None:
    assert llm.Reasoning(effort="low") == llm.Reasoning(effort="low") != llm.Reasoning(effort="high")
    assert repr(llm.Reasoning(effort="low", visible=False)) == "Reasoning(effort='low', visible=False)"
    assert pickle.loads(pickle.dumps(llm.Reasoning(budget_tokens=3))) == llm.Reasoning(budget_tokens=3)


def test_a_built_in_tool_compares_by_its_options_and_shows_no_secret() -> None:
    made = [
        llm.MCPServer(
            server_url="https://mcp.test",
            authorization="s3cret",
            headers={"Authorization": "Bearer s3cret", "X-Plan": "pro"},
            max_tokens=9,
        )
        for _ in range(2)
    ]

    assert made[0] == made[1] == copy.deepcopy(made[0]) == pickle.loads(pickle.dumps(made[0]))
    assert len({*made, llm.WebSearch(), llm.WebSearch()}) == 2
    assert llm.WebSearch(max_uses=1) != llm.WebSearch(max_uses=2)
    assert llm.Shell(run=print) != llm.Shell(run=repr)
    shown = (
        "MCPServer(server_url='https://mcp.test', authorization='...', "
        "headers={'Authorization': '...', 'X-Plan': 'pro'}, max_tokens=9)"
    )
    assert repr(made[0]) == shown
    model = llm.Model.of("openai/gpt-5.6-luna", tools=made[:1], extra={"api_key": "s3cret"})
    assert "s3cret" not in repr(model)
    assert model == pickle.loads(pickle.dumps(model))
