"""Tools: the model asks, your functions answer, until nothing is left to ask. `python examples/tools.py [model]`"""

import sys

from capably import llm


@llm.tool
def power(base: float, exponent: float) -> float:
    """Raises `base` to `exponent`."""
    return base**exponent


def main(model: llm.Model[llm.Text, llm.HasTools]) -> None:
    response = model.call("What is (42 ** 3) ** 2?", tools=[power])
    while response.tool_calls:
        for call in response.tool_calls:
            print(f"{call.name}({call.args})")
        response = response.resume(response.execute_tools())
    print(response.text())


if __name__ == "__main__":
    named = sys.argv[1:]
    scripted = llm.scripted(
        llm.ToolCall("call_1", "power", {"base": 42, "exponent": 3}),
        llm.ToolCall("call_2", "power", {"base": 74088, "exponent": 2}),
        "It is 5,489,031,744.",
    )
    main(llm.Model.of(named[0]) if named else scripted)
