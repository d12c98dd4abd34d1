"""A response knows its whole conversation, so that it can go on. `python examples/resume.py [model]`"""

import sys

from capably import llm


def main(model: llm.Model) -> None:
    response = model.call("How do I mix a mojito with basil and mint?")
    print(response.text())
    response = response.resume("Would cucumber go with it?")
    print(response.text())
    print(f"({len(response.messages)} messages, {response.usage.output_tokens} tokens in the last answer)")


if __name__ == "__main__":
    named = sys.argv[1:]
    scripted = llm.scripted("Muddle the herbs with lime and sugar, add rum, top up with soda.", "It would: two slices.")
    main(llm.Model.of(named[0]) if named else scripted)
