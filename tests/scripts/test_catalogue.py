"""The catalogue page in a real headless Chromium: what it shows, how it filters, sorts, compares, and who can use it."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from catalogue.__main__ import main, page
from catalogue.facts import CAPABILITIES, model_data
from support.browser import Browser, Page, chromium

from capably import llm
from capably.registry.lookup import listed_models

pytestmark = pytest.mark.xdist_group("browser")

DASH = "\N{EN DASH}"
DAY = datetime.date(2026, 11, 22)
ALL = [info.id for info in listed_models()]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    written = tmp_path_factory.mktemp("page") / "catalogue.html"
    assert main(["--output", str(written), "--day", DAY.isoformat()]) == 0
    return written


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if chromium() is None:
        pytest.skip("there is no Chromium on this machine (apt-get install chromium)")
    with Browser() as opened:
        yield opened


@pytest.fixture
def tab(browser: Browser, file: Path) -> Page:
    return browser.open(file)


def shown(tab: Page) -> list[str]:
    """The ids in the table, from top to bottom."""
    return tab.run("[...document.querySelectorAll('#models tbody tr')].filter(r => !r.hidden).map(r => r.id)")


def check(tab: Page, selector: str) -> None:
    tab.run(f"document.querySelector({json.dumps(selector)}).click()")


def fill(tab: Page, name: str, value: str) -> None:
    tab.run(
        f"(() => {{ const f = document.querySelector('[name={name}]'); f.value = {json.dumps(value)};"
        " f.dispatchEvent(new Event('input', {bubbles: true})); })()"
    )


def at(id: str, selector: str) -> str:
    return f'[id="{id}"] {selector}'


# --- what it is ---------------------------------------------------------------------------------------------------


def test_the_page_is_whole_in_itself_and_asks_no_network(browser: Browser, file: Path) -> None:
    tab = browser.open(file)
    asked = [e["params"]["request"]["url"] for e in tab.events if e["method"] == "Network.requestWillBeSent"]
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert [e for e in tab.events if e["method"] == "Runtime.exceptionThrown"] == []
    text = file.read_text(encoding="utf-8")
    assert not re.search(r'(?:src|href)="(?!#|data:)', text.partition("<body>")[0])


def test_the_same_registry_and_day_give_the_same_page() -> None:
    assert page(DAY) == page(DAY)


def test_every_model_is_in_the_table_with_its_facts(tab: Page) -> None:
    assert shown(tab) == ALL
    cells = tab.run("[...document.querySelectorAll('[id=\"openai/gpt-5.4\"] td[data-fact]')].map(c => c.textContent)")
    assert cells == [
        "1,050,000",
        "128,000",
        "$2.50",
        "$15",
        "image document",
        "low to xhigh",
        "reasoning off",
        "yes",
        "always",
        "json schema",
        DASH,
    ]


def test_the_table_can_be_read_without_javascript(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert [id for id in ALL if f'<tr id="{id}"' not in text] == []


def test_prices_are_those_of_the_day() -> None:
    now, later = page(DAY), page(datetime.date(2026, 12, 1))
    row = re.compile(r'<tr id="google/gemini-4-argon".*?</tr>', re.DOTALL)
    assert ">$2</td>" in row.search(now)[0]  # type: ignore[index]
    assert ">$4</td>" in row.search(later)[0]  # type: ignore[index]


# --- filters ------------------------------------------------------------------------------------------------------


AS_MODELS_SAYS: dict[str, dict[str, Any]] = {
    "reads image": {"image_input": True},
    "reads document": {"document_input": True},
    "reads audio": {"audio_input": True},
    "reads video": {"video_input": True},
    "writes image": {"image_output": True},
    "writes audio": {"audio_output": True},
    "tools": {"tools": True},
    "forced tools": {"forced_tools": True},
    "structured output": {"format": True},
    "reasoning": {"reasoning": True},
    "reasoning off": {"reasoning": "off"},
    "temperature": {"temperature": True},
    "prefill": {"prefill": True},
}
"""Capability of the page -> what `llm.models` calls it."""


def test_a_capability_leaves_the_models_that_llm_models_finds(tab: Page) -> None:
    for key, wanted in AS_MODELS_SAYS.items():
        box = f'[name=can][value="{key}"]'
        check(tab, box)
        found = sorted(info.id for info in llm.models(deprecated=True, **wanted))
        assert sorted(shown(tab)) == found, key
        assert tab.run("document.getElementById('count').textContent") == f"{len(found)} of {len(ALL)} models"
        assert tab.run(f"document.querySelector('{box}').parentElement.querySelector('small').textContent") == str(
            len(found)
        )
        check(tab, box)


def test_every_capability_that_can_be_chosen_leaves_some_models_in_and_some_out() -> None:
    can = [model_data(info, DAY)["can"] for info in listed_models()]
    assert {key for keys in can for key in keys} == set(CAPABILITIES)
    assert [key for key in CAPABILITIES if all(key in keys for keys in can)] == []


def test_host_price_context_and_words_narrow_it_together(tab: Page) -> None:
    check(tab, "[name=host][value=google]")
    check(tab, "[name=host][value=openai]")
    fill(tab, "price", "0.5")
    fill(tab, "context", "1000000")
    fill(tab, "q", "flash gemini")
    found = shown(tab)
    assert found
    assert all("google/gemini" in id and "flash" in id for id in found)
    infos = {info.id: info for info in llm.models(provider="google", max_input_price=0.5, deprecated=True)}
    assert set(found) == {
        id for id, i in infos.items() if "flash" in id and (i.limits["context"] or i.limits["input"] or 0) >= 1_000_000
    }


def test_nothing_left_says_so_and_clear_brings_all_back(tab: Page) -> None:
    fill(tab, "q", "no such model")
    assert shown(tab) == []
    assert tab.run("document.getElementById('none').hidden") is False
    check(tab, "[type=reset]")
    tab.wait(f"document.getElementById('count').textContent.startsWith('{len(ALL)} of')")
    assert shown(tab) == ALL


def test_a_link_keeps_the_filter(browser: Browser, file: Path) -> None:
    first = browser.open(file)
    check(first, '[name=can][value="writes audio"]')
    fill(first, "q", "mini")
    again = browser.open(file, hash=first.run("location.hash"))
    assert shown(again) == shown(first)
    assert len(shown(again)) == 2


# --- sorting ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["input_price", "output_price", "context", "output", "retires"])
def test_a_heading_sorts_up_then_down_with_unknowns_last(tab: Page, key: str) -> None:
    data = json.loads(tab.run("document.getElementById('data').textContent"))["models"]
    values = {model["id"]: model[key] for model in data}
    for state in ("ascending", "descending"):
        check(tab, f"[data-sort={key}]")
        states = tab.run("[...document.querySelectorAll('[aria-sort]')].map(h => h.getAttribute('aria-sort'))")
        assert sorted(set(states)) == sorted({state, "none"})
        assert states.count(state) == 1
        order = [values[id] for id in shown(tab)]
        known = [value for value in order if value is not None]
        assert order[len(known) :] == [None] * (len(order) - len(known))
        assert known == sorted(known, reverse=state == "descending")


# --- who says so --------------------------------------------------------------------------------------------------


def tip(tab: Page) -> str | None:
    return tab.run("(() => { const t = document.getElementById('tip'); return t.hidden ? null : t.textContent; })()")


def test_a_cell_tells_who_says_so_under_the_pointer(tab: Page) -> None:
    tab.hover(at("openai/gpt-4.1", "td[data-fact='3']"))
    assert tip(tab) == "Input price: $2genai-prices, litellm (since 2026-11-22)."
    tab.send("Input.dispatchMouseEvent", {"type": "mouseMoved", "x": 5, "y": 5})
    assert tip(tab) is None


def test_arrow_keys_go_from_cell_to_cell_which_tell_the_same(tab: Page) -> None:
    tab.run(f"document.querySelector('{at('openai/gpt-5.4', '.name')}').focus()")
    tab.press("ArrowRight", 7)
    assert tab.run("document.activeElement.dataset.fact") == "19"
    told = tip(tab) or ""
    assert told.startswith("Temperature: reasoning off")
    assert "Decided 2026-11-22: Two lineages name the condition" in told
    assert tab.run("document.activeElement.getAttribute('aria-describedby')") == "tip"
    tab.press("ArrowDown")
    assert tab.run("document.activeElement.closest('tr').id") == "openai/gpt-5.4-2026-03-05"
    tab.press("Escape")
    assert tip(tab) is None


def test_a_models_name_opens_all_that_is_known_of_it(tab: Page) -> None:
    tab.run(f"document.querySelector('{at('openai/gpt-5.4', '.name')}').focus()")
    tab.press("Enter")
    assert tab.run("document.getElementById('sheet').open") is True
    assert tab.run("document.activeElement.id") == "sheet-title"
    rows = tab.run(
        "[...document.querySelectorAll('#sheet-body tbody tr')].map(r => [...r.cells].map(c => c.textContent))"
    )
    facts = {label: (value, source) for label, value, source in rows}
    assert facts["Longest prompt"][0] == "922,000"
    assert facts["Longest prompt"][1].startswith(
        "Against it: litellm 1,050,000. Decided 2026-11-22: 1,050,000 is the context"
    )
    assert facts["Cache writes"] == ("unknown", "Nobody has published it.")
    tab.press("Escape")
    assert tab.run("document.getElementById('sheet').open") is False
    assert tab.run("document.activeElement.closest('tr').id") == "openai/gpt-5.4"


# --- side by side -------------------------------------------------------------------------------------------------

FOUR = ["anthropic/claude-sonnet-5-5", "google/gemini-4-argon", "openai/gpt-4.1", "openai/gpt-6.1-sol"]


def test_up_to_four_models_stand_side_by_side_with_their_differences_marked(tab: Page) -> None:
    assert tab.run("document.getElementById('tray').hidden") is True
    for number, id in enumerate(FOUR, 1):
        check(tab, at(id, ".compare"))
        assert tab.run("document.getElementById('open-compare').disabled") is (number < 2)
    assert tab.run("document.querySelectorAll('.compare:not(:checked):not(:disabled)').length") == 0
    assert "as many as fit" in tab.run("document.getElementById('picked').textContent")
    check(tab, "#open-compare")
    head = tab.run("[...document.querySelectorAll('#sheet-body thead th')].map(c => c.textContent)")
    assert head == ["Fact", *FOUR]
    rows: list[Any] = tab.run(
        "[...document.querySelectorAll('#sheet-body tbody tr')].map(r => [r.className, r.cells[0].textContent, [...r.cells].slice(1).map(c => c.textContent)])"
    )
    for mark, name, values in rows:
        differs = len(set(values)) > 1
        assert (mark == "differs") is differs, name
        assert name.endswith("(differs)") is differs, name
    assert {mark for mark, _, _ in rows} == {"differs", ""}
    check(tab, "#only-differences")
    left = tab.run("document.querySelectorAll('#sheet-body tbody tr').length")
    assert left == sum(mark == "differs" for mark, _, _ in rows)


# --- the plot -----------------------------------------------------------------------------------------------------


def test_the_plot_has_a_point_for_each_model_that_is_left_and_has_both_numbers(tab: Page) -> None:
    data = json.loads(tab.run("document.getElementById('data').textContent"))["models"]
    check(tab, "[name=host][value=anthropic]")
    wanted = [m for m in data if m["provider"] == "anthropic" and m["context"] and m["input_price"]]
    assert tab.run("document.querySelectorAll('#plot .point').length") == len(wanted)


def test_the_plot_marks_a_capability_and_takes_other_numbers(tab: Page) -> None:
    before = tab.run("document.querySelector('#plot').innerHTML")
    tab.run(
        "for (const [id, v] of [['plot-can', 'reads video'], ['plot-x', 'output'], ['plot-y', 'output_price']])"
        " { const e = document.getElementById(id); e.value = v; e.dispatchEvent(new Event('change')); }"
    )
    data = json.loads(tab.run("document.getElementById('data').textContent"))["models"]
    placed = [m for m in data if m["output"] and m["output_price"]]
    seeing = [m for m in placed if "reads video" in m["can"]]
    assert tab.run("document.querySelectorAll('#plot .point:not(.hollow)').length") == len(seeing)
    assert tab.run("document.querySelectorAll('#plot .point.hollow').length") == len(placed) - len(seeing)
    assert tab.run("document.querySelector('#plot').innerHTML") != before
    assert "hollow" in tab.run("document.getElementById('legend').textContent")


def test_the_plot_answers_to_the_keyboard(tab: Page) -> None:
    tab.run("document.getElementById('plot').focus()")
    tab.press("ArrowRight")
    told = tip(tab) or ""
    id = next(id for id in sorted(ALL, key=len, reverse=True) if told.startswith(id))
    assert "per million tokens" in told
    tab.press("Enter")
    assert tab.run("document.activeElement.closest('tr').id") == id


# --- who can use it -----------------------------------------------------------------------------------------------


def tree(tab: Page) -> list[dict[str, Any]]:
    return tab.send("Accessibility.getFullAXTree")["nodes"]


def test_everything_that_can_be_used_has_a_name_for_screen_readers(tab: Page) -> None:
    used = ("button", "checkbox", "searchbox", "spinbutton", "combobox", "textbox", "link", "region", "table", "form")
    nodes = [n for n in tree(tab) if not n.get("ignored") and n["role"]["value"] in used]
    assert len(nodes) > 2 * len(ALL)
    assert [n for n in nodes if not n.get("name", {}).get("value", "").strip()] == []


def test_the_table_is_a_table_with_headings_both_ways(tab: Page) -> None:
    roles = [n["role"]["value"] for n in tree(tab) if not n.get("ignored")]
    assert roles.count("rowheader") == len(ALL)
    assert roles.count("columnheader") == 13
    assert roles.count("status") >= 1


def test_the_tab_key_goes_from_top_to_bottom(tab: Page) -> None:
    seen: list[str] = []
    while "name" not in seen and len(seen) < 150:
        tab.press("Tab")
        seen.append(
            tab.run(
                "(() => { const e = document.activeElement; return e.id || e.name || e.dataset.sort || e.className || e.type; })()"
            )
        )
    order = [
        "q",
        "price",
        "context",
        "state",
        "host",
        "can",
        "plot-y",
        "plot-x",
        "plot-can",
        "plot",
        "id",
        "compare",
        "name",
    ]
    places = [seen.index(name) for name in order]
    assert places == sorted(places)


def test_focus_can_be_seen_everywhere(tab: Page) -> None:
    for _ in range(34):
        tab.press("Tab")
        outline = tab.run(
            "(() => { const e = document.activeElement; const chip = e.closest('.chip')?.querySelector('span');"
            " return getComputedStyle(chip ?? e).outlineStyle; })()"
        )
        assert outline != "none", tab.run("document.activeElement.outerHTML.slice(0, 80)")


CONTRAST = """
(() => {
  const parse = (c) => c.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const behind = (e) => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor);
    if (c.length === 3 || c[3] > 0) return c; } return [255, 255, 255]; };
  const found = {};
  for (const e of document.querySelectorAll('p, h1, h2, label, legend, small, button, th, td, .tag, .left, time, a, .chip span')) {
    if (!e.checkVisibility() || !e.textContent.trim() || e.closest('.hidden, .skip')) continue;
    const [a, b] = [light(parse(getComputedStyle(e).color)), light(behind(e))];
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) found[e.className + ' ' + e.textContent.trim().slice(0, 20)] = ratio.toFixed(2);
  }
  return found;
})()
"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_text_stands_out_enough_from_what_is_behind_it(browser: Browser, file: Path, dark: bool) -> None:
    tab = browser.open(file, dark=dark)
    check(tab, '[name=can][value="tools"]')
    tab.run("Promise.all(document.getAnimations().map((a) => a.finished)).then(() => null)")
    assert tab.run(CONTRAST) == {}


def test_light_and_dark_follow_the_system_until_somebody_chooses(browser: Browser, file: Path) -> None:
    tab = browser.open(file, dark=True)
    theme = "document.documentElement.dataset.theme"
    assert tab.run(theme) == "dark"
    tab.prefer(dark=False)
    tab.wait(f"{theme} === 'light'")
    check(tab, "#theme")
    assert tab.run(theme) == "dark"
    assert tab.run("document.getElementById('theme').getAttribute('aria-pressed')") == "true"
    tab.prefer(dark=True)
    tab.prefer(dark=False)
    tab.frames()
    assert tab.run(theme) == "dark"
    check(tab, "#theme")  # The choice would be kept for the tests that follow.
    tab.run("localStorage.removeItem('theme')")


@pytest.mark.parametrize("width", [320, 390, 768, 1440])
def test_nothing_hangs_over_the_edge(browser: Browser, file: Path, width: int) -> None:
    tab = browser.open(file, width=width, height=800)
    for id in FOUR[:2]:
        check(tab, at(id, ".compare"))
    assert tab.run("document.documentElement.scrollWidth") <= width
    check(tab, "#open-compare")
    assert tab.run("document.getElementById('sheet').getBoundingClientRect().right") <= width


def test_ends_are_counted_from_the_readers_day(tab: Page) -> None:
    ends = tab.run(
        "[...document.querySelectorAll('.ends li')].map(e => [e.querySelector('time').dateTime, e.querySelector('.left').textContent])"
    )
    assert len(ends) == sum(info.dates["retires"] is not None for info in listed_models())
    assert [day for day, _ in ends] == sorted(day for day, _ in ends)
    today = datetime.date.fromisoformat(tab.run("new Date().toLocaleDateString('sv')"))
    for day, told in ends:
        left = (datetime.date.fromisoformat(day) - today).days
        assert told == ("over" if left < 0 else {0: "today", 1: "tomorrow"}.get(left, f"in {left} days"))
