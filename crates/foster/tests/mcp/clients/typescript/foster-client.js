// Foster's MCP server as the official TypeScript SDK sees it.
//
//     node foster-client.js FOSTER
//
// Exits with 0 if all went as it should, and prints what it tried.
import assert from "node:assert/strict";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import {
  ResourceListChangedNotificationSchema,
  ResourceUpdatedNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";

const client = new Client({ name: "foster-client", version: "1" });
client.onerror = (error) => {
  throw error;
};

// Calls a tool; the SDK holds what it answers against the tool's schema, errors as well.
async function call(name, args, options) {
  const result = await client.callTool({ name, arguments: args }, undefined, options);
  assert.notEqual(result.isError, true, JSON.stringify(result));
  assert.equal(result.structuredContent.ok, true);
  assert.equal(result.content[0].type, "text");
  return result.structuredContent;
}

async function tools() {
  const listed = await client.listTools();
  assert.equal(listed.tools.length, 15);
  const run = await call("run", { shell: "echo one; exit 3" });
  assert.equal(run.exit_code, 3);
  const job = run.job_id;
  for (const name of ["status", "tail", "logs", "tag"]) await call(name, { job });
  await call("list", {});
  await call("wait", { jobs: [job] });
  await call("wait", { jobs: [job, "@1"] });
  await call("delete", { jobs: [job] });
  const cat = (await call("create", { command: ["cat"], stdin: "open" })).job_id;
  await call("start", { job: cat, no_wait: true });
  await call("send", { job: cat, text: "x" });
  await call("deadline", { job: cat, after: "1h" });
  await call("notify", { action: "show", job: cat });
  await call("restart", { job: cat, no_wait: true });
  await call("kill", { jobs: [cat] });
}

async function errors() {
  const refused = [
    ["status", { job: "nobody" }],
    ["wait", { jobs: ["nobody", "@1"] }],
    ["kill", { jobs: ["nobody", "@1"] }],
    ["run", { command: ["/not/there"] }],
    ["run", { unheard_of: 1 }],
    ["delete", { jobs: ["nobody"] }],
  ];
  for (const [name, args] of refused) {
    const result = await client.callTool({ name, arguments: args });
    assert.equal(result.isError, true, name);
    assert.equal(result.structuredContent.ok, false);
    assert.ok(result.content[0].text.startsWith(`${result.structuredContent.error.code}: `));
  }
  await assert.rejects(client.callTool({ name: "nothing", arguments: {} }), { code: -32602 });
  await assert.rejects(client.readResource({ uri: "foster://jobs/../x" }), { code: -32002 });
}

// Returns a promise for the first notification of a kind.
function told(schema) {
  return new Promise((resolve) => client.setNotificationHandler(schema, resolve));
}

async function waiting() {
  const job = (await call("run", { command: ["sleep", "600"], no_wait: true })).job_id;
  const uri = `foster://jobs/${job}`;
  const cancel = new AbortController();
  let message;
  const heard = new Promise((resolve) => {
    const options = {
      signal: cancel.signal,
      onprogress: (progress) => resolve((message = progress.message)),
      resetTimeoutOnProgress: true,
    };
    call("wait", { jobs: [job] }, options).then(
      () => assert.fail("it was cancelled"),
      () => {},
    );
  });
  await heard;
  assert.equal(message, "wait: 0s");
  assert.equal((await call("status", { job })).state, "running");
  cancel.abort("enough");
  assert.equal((await call("status", { job })).state, "running");
  const listed = await client.listResources();
  assert.ok(listed.resources.some((resource) => resource.uri === uri));
  assert.equal((await client.listResourceTemplates()).resourceTemplates.length, 3);
  const read = await client.readResource({ uri });
  assert.equal(JSON.parse(read.contents[0].text).job_id, job);
  await client.readResource({ uri: `${uri}/stdout?from=0&max=100` });
  const updated = told(ResourceUpdatedNotificationSchema);
  await client.subscribeResource({ uri });
  await call("kill", { jobs: [job] });
  assert.equal((await updated).params.uri, uri);
  await client.unsubscribeResource({ uri });
  const changed = told(ResourceListChangedNotificationSchema);
  await call("create", { command: ["true"] });
  await changed;
}

const env = Object.fromEntries(Object.entries(process.env));
await client.connect(new StdioClientTransport({ command: process.argv[2], args: ["mcp"], env }));
await tools();
await errors();
await waiting();
assert.equal(client.getServerVersion().name, "foster");
await client.close();
console.log("@modelcontextprotocol/sdk for TypeScript");
