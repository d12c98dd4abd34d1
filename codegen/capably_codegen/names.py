"""The Python names of a model: its constant and its class."""

from __future__ import annotations

import re

from capably_codegen.profiles import class_name
from capably_codegen.schema import Model


def constant_name(id: str, model: Model) -> str:
    """Return the constant of a model: `openai/gpt-4.1` -> `gpt_4_1`, unless the model names its constant."""
    name = model.constant or re.sub(r"[^0-9A-Za-z]+", "_", id.partition("/")[2]).strip("_").lower()
    return f"_{name}" if name[:1].isdigit() else name


def model_class(id: str, model: Model) -> str:
    """Return the class of a model: `openai/gpt-4.1` -> `Gpt41`, and with `constant: gpt_4_1_dotted`, `Gpt41Dotted`."""
    return class_name(f"/{constant_name(id, model)}" if model.constant else id)
