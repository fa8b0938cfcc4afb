// The connection is lost and comes back: nothing is lost, nothing doubled, and the page says so meanwhile.

import assert from "node:assert/strict";
import http from "node:http";
import { test } from "node:test";
import { job, jobPage, line, picture, server, useBrowser, wait } from "./support.js";

useBrowser();

// Stands between browser and server, so that a test can cut them apart, whoever started the server.
class Relay {
  async start(port = 0) {
    const target = new URL(server.url);
    this.sockets = new Set();
    this.server = http.createServer((request, response) => {
      const headers = { ...request.headers, host: target.host };
      if (headers.origin) headers.origin = target.origin;
      const onward = http.request({ host: target.hostname, port: target.port, method: request.method, path: request.url, headers }, (answer) => {
        response.writeHead(answer.statusCode, answer.headers);
        answer.pipe(response);
        response.on("close", () => answer.destroy());
      });
      onward.on("error", () => response.destroy());
      response.on("close", () => onward.destroy());
      request.pipe(onward);
    });
    this.server.on("connection", (socket) => {
      this.sockets.add(socket);
      socket.on("close", () => this.sockets.delete(socket));
    });
    await new Promise((done) => this.server.listen(port, "127.0.0.1", done));
    this.port = this.server.address().port;
    return `http://127.0.0.1:${this.port}`;
  }

  async stop() {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((done) => this.server.close(done));
  }
}

test("output goes on after the server was away", async (t) => {
  const relay = new Relay();
  const base = await relay.start();
  // Also when the test fails: a server that listens keeps this process.
  t.after(() => relay.stop());
  const id = await job({ shell: "for i in $(seq 1 300); do echo line $i; echo err $i >&2; sleep 0.02; done; printf 'un'; sleep 0.5; echo finished", name: "counter" });
  const page = await jobPage(t, id, { base, expected: [/ERR_/] });
  await line(page, /^line [2-9]\d$/);
  for (let i = 0; i < 3; i += 1) {
    await relay.stop();
    await page.getByText("The connection to the server is lost").waitFor();
    if (i === 0) await picture(page, "lost");
    await relay.start(relay.port);
    await page.getByRole("button", { name: "Try now" }).click({ timeout: 1000 }).catch(() => {}); // it may be back by itself
    await page.locator("#connection").waitFor({ state: "hidden" });
  }
  await wait(id);
  await line(page, "unfinished");
  await page.locator(".job-line .badge", { hasText: "exited with 0" }).waitFor();
  await page.getByRole("tab", { name: "Timeline" }).click();
  await page.getByText("The job is over").waitFor();
  assert.equal(await page.getByText("The command was executed").count(), 1);
  assert.equal(await page.locator(".timeline li").count(), (await (await fetch(`${base}/v1/jobs/${id}/events`, { headers: { Authorization: `Bearer ${server.token}` } })).text()).match(/^event: event$/gm).length);
  await page.getByRole("tab", { name: "Output" }).click();
  // All rows, whole screens at a time.
  const seen = await page.evaluate(async () => {
    const screen = document.querySelector(".screen");
    const lines = new Map();
    const drawn = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    // Its panel was shown just now: it may go to its end once more.
    for (screen.scrollTop = 0, await drawn(); screen.scrollTop > 0; await drawn()) screen.scrollTop = 0;
    for (;;) {
      await drawn();
      for (const row of document.querySelectorAll(".row")) lines.set(row.style.top, row.querySelector(".text").textContent);
      if (screen.scrollTop + screen.clientHeight >= screen.scrollHeight - 1) return [...lines.values()];
      screen.scrollTop += screen.clientHeight / 2;
    }
  });
  const numbers = Array.from({ length: 300 }, (_, i) => i + 1);
  assert.deepEqual(seen.filter((text) => text.startsWith("line")), numbers.map((i) => `line ${i}`));
  assert.deepEqual(seen.filter((text) => text.startsWith("err")), numbers.map((i) => `err ${i}`));
  assert.equal(seen.length, 601);
  await page.goto("about:blank");
  await relay.stop();
});
