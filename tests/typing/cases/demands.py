"""Conversations, reasoning and output in functions and classes that demand a model."""

from typing import Literal, Protocol, assert_type

from capably import llm


@llm.tool
def stock(title: str) -> int:
    "How many copies."
    return len(title)


class Needs(llm.HasTools, llm.HasSystem, Protocol): ...


class SeesNeeds(llm.HasTools, llm.HasFormat, Protocol): ...


class CachesNeeds(llm.HasTools, llm.HasCache[Literal["5m"]], Protocol): ...


class TalksAndDraws(llm.HasReasoning[Literal["minimal", "high"]], llm.HasImageOutput, Protocol): ...


image = llm.Image.from_url("https://example.com/cat.png")
sight: list[llm.UserMessage[llm.Image]] = [llm.user(image)]
seen: list[llm.UserMessage[llm.Image | llm.Text]] = []


def any_model(model: llm.Model, history: list[llm.Message]) -> str:
    response = model.call("hi")
    history.append(llm.user("more"))
    model.call(history)
    model.call(tuple(history))
    model.call(response.messages)
    model.call([*response.messages, llm.user("more")])
    model.call([*response.messages, "more", llm.Text("and more")])
    model.call([llm.user("a"), llm.assistant("b"), llm.user(["c", "d"])])
    model.call([llm.system("be brief"), llm.user("hi")])
    model.call(image)  # error
    model.call(["see", image])  # error
    model.call([llm.user(image)])  # error
    model.call(sight)  # error
    model.call(seen)  # error
    model.call([llm.ToolOutput("1", "stock", 3)])  # error
    model.call(["hi", llm.CachePoint()])  # error
    model.call(3)  # error
    model.call([3])  # error
    model.call({"role": "user", "content": "hi"})  # error
    model.call(word for word in ("a", "b"))  # error
    return model.call([*history, llm.user("and?")]).resume([llm.user("more")]).text()


def text_only(model: llm.Model[llm.Text]) -> None:
    model.call([llm.system("be brief"), llm.user("hi")])
    model.call([*model.call("hi").messages, llm.user("more")])
    model.call([llm.user(["see", image])])  # error
    model.call([llm.user("hi"), image])  # error


def text_with_system(model: llm.Model[llm.Text, llm.HasSystem]) -> str:
    model.call(image, system="be brief")  # error
    return model.call([llm.system("be brief"), llm.user("hi")], system="and friendly").text()


def with_tools(model: llm.Model[llm.Text, Needs]) -> None:
    response = model.call("hi", tools=[stock], system="be brief")
    model.call([*response.messages, *response.execute_tools()], tools=[stock])
    model.call([*response.messages, llm.user(response.execute_tools())], tools=[stock])
    model.call([llm.ToolOutput("1", "stock", 3)])
    model.call(["hi", llm.CachePoint()])  # error
    model.call([*response.messages, image])  # error
    model.call(llm.user(image))  # error


def with_cache(model: llm.Model[llm.Text, CachesNeeds]) -> None:
    model.call(["long", llm.CachePoint(), "short"], cache="5m")
    model.call([llm.user(["long", llm.CachePoint()]), llm.user("short")])
    model.call([llm.user(["long", llm.CachePoint()]), llm.ToolOutput("1", "stock", 3)])
    model.call(["long", llm.CachePoint()], cache="1h")  # error
    model.call([llm.user([image, llm.CachePoint()])])  # error


def sees(model: llm.Model[llm.Image, SeesNeeds] | llm.Model[llm.Image, Needs]) -> None:
    model.call([llm.user(["see", image]), llm.assistant("a cat"), llm.user("where?")])
    model.call(model.call(image).messages)
    model.call(seen)
    model.call([llm.user("hi"), llm.Audio.from_url("https://example.com/a.wav")])  # error
    model.call("hi", format=int)  # error


class Agent:
    model: llm.Model[llm.Text | llm.Image, Needs]

    def __init__(self, model: llm.Model[llm.Text | llm.Image, Needs]) -> None:
        self.model = model
        self.history: list[llm.Message] = [llm.system("Be brief.")]

    def ask(self, question: str) -> str:
        self.history.append(llm.user(question))
        response = self.model.call(self.history, tools=[stock])
        while response.tool_calls:
            response = response.resume(response.execute_tools())
        self.history = response.messages
        self.model.call([*self.history, llm.user(["see", image])])
        self.model.call([*self.history, llm.Audio.from_url("https://example.com/a.wav")])  # error
        return response.text()

    async def ask_async(self, question: str) -> str:
        response = await self.model.call_async([*self.history, llm.user(question)])
        self.history = list(response.messages)
        stream = await self.model.stream_async(self.history)
        return (await stream.finish()).text()


def reasons(model: llm.Model[llm.Text, llm.HasReasoning[Literal["low", "high"]]]) -> None:
    model.call("hi", reasoning="low")
    model.call("hi", reasoning=llm.Reasoning(effort="low"))
    model.call("hi", reasoning=llm.Reasoning(effort="high")).resume("and?", reasoning=llm.Reasoning(effort="low"))
    model.call("hi", reasoning="max")  # error
    model.call("hi", reasoning=llm.Reasoning(effort="max"))  # error
    model.call("hi", reasoning=llm.Reasoning(effort="low", visible=True))  # error
    model.call("hi", reasoning=llm.Reasoning(budget_tokens=1024))  # error


def silent(model: llm.Model[llm.Text, llm.HasReasoning[Literal["off"]]]) -> None:
    model.call("hi", reasoning="off")
    model.call("hi", reasoning=llm.Reasoning(effort="low"))  # error


def reasons_somehow(model: llm.Model[llm.Text, llm.HasReasoning]) -> None:
    model.call("hi", reasoning="low")  # error
    model.call("hi", reasoning=llm.Reasoning(effort="low"))  # error


def draws(model: llm.Model[llm.Text, TalksAndDraws]) -> None:
    response = model.call("a cat", output=("text", "image"), reasoning=llm.Reasoning(effort="high"))
    model.call("a cat", output=("image",))
    model.call("a cat", output=["audio"])  # error
    model.call("a cat", output="image")  # error
    response.resume("another", output=("text", "image"))
    assert_type(response.images, tuple[llm.Image, ...])


def speaks(model: llm.Model[llm.Text, llm.HasAudioOutput]) -> None:
    model.call("hi", output=("text", "audio"))
    model.call("hi", output=("text", "image"))  # error


def plain(model: llm.Model) -> None:
    model.call("hi", output=("text", "image"))  # error


any_model(llm.openai.gpt_4_1, [])
with_tools(llm.openai.gpt_4_1)
with_tools(llm.Model("anthropic/claude-sonnet-5-5"))
with_cache(llm.anthropic.claude_sonnet_5_5)
with_cache(llm.mistral.mistral_small_latest)  # error
draws(llm.google.gemini_3_1_flash_image)
draws(llm.openai.gpt_4_1)  # error
speaks(llm.openai.gpt_4_1)  # error
reasons(llm.anthropic.claude_opus_4_8)
reasons(llm.openai.gpt_4_1)  # error
Agent(llm.google.gemini_2_5_flash).ask("hi")
Agent(llm.mistral.magistral_small_2509)  # error
