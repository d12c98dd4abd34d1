"""A streaming agent that calls tools, in one loop that you own. `python examples/agent.py [model]`

`streams()` gives one stream per part: text is printed as it comes, a tool call once its arguments are there.
"""

import sys

from capably import llm


@llm.tool
def power(base: float, exponent: float) -> float:
    """Raises `base` to `exponent`."""
    return base**exponent


@llm.tool
def add(a: float, b: float) -> float:
    """Adds two numbers."""
    return a + b


def main(model: llm.Model[llm.Text, llm.HasTools]) -> None:
    response = model.stream("What is 42 ** 4 + 37 ** 3?", tools=[power, add])
    while True:
        for stream in response.streams():
            if stream.content_type == "text":
                for delta in stream:
                    print(delta, end="", flush=True)
            elif stream.content_type == "tool_call":
                stream.collect()
                print(f"\n> {stream.tool_name}({stream.partial_args})")
        print()
        if not response.tool_calls:
            return
        response = response.resume(response.execute_tools())


if __name__ == "__main__":
    named = sys.argv[1:]
    scripted = llm.scripted(
        [
            "Both powers first.",
            llm.ToolCall("call_1", "power", {"base": 42, "exponent": 4}),
            llm.ToolCall("call_2", "power", {"base": 37, "exponent": 3}),
        ],
        llm.ToolCall("call_3", "add", {"a": 3111696, "b": 50653}),
        "It is 3,162,349.",
    )
    main(llm.Model.of(named[0]) if named else scripted)
