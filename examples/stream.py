"""The answer appears while it is written. `python examples/stream.py [model]`"""

import sys

from capably import llm


def main(model: llm.Model) -> None:
    with model.stream("Will the third book of the Kingkiller Chronicle ever appear?") as response:
        for piece in response.text_stream():
            print(piece, end="", flush=True)
    print()


if __name__ == "__main__":
    named = sys.argv[1:]
    main(llm.Model.of(named[0]) if named else llm.scripted("Nobody knows, and its author does not say."))
