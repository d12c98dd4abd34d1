"""The first program: a question, an answer, what it cost. Runs without a key: `python examples/quickstart.py`.

With a key in the environment, name a model: `python examples/quickstart.py anthropic/claude-haiku-5-5`.
"""

import sys

from capably import llm


def recommend(model: llm.Model, genre: str) -> str:
    """Any model will do here: only what all of them take is used."""
    response = model.call(f"Recommend a {genre} book in one sentence.", max_tokens=2000)
    cost = "unknown" if response.cost is None else f"${response.cost:.6f}"
    used = f"{response.usage.input_tokens} in, {response.usage.output_tokens} out"
    return f"{response.text()}\n  ({response.model.id}: {used}, cost {cost}, finished with {response.finish_reason})"


def main() -> None:
    if len(sys.argv) > 1:
        model = llm.Model.of(sys.argv[1])
    else:
        model = llm.scripted("Read The Name of the Wind: a hero tells his own legend, and doubts it.")
    print(recommend(model, "fantasy"))


if __name__ == "__main__":
    main()
