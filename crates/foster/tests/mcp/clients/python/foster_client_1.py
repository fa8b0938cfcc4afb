"""Foster's MCP server as the official Python SDK of the first generation sees it, which most clients are built on.

    python foster_client_1.py FOSTER

Exits with 0 if all went as it should, and prints what it tried.
"""

import json
import os
import sys

import anyio
from mcp import ClientSession, McpError, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.types import ServerNotification, ResourceUpdatedNotification
from pydantic import AnyUrl


async def call(session, tool, **arguments):
    """Calls a tool; the SDK holds what it answers against the tool's schema."""
    result = await session.call_tool(tool, arguments)
    assert not result.isError, result
    assert result.structuredContent["ok"] is True, result
    return result.structuredContent


async def tools(session):
    listed = await session.list_tools()
    assert len(listed.tools) == 15, listed
    run = await call(session, "run", shell="echo one; exit 3")
    assert run["exit_code"] == 3, run
    for tool in ("status", "tail", "logs", "tag"):
        await call(session, tool, job=run["job_id"])
    await call(session, "list")
    await call(session, "wait", jobs=[run["job_id"]])
    await call(session, "delete", jobs=[run["job_id"]])
    made = await call(session, "create", command=["cat"], stdin="open")
    job = made["job_id"]
    await call(session, "start", job=job, no_wait=True)
    await call(session, "send", job=job, text="x")
    await call(session, "deadline", job=job, after="1h")
    await call(session, "notify", action="show", job=job)
    await call(session, "restart", job=job, no_wait=True)
    await call(session, "kill", jobs=[job])
    refused = await session.call_tool("status", {"job": "nobody"})
    assert refused.isError and refused.content[0].text.startswith("job_not_found: "), refused
    try:
        await session.call_tool("nothing", {})
    except McpError as error:
        assert error.error.code == -32602, error
    else:
        raise AssertionError("it is not refused")


async def waiting(session, updated):
    told = []

    async def progress(done, total, message):
        told.append(message)

    run = await call(session, "run", command=["sleep", "600"], no_wait=True)
    job = run["job_id"]
    uri = AnyUrl("foster://jobs/" + job)
    read = await session.read_resource(uri)
    assert json.loads(read.contents[0].text)["job_id"] == job, read
    await session.subscribe_resource(uri)
    done = anyio.Event()

    async def wait():
        result = await session.call_tool("wait", {"jobs": [job]}, progress_callback=progress)
        assert result.structuredContent["state"] == "killed", result
        done.set()

    async with anyio.create_task_group() as group:
        group.start_soon(wait)
        while not told:
            assert (await call(session, "status", job=job))["state"] == "running"
        await call(session, "kill", jobs=[job])
        await done.wait()
        await updated.wait()


async def main():
    updated = anyio.Event()

    async def hear(message):
        if isinstance(message, Exception):
            raise message
        if isinstance(message, ServerNotification) and isinstance(message.root, ResourceUpdatedNotification):
            updated.set()

    parameters = StdioServerParameters(command=sys.argv[1], args=["mcp"], env=dict(os.environ))
    version = None
    try:
        with anyio.fail_after(120):
            async with stdio_client(parameters) as (read, write):
                async with ClientSession(read, write, message_handler=hear) as session:
                    begun = await session.initialize()
                    await tools(session)
                    await waiting(session, updated)
                    version = begun.protocolVersion
    except* anyio.BrokenResourceError:
        # This generation fails so if a notification comes while it closes its session.
        assert version
    print("mcp for Python, first generation, protocol", version)


anyio.run(main)
