// Keyboard alone, little room, and what axe-core finds, in light and in dark.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { before, test } from "node:test";
import { DESK, PHONE, job, jobPage, line, open, picture, useBrowser, wait } from "./support.js";

useBrowser();

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const jobs = {};

before(async () => {
  jobs.done = await job({ shell: "printf '\\033[1;32m   Compiling\\033[0m foster-model v0.1.0\\n\\033[1;32m   Compiling\\033[0m foster-store v0.1.0\\n\\033[1;33mwarning\\033[0m: unused variable: `at`\\n'; for c in 30 31 32 33 34 35 36 37 90 91 92 93 94 95 96 97; do printf \"\\033[${c}mcolour $c\\033[0m \\033[7;${c}minverse\\033[0m\\n\"; done; printf '\\033[38;5;226myellow\\033[0m \\033[38;5;17mnavy\\033[0m\\n'; echo 'error: test failed' >&2; exit 101", name: "cargo-test", tag: ["ci.test"] });
  await wait(jobs.done);
  jobs.running = await job({ shell: "sleep 600 & i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; echo listening on 127.0.0.1:3000; cat", name: "dev-server", tag: ["team.web"], group: "web", stdin: "open" });
});

// From outside of the page: its policy lets no other script in.
async function findings(page) {
  const session = await page.context().newCDPSession(page);
  const { frameTree } = await session.send("Page.getFrameTree");
  const { executionContextId } = await session.send("Page.createIsolatedWorld", { frameId: frameTree.frame.id, grantUniveralAccess: true });
  const { readFileSync } = await import("node:fs");
  await session.send("Runtime.evaluate", { expression: readFileSync(AXE, "utf8"), contextId: executionContextId });
  const { result } = await session.send("Runtime.evaluate", {
    expression: `axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }).then((r) => r.violations.map((v) => v.impact + " " + v.id + ": " + v.nodes.map((n) => n.target + " " + n.failureSummary).join(" | ")))`,
    contextId: executionContextId,
    awaitPromise: true,
    returnByValue: true,
  });
  await session.detach();
  return result.value;
}

async function assertAccessible(page) {
  const found = await findings(page);
  assert.deepEqual(found.filter((each) => /^(serious|critical)/.test(each)), []);
  assert.deepEqual(found.filter((each) => /^moderate/.test(each)), []);
}

const assertFits = async (page) => {
  const [wide, room] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(wide <= room, `${wide} px in ${room}`);
};

for (const [look, scheme, viewport] of [["light", "light", DESK], ["dark", "dark", DESK], ["phone", "light", PHONE], ["phone-dark", "dark", PHONE]]) {
  test(`list, job and dialogs: ${look}`, async (t) => {
    const page = await open(t, { scheme, viewport });
    await page.locator(".jobs a", { hasText: "dev-server" }).waitFor();
    await assertFits(page);
    await picture(page, `${look}-list`);
    await assertAccessible(page);
    for (const [id, kind] of [[jobs.done, "done"], [jobs.running, "running"]]) {
      await page.goto(`${page.url().split("#")[0]}#/jobs/${id}`);
      await page.locator(".row .text", { hasText: kind === "done" ? "navy" : "listening" }).waitFor();
      if (kind === "running") await page.getByRole("img", { name: /CPU: .* now/ }).waitFor();
      for (const tab of ["Output", "Processes", "Timeline", "Details"]) {
        await page.getByRole("tab", { name: tab }).click();
        await page.getByRole("tab", { name: tab, selected: true }).waitFor();
        await assertFits(page);
        await picture(page, `${look}-${kind}-${tab.toLowerCase()}`);
        await assertAccessible(page);
      }
    }
    await page.keyboard.press("1");
    for (const [key, title] of [["?", "Keys"], ["n", "New job"], ["s", "Stop dev-server?"], ["d", "Delete dev-server?"]]) {
      await page.keyboard.press(key);
      await page.getByRole("dialog", { name: title }).waitFor();
      await assertFits(page);
      await picture(page, `${look}-${title.split(" ")[0].toLowerCase()}`);
      await assertAccessible(page);
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "detached" });
    }
  });
}

test("the keyboard alone", async (t) => {
  const page = await open(t);
  const focused = () => page.evaluate(() => document.activeElement.querySelector(".title")?.textContent ?? document.activeElement.textContent);
  await page.keyboard.press("Tab");
  assert.equal(await focused(), "Skip to the job");
  await page.keyboard.press("/");
  await page.keyboard.type("cargo-test");
  await page.locator(".count", { hasText: "1 of" }).waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("/");
  await page.keyboard.press("Delete");
  await page.keyboard.press("Escape");
  await page.keyboard.press("j");
  await page.keyboard.press("Home");
  const first = await focused();
  await page.keyboard.press("j");
  assert.notEqual(await focused(), first);
  await page.keyboard.press("ArrowUp");
  assert.equal(await focused(), first);
  const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
  assert.equal(outline, "solid");
  await page.keyboard.press("Enter");
  await page.waitForURL(/#\/jobs\//);
  await page.locator("#job .job-title").waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.id), "job");
  await page.keyboard.press("3");
  await page.getByRole("tab", { name: "Timeline", selected: true }).waitFor();
  await page.getByRole("tab", { name: "Timeline" }).focus();
  await page.keyboard.press("ArrowRight");
  await page.getByRole("tab", { name: "Details", selected: true }).waitFor();
  await page.keyboard.press("Home");
  await page.getByRole("tab", { name: "Output", selected: true }).waitFor();
  await page.keyboard.press("Escape");
  await page.waitForURL(/#\/$/);
  assert.equal(await focused(), first);
  assert.equal(await page.locator(".jobs a[tabindex='0']").count(), 1);
});

test("a dialog that follows at once on another tab stays, and goes with the next", async (t) => {
  const page = await jobPage(t, jobs.done);
  await line(page, "error: test failed");
  // The browser tells of the tab's address after both keys.
  await page.evaluate(() => ["3", "?"].forEach((key) => document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }))));
  await page.getByRole("tab", { name: "Timeline", selected: true, includeHidden: true }).waitFor();
  await page.getByRole("dialog", { name: "Keys" }).waitFor();
  await page.goBack();
  await page.getByRole("dialog").waitFor({ state: "detached" });
});

test("single keys can be switched off", async (t) => {
  const page = await open(t);
  await page.keyboard.press("?");
  await page.getByLabel("Single keys do these things").uncheck();
  await page.getByRole("button", { name: "Close" }).click();
  await page.keyboard.press("n");
  assert.equal(await page.getByRole("dialog").count(), 0);
});

test("back and forward go through what was shown", async (t) => {
  const page = await jobPage(t, jobs.done);
  await line(page, "error: test failed");
  await page.goto(`${page.url().split("#")[0]}#/jobs/${jobs.running}`);
  await page.locator(".job-title", { hasText: "dev-server" }).waitFor();
  await page.goBack();
  await page.locator(".job-title", { hasText: "cargo-test" }).waitFor();
  await page.goForward();
  await page.locator(".job-title", { hasText: "dev-server" }).waitFor();
  await page.reload();
  await page.locator(".job-title", { hasText: "dev-server" }).waitFor();
});
