"""Models as constants, `llm.anthropic.claude_sonnet_5_5`: the run time of the generated modules and `capably.llm`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import cast

from capably.parameters import CallParams
from capably.registry import user_registry
from capably.registry.lookup import added_constant, added_constants, on_registry_change, providers
from capably.types.errors import did_you_mean

_modules: dict[str, ModuleType] = {}
on_registry_change(_modules.clear)


def constants(provider: str, ids: Mapping[str, str]) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Return `__getattr__` and `__dir__` of a module of constants: each model is created when it is first used."""
    models: dict[str, object] = {}
    on_registry_change(models.clear)

    def get(name: str) -> object:
        if name.endswith("Params") and _names_a_model(name, [*ids, *added_constants(provider)]):
            return CallParams
        if name not in models:
            id = ids.get(name) or (None if name.startswith("_") else added_constant(provider, name))
            if id is None:
                raise AttributeError(_no_constant(provider, name, [*ids, *added_constants(provider)]))
            from capably_models import Model

            models[name] = cast("Callable[[str], object]", Model)(id)
        return models[name]

    return get, lambda: [*ids, *added_constants(provider)]


def _names_a_model(name: str, constants: Sequence[str]) -> bool:
    """Return whether this is the type of a model's parameters, `Gpt41Params` of `gpt_4_1`. Type checkers know what is in it."""
    words = name.removesuffix("Params").lower()
    return any(constant.replace("_", "") == words for constant in constants)


def added_provider(name: str) -> ModuleType | None:
    """Return the module of constants, `llm.vllm`, of a provider that only the user's own file lists."""
    if name not in providers() or user_registry.our_entry("providers", name) is not None:
        return None
    if name not in _modules:
        module = _modules[name] = ModuleType(
            f"capably_models.{name}", f"Models of {providers()[name]['name']} as constants."
        )
        get, names = constants(name, {})
        module.__dict__.update(__getattr__=get, __dir__=names)
    return _modules[name]


def _no_constant(provider: str, name: str, names: Sequence[str]) -> str:
    return f"llm.{provider} has no model {name!r}.{did_you_mean(name, names)}"
