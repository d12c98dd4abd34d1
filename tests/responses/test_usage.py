"""Usage and cost of responses, in every wire format and way to ask: unknown is not zero, and each call is counted."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from support.wire_answers import FORMATS, USAGES, WAYS, answer_to, ask, responses

from capably import llm
from capably.registry.cost import price_on
from capably.registry.lookup import listed_model

WRONG: dict[str, Any] = {
    "absent": ...,
    "null": None,
    "empty": {},
    "no object": [1],
    "texts": {name: "10" for usage in USAGES.values() for name in usage},
    "negative": {name: -1 for usage in USAGES.values() for name in usage},
    "null counts": {name: None for usage in USAGES.values() for name in usage},
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("wire", FORMATS)
@pytest.mark.parametrize("words", WRONG)
def test_an_answer_without_usage_is_read_and_has_no_cost(words: str, wire: str, way: str) -> None:
    response, _ = ask(way, FORMATS[wire][0], [answer_to(way, wire, ["Hi", " you"], usage=WRONG[words])])
    assert (response.text(), response.usage.reported, response.cost) == ("Hi you", False, None)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("wire", FORMATS)
def test_an_answer_with_usage_has_a_cost(wire: str, way: str) -> None:
    response, _ = ask(way, FORMATS[wire][0], [answer_to(way, wire, ["Hi"], usage=USAGES[wire])])
    assert (response.usage, response.usage.reported) == (llm.Usage(10, 5), True)
    price: Any = price_on(response.model.info.prices, datetime.date.today())
    assert response.cost == pytest.approx((10 * price["input"] + 5 * price["output"]) / 1e6)


def test_a_model_that_another_host_serves_has_no_price() -> None:
    like = "groq/openai/gpt-oss-120b"
    answers = [answer_to("call", "chat", ["Hi"], usage=USAGES["chat"])]
    listed, _ = ask("call", like, answers)
    assert listed.cost
    renamed = llm.Model.custom("groq/my-own", like=like)
    assert renamed.info is not None
    assert renamed.info.prices == listed.model.info.prices
    elsewhere: Any = llm.Model.custom("mistral/my-own", like=like)
    assert elsewhere.info.prices == ()


@pytest.mark.parametrize(
    ("model", "usage", "dollars"),
    [
        ("openrouter/x/y", {"cost": 0.00123}, 0.00123),
        ("openrouter/x/y", {"cost": 0.5, "is_byok": True, "cost_details": {"upstream_inference_cost": 2.0}}, 2.5),
        ("openrouter/x/y", {"cost": 0.5, "is_byok": True, "cost_details": None}, None),
        ("perplexity/sonar", {"cost": {"request_cost": 0.005, "total_cost": 0.00501}}, 0.00501),
        ("openrouter/x/y", {"cost": "free"}, None),
        ("openrouter/x/y", {"cost": -1}, None),
    ],
)
@pytest.mark.parametrize("way", WAYS)
def test_a_cost_that_the_host_reports_counts(model: str, usage: Any, dollars: float | None, way: str) -> None:
    response, _ = ask(way, model, [answer_to(way, "chat", ["Hi"], usage={**USAGES["chat"], **usage})])
    assert response.reported_cost == dollars
    if dollars is not None:
        assert response.cost == dollars


@pytest.mark.parametrize("way", WAYS)
def test_xai_reports_its_cost_in_ticks(way: str) -> None:
    usage = {**USAGES["responses"], "cost_in_usd_ticks": 12345678}
    response, _ = ask(way, "xai/grok-4.3", [answer_to(way, "responses", ["Hi"], usage=usage)])
    assert response.cost == response.reported_cost == pytest.approx(0.0012345678)


DETAILS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "responses": (
        {
            "input_tokens": 100,
            "output_tokens": 50,
            "input_tokens_details": {"cached_tokens": 20, "cache_write_tokens": 5, "image_tokens": 7},
            "output_tokens_details": {"reasoning_tokens": 30},
        },
        {
            "input_tokens": 100,
            "output_tokens": 50,
            "cache_read_tokens": 20,
            "cache_write_tokens": 5,
            "input_image_tokens": 7,
            "reasoning_tokens": 30,
        },
    ),
    "chat": (
        {
            "prompt_tokens": 100,
            "completion_tokens": 50,
            "prompt_tokens_details": {"audio_tokens": 90, "image_tokens": 3, "cached_tokens": 8},
            "completion_tokens_details": {"audio_tokens": 40, "image_tokens": 2},
            "num_search_queries": 2,
        },
        {
            "input_tokens": 100,
            "output_tokens": 50,
            "cache_read_tokens": 8,
            "input_audio_tokens": 90,
            "input_image_tokens": 3,
            "cache_read_audio_tokens": 8,
            "output_audio_tokens": 40,
            "output_image_tokens": 2,
            "searches": 2,
        },
    ),
    "google": (
        {
            "promptTokenCount": 100,
            "candidatesTokenCount": 50,
            "cachedContentTokenCount": 20,
            "promptTokensDetails": [
                {"modality": "AUDIO", "tokenCount": 60},
                {"modality": "IMAGE", "tokenCount": 30},
                {"modality": "TEXT", "tokenCount": 10},
            ],
            "cacheTokensDetails": [{"modality": "AUDIO", "tokenCount": 4}, {"modality": "TEXT", "tokenCount": 16}],
            "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 40}],
        },
        {
            "input_tokens": 100,
            "output_tokens": 50,
            "cache_read_tokens": 20,
            "input_audio_tokens": 60,
            "input_image_tokens": 30,
            "cache_read_audio_tokens": 4,
            "output_image_tokens": 40,
        },
    ),
    "anthropic": (
        {
            "input_tokens": 100,
            "output_tokens": 50,
            "cache_read_input_tokens": 20,
            "output_tokens_details": {"thinking_tokens": 9},
            "server_tool_use": {"web_search_requests": 3},
        },
        {
            "input_tokens": 120,
            "output_tokens": 50,
            "cache_read_tokens": 20,
            "reasoning_tokens": 9,
            "searches": 3,
        },
    ),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("wire", FORMATS)
def test_usage_says_what_the_wire_says(wire: str, way: str) -> None:
    usage, counts = DETAILS[wire]
    response, _ = ask(way, FORMATS[wire][0], [answer_to(way, wire, ["Hi"], usage=usage)])
    assert response.usage == llm.Usage(**counts)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("wire", "tier", "normal"),
    [
        ("anthropic", {"service_tier": "standard"}, "standard"),
        ("anthropic", {"service_tier": "batch"}, "batch"),
        ("anthropic", {"service_tier": "standard", "speed": "fast"}, "fast"),
        ("google", {"trafficType": "ON_DEMAND"}, "default"),
        ("google", {"trafficType": "ON_DEMAND_FLEX"}, "flex"),
        ("google", {"trafficType": "TRAFFIC_TYPE_UNSPECIFIED"}, None),
    ],
)
def test_the_tier_that_served_a_call_stands_in_its_usage(wire: str, tier: Any, normal: str | None, way: str) -> None:
    response, _ = ask(way, FORMATS[wire][0], [answer_to(way, wire, ["Hi"], usage={**USAGES[wire], **tier})])
    assert response.service_tier == normal
    factor = {"batch": price_today(response)["batch"], "flex": price_today(response)["flex"], "fast": None}.get(
        str(normal), 1
    )
    plain = cost_of(response, 10, 5)
    assert response.cost == (None if factor is None else pytest.approx(factor * plain))


def price_today(response: Any) -> Any:
    return price_on(response.model.info.prices, datetime.date.today())


def cost_of(response: Any, input: int, output: int) -> float:
    price = price_today(response)
    return (input * price["input"] + output * price["output"]) / 1e6


@pytest.mark.parametrize("wire", ["chat", "responses"])
def test_openai_says_the_tier_beside_the_usage(wire: str) -> None:
    answer = {**answer_to("call", wire, ["Hi"], usage=USAGES[wire]), "service_tier": "priority"}
    response, _ = ask("call", FORMATS[wire][0], [answer])
    factor = price_today(response)["priority"]
    assert response.service_tier == "priority"
    assert response.cost == (None if factor is None else pytest.approx(factor * cost_of(response, 10, 5)))


def test_a_tier_that_the_registry_does_not_price_has_no_cost() -> None:
    answer = {**answer_to("call", "responses", ["Hi"], usage=USAGES["responses"]), "service_tier": "ultrafast"}
    response, _ = ask("call", FORMATS["responses"][0], [answer])
    assert (response.service_tier, response.cost) == ("ultrafast", None)


@pytest.mark.parametrize("way", ["call", "stream"])
def test_searches_of_responses_are_those_that_are_paid(way: str) -> None:
    actions: list[Any] = [
        {"type": "search", "query": "x"},
        {"type": "open_page", "url": "https://x"},
        {"type": "find_in_page", "url": "https://x", "pattern": "y"},
        None,
    ]
    items: list[Any] = [
        {"type": "web_search_call", "id": f"w{i}", "action": action} for i, action in enumerate(actions)
    ]
    items.append({"type": "file_search_call", "id": "f", "queries": ["x"]})
    body = {**responses("", usage=USAGES["responses"]), "output": items}
    answer = body if way == "call" else [{"type": "response.completed", "response": body}]
    response, _ = ask(way, FORMATS["responses"][0], [answer])
    price = price_today(response)
    assert (response.usage.searches, response.usage.file_searches) == (3, 1)
    searches = (2 * price["web_search"] + price["file_search"]) / 1000
    assert response.cost == pytest.approx(cost_of(response, 10, 5) + searches)


PAINTED = {"type": "image_generation_call", "id": "p", "status": "completed", "result": "iVBORw0KGgo="}
OF_PICTURES = {
    "input_tokens": 40,
    "input_tokens_details": {"text_tokens": 30, "image_tokens": 10},
    "output_tokens": 200,
    "output_tokens_details": {"text_tokens": 8, "image_tokens": 192},
    "total_tokens": 240,
}


def painted(way: str, **fields: Any) -> Any:
    body = {**responses("", usage=USAGES["responses"]), "output": [PAINTED], **fields}
    answer = body if way == "call" else [{"type": "response.completed", "response": body}]
    response, _ = ask(way, FORMATS["responses"][0], [answer])
    return response


@pytest.mark.parametrize("way", ["call", "stream"])
def test_the_tokens_of_a_painted_picture_count_and_are_those_of_another_model(way: str) -> None:
    tools = [{"type": "image_generation", "model": "gpt-image-9"}]
    response = painted(way, tools=tools, tool_usage={"image_gen": OF_PICTURES, "web_search": {"num_requests": 0}})
    own, pictures = response.usage.calls
    assert (own, pictures.model) == (llm.Usage(10, 5), "gpt-image-9")
    assert pictures == llm.Usage(40, 200, input_image_tokens=10, output_image_tokens=192)
    assert (response.usage.total_tokens, response.usage.reported, response.cost) == (255, True, None)


@pytest.mark.parametrize(
    "tool_usage", [None, {"image_gen": {}}, {"image_gen": {**OF_PICTURES, "output_tokens_details": None}}]
)
@pytest.mark.parametrize("way", ["call", "stream"])
def test_a_picture_that_is_not_counted_makes_the_cost_unknown_and_not_the_tokens(tool_usage: Any, way: str) -> None:
    response = painted(way, tool_usage=tool_usage)
    assert (response.usage.reported, response.usage.calls[0], response.cost) == (True, llm.Usage(10, 5), None)


@pytest.mark.parametrize(("number", "searches"), [(3, 3), (0, 0), (None, 1), ("3", 1)])
def test_openai_says_how_many_searches_are_paid(number: Any, searches: int) -> None:
    body = {
        **responses("", usage=USAGES["responses"]),
        "output": [{"type": "web_search_call", "id": "w", "action": {"type": "search", "query": "x"}}],
        "tool_usage": {"image_gen": {"input_tokens": 0, "output_tokens": 0}, "web_search": {"num_requests": number}},
    }
    response, _ = ask("call", FORMATS["responses"][0], [body])
    assert response.usage.searches == searches
    paid = searches * price_today(response)["web_search"] / 1000
    assert response.cost == pytest.approx(cost_of(response, 10, 5) + paid)


@pytest.mark.parametrize(
    ("more", "tier", "priced"),
    [
        ({"inference_geo": "global", "service_tier": "standard"}, "standard", True),
        ({"inference_geo": "not_available"}, None, True),
        ({"inference_geo": None}, None, True),
        ({"inference_geo": "us", "service_tier": "standard"}, "us", False),
        ({"fallback_credit": {"status": {"type": "not_applied", "reason": "expired"}}}, None, True),
        ({"fallback_credit": {"status": {"type": "redeemed"}}}, "fallback_credit", False),
    ],
)
def test_a_turn_of_anthropic_that_is_paid_otherwise_has_no_cost(more: Any, tier: str | None, priced: bool) -> None:
    usage = {**USAGES["anthropic"], **more}
    response, _ = ask("call", FORMATS["anthropic"][0], [answer_to("call", "anthropic", ["Hi"], usage=usage)])
    assert response.service_tier == tier
    assert response.cost == (pytest.approx(cost_of(response, 10, 5)) if priced else None)


@pytest.mark.parametrize(
    ("details", "reported"),
    [([{"modality": "AUDIO", "tokenCount": 4}], True), (None, False)],
    ids=["with details", "without"],
)
def test_sound_from_the_cache_has_a_cost_where_google_says_how_much_it_was(details: Any, reported: bool) -> None:
    usage = {
        **USAGES["google"],
        "cachedContentTokenCount": 6,
        "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": 4}],
        **({"cacheTokensDetails": details} if details else {}),
    }
    response, _ = ask("call", "google/gemini-3.1-flash-lite", [answer_to("call", "google", ["Hi"], usage=usage)])
    assert (response.usage.cache_read_audio_tokens, response.usage.cache_read_audio_reported) == (4, reported)
    price = price_today(response)
    parts = 4 * price["cache_read_audio"] + 2 * price["cache_read"]
    assert response.cost == (pytest.approx(cost_of(response, 4, 5) + parts / 1e6) if reported else None)


def test_an_advisor_is_another_model_with_a_price_of_its_own() -> None:
    step = {"type": "advisor_message", "model": "claude-opus-5-5", "input_tokens": 1_000_000, "output_tokens": 0}
    usage = {**USAGES["anthropic"], "iterations": [{"type": "message", **USAGES["anthropic"]}, step]}
    response, _ = ask("call", FORMATS["anthropic"][0], [answer_to("call", "anthropic", ["Hi"], usage=usage)])
    own: Any = listed_model(FORMATS["anthropic"][0])
    advisor: Any = listed_model("anthropic/claude-opus-5-5")
    price, of_advisor = own.prices[-1], advisor.prices[-1]
    assert response.usage.input_tokens == 1_000_010
    assert response.cost == pytest.approx((10 * price["input"] + 5 * price["output"]) / 1e6 + of_advisor["input"])


def test_a_turn_that_a_fallback_served_is_paid_at_its_price() -> None:
    declined = {"type": "message", "model": "claude-sonnet-5-5", "input_tokens": 8, "output_tokens": 0}
    served = {"type": "fallback_message", "model": "claude-opus-5-5", **USAGES["anthropic"]}
    usage = {**USAGES["anthropic"], "iterations": [declined, served]}
    response, _ = ask("call", FORMATS["anthropic"][0], [answer_to("call", "anthropic", ["Hi"], usage=usage)])
    fallback: Any = listed_model("anthropic/claude-opus-5-5")
    price = fallback.prices[-1]
    assert response.usage == llm.Usage(10, 5)
    assert response.cost == pytest.approx((10 * price["input"] + 5 * price["output"]) / 1e6)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("wire", FORMATS)
def test_validate_counts_every_call(wire: str, way: str) -> None:
    pieces = (["no JSON"], ['{"value": [', "1]}"])
    answers = [answer_to(way, wire, piece, usage=USAGES[wire]) for piece in pieces]
    response, sent = ask(way, FORMATS[wire][0], answers, lambda response: response.validate(), format=list[int])
    assert (response.parse(), len(sent)) == ([1], 2)
    assert response.usage == llm.Usage(20, 10)
    once, _ = ask("call", FORMATS[wire][0], [answer_to("call", wire, ["Hi"], usage=USAGES[wire])])
    assert response.cost == pytest.approx(2 * once.cost)
    again = llm.Response.from_json(response.to_json(), format=list[int])
    assert (again.usage, again.cost) == (response.usage, response.cost)
    assert len(again.messages) == len(response.messages) == 4


def test_validate_in_vain_counts_too() -> None:
    answers = [answer_to("call", "chat", ["no"], usage=usage) for usage in (USAGES["chat"], None)]
    with pytest.raises(llm.ParseError):
        ask("call", FORMATS["chat"][0], answers, lambda response: response.validate(retries=1), format=list[int])


@pytest.mark.parametrize("way", WAYS)
def test_a_retry_without_usage_makes_the_sum_unknown(way: str) -> None:
    answers = [answer_to(way, "chat", ["no"], usage=USAGES["chat"]), answer_to(way, "chat", ['{"value": []}'])]
    response, _ = ask(way, FORMATS["chat"][0], answers, lambda response: response.validate(), format=list[int])
    assert (response.usage.input_tokens, response.usage.reported, response.cost) == (10, False, None)
