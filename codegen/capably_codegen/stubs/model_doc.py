"""Write a model's docstring, which editors show: its name, limits, prices, lifetime, and the date of the facts."""

from __future__ import annotations

import datetime

from capably_codegen.registry.schema import Model, Price


def model_doc(id: str, model: Model, verified: datetime.date | None) -> str:
    """Return the lines of a model's docstring. `verified` is the date of its profile's facts; `None` if they are
    unverified."""
    lines = (
        f"{model.name or id.partition('/')[2]} (`{id}`).",
        _sentences(_limits(model), _prices(model.prices), _released(model)),
        f"This model is deprecated: {ending}." if (ending := end_of_life(model)) else "",
        f"Facts of {verified}." if verified else "Its capabilities are unverified, so nothing about them is checked.",
    )
    return "\n\n".join(filter(None, lines))


def end_of_life(model: Model) -> str | None:
    """Return when a deprecated model ends and its successor; `None` for a model without an end."""
    if model.status != "deprecated":
        return None
    if model.dates.retires:
        ending = f"it shuts down on {model.dates.retires}"
    else:
        ending = f"since {model.dates.deprecated}" if model.dates.deprecated else "it has an end"
    return f"{ending}; use {model.replacement}" if model.replacement else ending


def _sentences(*sentences: str) -> str:
    return " ".join(f"{sentence}." for sentence in sentences if sentence)


def _limits(model: Model) -> str:
    context, output = model.limits.context, model.limits.output
    limits = [f"{context:,} tokens of context" if context else "", f"{output:,} of output" if output else ""]
    return ", ".join(filter(None, limits)).capitalize()


def _prices(prices: list[Price]) -> str:
    complete = [price for price in prices if price.input is not None and price.output is not None]
    return "; ".join(
        f"${price.input:g} in and ${price.output:g} out per million tokens"
        + (f" until {price.until}" if price.until else "")
        for price in complete
    )


def _released(model: Model) -> str:
    return f"Released {model.dates.released}" if model.dates.released else ""
