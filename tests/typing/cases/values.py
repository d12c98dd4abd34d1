"""Parts and messages cannot be changed: what a provider was sent, and what it said, stays what it was."""

from capably import llm

text = llm.Text("Hi")
photo = llm.Image.from_url("https://example.com/a.png")
sound = llm.Audio(data=b"", media_type="audio/wav", transcript="Hi")
call = llm.ToolCall("1", "add", {"a": 1})
asked = llm.user(["What is this?", photo])
said = llm.assistant("A fox.")
told = llm.system("Be brief.")

text.text = "Ho"  # error
text.citations += (llm.Citation(url="https://example.com"),)  # error
photo.url = "https://example.com/b.png"  # error
sound.transcript = "Ho"  # error
sound.media_type = "audio/mpeg"  # error
call.args = {"a": 2}  # error
asked.content = (photo,)  # error
said.content = ()  # error
said.source = None  # error
told.text = "Be long."  # error

call.args["a"] = 2
print(text.text, photo.url, sound.transcript, call.args, list(asked.content), said.content, told.text)
