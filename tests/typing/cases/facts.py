"""What the registry has on a model, read from `llm.models()`: each fact by its name, each word as it may be spelt."""

from capably import llm

info = llm.models(provider="anthropic")[0]
window: int | None = info.limits["context"]
info.limits["contxt"]  # error
info.limits["context"] + 1  # error
info.limits["context"] = 1  # error

rate: float | None = info.prices[0]["input"]
info.prices[0]["imput"]  # error
above: int = info.prices[0]["tiers"][0]["above"]
info.prices[0]["tiers"][0]["start"]  # error

end: str | None = info.dates["retires"]
info.dates["retired"]  # error

shape = info.to_json()
longest: int | None = shape["limits"]["max_output"]
shape["limits"]["output"]  # error
conditional: bool = shape["tools"]["forced"] == "without_budget"
shape["resoning"]  # error
if shape["endpoints"] is not None:
    shape["endpoints"]["messages"]["stop"]
    shape["endpoints"]["mesages"]  # error

if info.facts is not None:
    conditional = info.facts["sampling"]["temperature"] == "reasoning_off"
    info.facts["samplng"]  # error
    info.facts["tools"]["strict"]  # error
    tools = info.facts["tools"]
    if tools is not None and tools != "unverified":
        tools["strict"]
        tools["strickt"]  # error
