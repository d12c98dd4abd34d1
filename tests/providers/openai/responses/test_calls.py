"""Calls of OpenAI's own tools that wait for the caller: as parts, run by the caller's functions, and answered."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from support.loopback import Canned, Loopback
from support.wire_answers import WAYS, ask

from capably import llm

SOL = "openai/gpt-6.1-sol"
CHECK = {"id": "sc_1", "code": "malicious", "message": "Sure?"}
PNG = llm.Image.from_bytes(b"\x89PNG\r\n\x1a\n", media_type="image/png")

SHELL = {"type": "shell_call", "id": "i1", "call_id": "c1", "status": "completed"}
ITEMS: dict[str, dict[str, Any]] = {
    "shell": {**SHELL, "action": {"commands": ["ls", "pwd"], "max_output_length": 99, "timeout_ms": None}},
    "computer": {
        "type": "computer_call",
        "id": "i2",
        "call_id": "c1",
        "status": "completed",
        "actions": [{"type": "click", "x": 1, "y": 2, "button": "left"}],
        "pending_safety_checks": [CHECK],
    },
    "patch": {
        "type": "apply_patch_call",
        "id": "i3",
        "call_id": "c1",
        "status": "completed",
        "operation": {"type": "delete_file", "path": "a.txt"},
    },
    "local": {
        "type": "local_shell_call",
        "id": "i5",
        "call_id": "c1",
        "status": "completed",
        "action": {"type": "exec", "command": ["cat", "a b"], "env": {}},
    },
    "custom": {"type": "custom_tool_call", "id": "i4", "call_id": "c1", "name": "sql", "input": "select 1"},
    "approval": {
        "type": "mcp_approval_request",
        "id": "c1",
        "name": "pay",
        "arguments": '{"sum": 3}',
        "server_label": "bank",
    },
}
PARTS: dict[str, llm.ToolCall] = {
    "shell": llm.ShellCall("c1", "shell", {"commands": ["ls", "pwd"], "max_output_length": 99, "timeout_ms": None}),
    "computer": llm.ComputerCall(
        "c1", "computer", {"actions": ITEMS["computer"]["actions"], "pending_safety_checks": [CHECK]}
    ),
    "patch": llm.ApplyPatchCall("c1", "apply_patch", {"type": "delete_file", "path": "a.txt"}),
    "local": llm.ShellCall(
        "c1", "local_shell", {"type": "exec", "command": ["cat", "a b"], "env": {}, "commands": ["cat 'a b'"]}
    ),
    "custom": llm.CustomToolCall("c1", "sql", {"input": "select 1"}),
    "approval": llm.ApprovalRequest("c1", "pay", {"sum": 3}, '{"sum": 3}', "bank"),
}


def run_shell(call: llm.ShellCall) -> str:
    return " ".join(call.commands)


def refuse(call: llm.ToolCall) -> str:
    raise llm.ToolError("It failed.")


async def run_later(call: llm.ToolCall) -> str:
    await asyncio.sleep(0)
    return f"{type(call).__name__} done"


@llm.tool
def sql(input: str) -> str:
    """Query."""
    return input.upper()


def completed(*items: Any) -> dict[str, Any]:
    return {
        "id": "resp_1",
        "object": "response",
        "status": "completed",
        "model": "m",
        "output": [*items],
        "usage": None,
    }


@pytest.fixture
def reply() -> Iterator[Any]:
    """Make the model answer with these items, and then with nothing."""
    servers: list[Loopback] = []

    def answer(*items: Any) -> Loopback:
        server = Loopback([Canned(completed(*items)), Canned(completed())]).__enter__()
        servers.append(server)
        llm.configure("openai", api_key="key", base_url=f"{server.url}/v1")
        return server

    yield answer
    for server in servers:
        server.__exit__()


def answered(server: Loopback, tools: list[Any]) -> Any:
    """Run the documented loop, and return the last item of the second request."""
    response = llm.Model.of(SOL).call("Hi", tools=tools)
    while response.tool_calls:
        response = response.resume(response.execute_tools())
    return json.loads(server.requests[-1].body)["input"][-1]


@pytest.mark.parametrize("kind", ITEMS)
def test_a_call_that_waits_is_a_tool_call_of_its_class(reply: Any, kind: str) -> None:
    reply(ITEMS[kind])
    response = llm.Model.of(SOL).call("Hi")

    assert response.finish_reason == "tool_use"
    assert response.tool_calls == (PARTS[kind],)
    assert llm.Response.from_json(response.to_json()).tool_calls == response.tool_calls


def events(item: dict[str, Any]) -> list[Any]:
    """Return the item as a stream announces and finishes it."""
    begun = {key: value for key, value in item.items() if key not in ("input", "arguments", "action", "operation")}
    whole = completed(item)
    return [
        {"type": "response.created", "response": {"id": "resp_1"}},
        {"type": "response.output_item.added", "output_index": 0, "item": {**begun, "status": "in_progress"}},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": whole},
    ]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", ITEMS)
def test_a_call_that_waits_is_the_same_however_it_is_asked_for(kind: str, way: str) -> None:
    answer = completed(ITEMS[kind]) if way.startswith("call") else events(ITEMS[kind])
    response, _ = ask(way, SOL, [answer])
    assert (response.finish_reason, response.tool_calls) == ("tool_use", (PARTS[kind],))


@pytest.mark.parametrize(
    "items",
    [
        pytest.param(
            [{**ITEMS["shell"], "environment": {"type": "container_reference", "container_id": "x"}}], id="there"
        ),
        pytest.param([ITEMS["shell"], {"type": "shell_call_output", "call_id": "c1", "output": []}], id="answered"),
    ],
)
def test_a_shell_of_the_provider_waits_for_nobody(reply: Any, items: Any) -> None:
    reply(*items)
    response = llm.Model.of(SOL).call("Hi", tools=[llm.Shell()])

    assert (response.finish_reason, response.tool_calls) == ("stop", ())
    assert isinstance(response.content[0], llm.Unknown)


@pytest.mark.parametrize(
    ("kind", "tools", "output"),
    [
        pytest.param(
            "shell",
            [llm.Shell(run=run_shell)],
            {
                "type": "shell_call_output",
                "call_id": "c1",
                "output": [{"stdout": "ls pwd", "stderr": "", "outcome": {"type": "exit", "exit_code": 0}}],
                "max_output_length": 99,
            },
            id="shell",
        ),
        pytest.param(
            "local",
            [llm.Shell(run=run_shell)],
            {"type": "local_shell_call_output", "id": "c1", "output": "cat 'a b'"},
            id="local shell",
        ),
        pytest.param(
            "computer",
            [llm.ComputerUse(run=lambda _: PNG)],
            {
                "type": "computer_call_output",
                "call_id": "c1",
                "output": {"type": "computer_screenshot", "image_url": "data:image/png;base64,iVBORw0KGgo="},
                "acknowledged_safety_checks": [CHECK],
            },
            id="computer",
        ),
        pytest.param(
            "patch",
            [llm.ApplyPatch(run=lambda call: f"deleted {call.args['path']}")],
            {"type": "apply_patch_call_output", "call_id": "c1", "status": "completed", "output": "deleted a.txt"},
            id="patch",
        ),
        pytest.param(
            "patch",
            [llm.ApplyPatch(run=refuse)],
            {"type": "apply_patch_call_output", "call_id": "c1", "status": "failed", "output": "Error: It failed."},
            id="a patch that failed",
        ),
        pytest.param(
            "custom", [sql], {"type": "custom_tool_call_output", "call_id": "c1", "output": "SELECT 1"}, id="custom"
        ),
        pytest.param(
            "approval",
            [llm.MCPServer(server_label="bank", server_url="https://x", approve=lambda call: call.args["sum"] < 5)],
            {"type": "mcp_approval_response", "approval_request_id": "c1", "approve": True},
            id="consent",
        ),
        pytest.param(
            "approval",
            [llm.MCPServer(server_label="bank", server_url="https://x", approve=lambda _: "Too much.")],
            {"type": "mcp_approval_response", "approval_request_id": "c1", "approve": False, "reason": "Too much."},
            id="no consent",
        ),
    ],
)
def test_the_callers_function_answers_in_the_form_of_the_call(reply: Any, kind: str, tools: Any, output: Any) -> None:
    assert answered(reply(ITEMS[kind]), tools) == output


def test_an_asynchronous_function_is_awaited(reply: Any) -> None:
    server = reply(ITEMS["patch"])

    async def loop() -> None:
        response = await llm.Model.of(SOL).call_async("Hi", tools=[llm.ApplyPatch(run=run_later)])
        await response.resume(await response.execute_tools())

    asyncio.run(loop())
    assert json.loads(server.requests[-1].body)["input"][-1]["output"] == "ApplyPatchCall done"


@pytest.mark.parametrize(
    ("kind", "tools", "advice"),
    [
        ("shell", [llm.Shell()], r"the model calls shell, which you run: pass llm.Shell\(run=...\) in tools="),
        ("patch", [], r'pass llm.ApplyPatch\(run=...\) in tools=.*llm.ToolOutput\("c1", "apply_patch", ...\)'),
        ("custom", [], "calls sql, which you run: pass a function of this name with the argument `input` in tools="),
        ("approval", [llm.MCPServer(server_label="shop")], r"asks to call pay of the MCP server bank: .*approve=..."),
    ],
)
def test_a_call_that_nobody_runs_says_what_to_do(reply: Any, kind: str, tools: Any, advice: str) -> None:
    reply(ITEMS[kind])
    with pytest.raises(llm.ToolError, match=advice):
        llm.Model.of(SOL).call("Hi", tools=tools).execute_tools()


@pytest.mark.parametrize(("kind", "tool"), [("shell", llm.Shell), ("patch", llm.ApplyPatch)])
def test_a_call_with_free_text_that_was_cut_is_not_run(kind: str, tool: Any) -> None:
    cut = {**completed(ITEMS[kind]), "status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
    response, _ = ask("call", SOL, [cut], tools=[tool(run=run_shell)])
    (output,) = response.execute_tools()
    assert output.is_error
    assert "was cut off at the limit" in output.value


def test_an_answer_by_hand_has_the_form_of_the_call(reply: Any) -> None:
    server = reply(ITEMS["shell"])
    response = llm.Model.of(SOL).call("Hi")
    response.resume([llm.ToolOutput("c1", "shell", "none", is_error=True)])

    (entry,) = json.loads(server.requests[-1].body)["input"][-1]["output"]
    assert (entry["stdout"], entry["outcome"]["exit_code"]) == ("Error: none", 1)


def test_a_part_in_openais_own_json_is_part_of_an_answer(reply: Any) -> None:
    server = reply(ITEMS["shell"])
    bare, words = llm.Unknown("input_text", {"type": "input_text"}), llm.Text("done")
    llm.Model.of(SOL).call("Hi").resume([llm.ToolOutput("c1", "shell", [bare, words])])

    (entry,) = json.loads(server.requests[-1].body)["input"][-1]["output"]
    assert entry["stdout"] == "done"


def test_a_computers_call_is_answered_by_a_picture_only(reply: Any) -> None:
    reply(ITEMS["computer"])
    response = llm.Model.of(SOL).call("Hi", tools=[llm.ComputerUse(run=lambda _: "done")])
    with pytest.raises(llm.UnsupportedFeatureError, match="nothing but a screenshot"):
        response.resume(response.execute_tools())


@pytest.mark.parametrize(
    ("name", "tool"),
    [("bash", llm.Bash), ("str_replace_based_edit_tool", llm.TextEditor), ("memory", llm.Memory)],
)
def test_anthropics_tools_are_run_by_name(name: str, tool: Any) -> None:
    call = llm.ToolCall("t1", name, {"command": "ls"})

    ran = llm.scripted(call).call("Hi", tools=[tool(run=lambda call: call.args["command"])])
    assert ran.execute_tools() == [llm.ToolOutput("t1", name, "ls")]
    with pytest.raises(llm.ToolError, match=rf"the model calls {name}, which you run: pass llm.{tool.__name__}\(run"):
        llm.scripted(call).call("Hi", tools=[tool()]).execute_tools()


def test_a_name_that_two_toolsets_have_is_left_to_the_caller() -> None:
    tools = [llm.ComputerUse(run=refuse), llm.BrowserUse(run=refuse)]
    with pytest.raises(
        llm.ToolError, match=r"pass llm.ComputerUse\(run=...\) or llm.BrowserUse\(run=...\) alone in tools="
    ):
        llm.scripted(llm.ToolCall("t1", "screenshot", {})).call("Hi", tools=tools).execute_tools()
