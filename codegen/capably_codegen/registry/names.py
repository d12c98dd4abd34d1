"""The Python names of models and profiles: constants, classes and modules."""

from __future__ import annotations

import keyword
import re

from capably_codegen.registry.schema import Model


def constant_name(id: str, model: Model) -> str:
    """Return the constant of a model: `openai/gpt-4.1` -> `gpt_4_1`, unless the model names its constant."""
    name = model.constant or re.sub(r"[^0-9A-Za-z]+", "_", id.partition("/")[2]).strip("_").lower()
    return f"_{name}" if name[:1].isdigit() else name


def model_class(id: str, model: Model) -> str:
    """Return the class of a model: `openai/gpt-4.1` -> `Gpt41`, and with `constant: gpt_4_1_dotted`, `Gpt41Dotted`."""
    return class_name(f"/{constant_name(id, model)}" if model.constant else id)


def class_name(id: str) -> str:
    """Return the class name of an id: `openai/gpt-5.6-luna` -> `Gpt56Luna`."""
    words = re.split(r"[^0-9A-Za-z]+", id.partition("/")[2])
    name = "".join(word[:1].upper() + word[1:] for word in words)
    return f"_{name}" if name[:1].isdigit() else name


def profile_class(name: str) -> str:
    """Return the class name of a profile: `openai/gpt-4.1` -> `OpenaiGpt41Profile`."""
    return f"{class_name('/' + name.partition('/')[0])}{class_name(name).removeprefix('_')}Profile"


def module_name(id: str) -> str:
    """Return the module of an id's signatures: `openai/gpt-5.6-luna` -> `gpt_5_6_luna`."""
    name = re.sub(r"[^0-9A-Za-z]+", "_", id.partition("/")[2]).strip("_").lower()
    return f"_{name}" if name[0].isdigit() or keyword.iskeyword(name) or name in _IMPORTED else name


_IMPORTED = ("overload", "type_check_only")
"""Lower-case names that a stub imports, which a module must not hide."""
