"""`just catalogue`: writes the page. It depends on the registry and on the day, whose prices it shows."""

from __future__ import annotations

import argparse
import datetime
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from capably import __version__
from capably.registry.lookup import listed_models, providers
from catalogue.facts import CAPABILITIES, LABELS, interned, model_data

HERE = Path(__file__).parent
COLUMNS = (
    ("context", "Context", "Context"),
    ("output", "Answer", "Longest answer"),
    ("input_price", "In", "Input price"),
    ("output_price", "Out", "Output price"),
    ("reads", "Reads", "Reads"),
    ("reasoning", "Reasoning", "Reasoning"),
    ("temperature", "Temperature", "Temperature"),
    ("tools", "Tools", "Tools"),
    ("forced", "Forced tools", "Forced tools"),
    ("format", "Structured", "Structured output"),
    ("retires", "Retires", "Retires"),
)
"""Columns of the table: key, heading, the fact shown."""


def page(day: datetime.date) -> str:
    """Return the complete page as text."""
    models = [model_data(info, day) for info in listed_models()]
    labels = list(LABELS)
    sources = interned(models)
    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    hosts = {model["provider"]: providers()[model["provider"]]["name"] for model in models}
    return environment.get_template("page.html.jinja").render(
        models=models,
        hosts=dict(sorted(hosts.items())),
        capabilities=CAPABILITIES,
        columns=[(key, heading, label, labels.index(label)) for key, heading, label in COLUMNS],
        sortable=("context", "output", "input_price", "output_price", "retires"),
        counts={key: sum(key in model["can"] for model in models) for key in CAPABILITIES},
        version=__version__,
        day=day.isoformat(),
        style=(HERE / "page.css").read_text(encoding="utf-8"),
        script=(HERE / "page.js").read_text(encoding="utf-8"),
        data=_embedded(
            {"labels": labels, "sources": sources, "models": models, "capabilities": CAPABILITIES, "hosts": hosts}
        ),
    )


def _embedded(data: Any) -> str:
    """Return JSON that cannot end the HTML element that contains it."""
    return json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the page; return the exit code."""
    parser = argparse.ArgumentParser(prog="catalogue", description=__doc__)
    parser.add_argument("--output", type=Path, default=Path("dist/catalogue.html"))
    parser.add_argument("--day", type=datetime.date.fromisoformat, default=datetime.date.today())
    options = parser.parse_args(arguments)
    text = page(options.day)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(text, encoding="utf-8")
    print(f"wrote {options.output} ({len(text) // 1024} KB)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
