"""One question, one answer. `python examples/call.py [model]`; without a model, a scripted one answers."""

import sys

from capably import llm


def main(model: llm.Model) -> None:
    response = model.call("Which fantasy book should I read next? One sentence.")
    print(response.text())


if __name__ == "__main__":
    named = sys.argv[1:]
    main(llm.Model.of(named[0]) if named else llm.scripted("Read A Wizard of Earthsea: the shadow is worth meeting."))
