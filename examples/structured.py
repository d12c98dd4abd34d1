"""An answer as an object of your own class, typed as such. `python examples/structured.py [model]`

A dataclass will do; so will a TypedDict, a pydantic model, `list[Book]`, a Literal or an `int`.
"""

import sys
from dataclasses import dataclass

from capably import llm


@dataclass
class Book:
    title: str
    author: str
    reason: str


def main(model: llm.Model[llm.Text, llm.HasFormat]) -> None:
    response = model.call("Which fantasy book should I read next?", format=Book)
    book: Book = response.validate(retries=2).parse()
    print(f"{book.title} by {book.author}: {book.reason}")


if __name__ == "__main__":
    named = sys.argv[1:]
    answer = '{"title": "Tigana", "author": "Guy Gavriel Kay", "reason": "a country whose name nobody can hear"}'
    main(llm.Model.of(named[0]) if named else llm.scripted(answer))
