"""Foster's MCP server as the official Python SDK sees it, in the newest version of the protocol and by the handshake.

    python foster_client.py FOSTER

Exits with 0 if all went as it should, and prints what it tried.
"""

import json
import os
import sys

import anyio
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.subscriptions import ResourceUpdated

TOOLS = (
    "run status list tail logs wait kill send create start restart delete tag notify deadline".split()
)


def server():
    return StdioServerParameters(command=sys.argv[1], args=["mcp"], env=dict(os.environ))


async def call(client, tool, **arguments):
    """Calls a tool; the SDK holds what it answers against the tool's schema."""
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result
    assert result.structured_content["ok"] is True, result
    assert result.content[0].text, result
    return result.structured_content


async def tools(client):
    listed = await client.list_tools()
    assert [tool.name for tool in listed.tools] == TOOLS, listed
    run = await call(client, "run", shell="echo one; exit 3", tag=["a"])
    assert run["exit_code"] == 3, run
    job = run["job_id"]
    for tool in ("status", "tail", "logs", "tag"):
        assert (await call(client, tool, job=job))["job_id"] == job
    assert (await call(client, "list"))["jobs"][0]["job_id"] == job
    assert (await call(client, "wait", jobs=[job]))["reason"] == "finished"
    cat = await call(client, "run", command=["cat"], stdin="open", no_wait=True)
    await call(client, "send", job=cat["job_id"], text="x")
    await call(client, "deadline", job=cat["job_id"], after="1h")
    await call(client, "notify", action="show", job=cat["job_id"])
    assert (await call(client, "kill", jobs=[cat["job_id"]]))["state"] == "killed"
    made = await call(client, "create", command=["true"])
    await call(client, "start", job=made["job_id"])
    await call(client, "restart", job=made["job_id"])
    assert (await call(client, "delete", jobs=[made["job_id"]]))["deleted"] == 1


async def errors(client):
    for tool, arguments in [("status", {"job": "nobody"}), ("wait", {"jobs": ["nobody"]}), ("run", {"x": 1})]:
        result = await client.call_tool(tool, arguments)
        assert result.is_error and result.structured_content["ok"] is False, result
        code = result.structured_content["error"]["code"]
        assert result.content[0].text.startswith(code + ": "), result
    for wrong in (client.call_tool("nothing", {}), client.read_resource("foster://jobs/../x")):
        try:
            await wrong
        except MCPError as error:
            assert error.error.code in (-32602, -32002), error
        else:
            raise AssertionError("it is not refused")


async def waiting(client):
    told = []

    async def progress(done, total, message):
        told.append(message)

    run = await call(client, "run", command=["sleep", "600"], no_wait=True)
    job = run["job_id"]
    async with anyio.create_task_group() as group:
        group.start_soon(lambda: client.call_tool("wait", {"jobs": [job]}, progress_callback=progress))
        while not told:
            assert (await call(client, "status", job=job))["state"] == "running"
        group.cancel_scope.cancel()
    assert (await call(client, "status", job=job))["state"] == "running"
    assert told[0] == "wait: 0s", told
    return job


async def resources(client, job):
    uri = "foster://jobs/" + job
    listed = await client.list_resources()
    assert uri in [str(resource.uri) for resource in listed.resources], listed
    assert len((await client.list_resource_templates()).resource_templates) == 3
    read = await client.read_resource(uri)
    assert json.loads(read.contents[0].text)["job_id"] == job, read
    await client.read_resource(uri + "/stdout?from=0&max=100")
    return uri


async def newest():
    async with Client(server()) as client:
        assert client.protocol_version == "2026-07-28", client.protocol_version
        await tools(client)
        await errors(client)
        job = await waiting(client)
        uri = await resources(client, job)
        async with client.listen(resource_subscriptions=[uri]) as subscription:
            await call(client, "kill", jobs=[job])
            async for event in subscription:
                assert isinstance(event, ResourceUpdated) and str(event.uri) == uri, event
                break
        return client.protocol_version


async def by_handshake():
    updated = anyio.Event()

    async def hear(message):
        if type(message).__name__ == "ResourceUpdatedNotification":
            updated.set()

    async with Client(server(), mode="legacy", message_handler=hear) as client:
        await tools(client)
        await errors(client)
        job = await waiting(client)
        uri = await resources(client, job)
        await client.subscribe_resource(uri)
        await call(client, "kill", jobs=[job])
        await updated.wait()
        await client.unsubscribe_resource(uri)
        return client.protocol_version


async def main():
    with anyio.fail_after(120):
        versions = [await newest(), await by_handshake()]
    print("mcp for Python, protocol", ", ".join(versions))


anyio.run(main)
