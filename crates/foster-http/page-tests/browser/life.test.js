// A job's life on the page: started, watched, written to, stopped, run again, deleted.

import assert from "node:assert/strict";
import { test } from "node:test";
import { alsoDelete, api, job, jobPage, line, open, picture, useBrowser, wait } from "./support.js";

useBrowser();

test("the token leaves the address", async (t) => {
  const page = await open(t);
  assert.match(page.url(), /\/#\/$/);
});

test("a job is started by the form, stopped with its phases shown, run again and deleted", async (t) => {
  const page = await open(t);
  await page.getByRole("button", { name: "New job" }).click();
  const form = page.getByRole("dialog");
  await form.getByRole("button", { name: "Start" }).click();
  await form.getByText("Type a command.").waitFor();
  await form.getByLabel("Command line").fill("trap '' TERM; echo \"hello $GREETED\"; echo oops >&2; while :; do sleep 1; done");
  await form.getByLabel("Name", { exact: true }).fill("life");
  await form.getByLabel("Tags").fill("page.test page.life");
  await form.getByLabel("Group").fill("page-tests");
  await form.getByLabel("Time limit").fill("5m");
  await form.getByLabel("Environment").fill("GREETED=world");
  await picture(page, "new-job");
  await form.getByRole("button", { name: "Start" }).click();
  await page.waitForURL(/#\/jobs\/\w{26}/);
  alsoDelete(page.url().split("/").at(-1));
  await line(page, "hello world");
  await line(page, "oops");
  await page.locator(".job-line .badge", { hasText: "running" }).waitFor();
  await page.locator(".jobs a[aria-current]", { hasText: "life" }).waitFor();

  await page.getByRole("button", { name: "Stop\u2026" }).click();
  const question = page.getByRole("dialog");
  await question.getByLabel("Grace").fill("5");
  await question.getByRole("button", { name: "Stop" }).click();
  await question.getByText("A duration carries a unit").waitFor();
  await question.getByLabel("Grace").fill("60s");
  await question.getByRole("button", { name: "Stop" }).click();
  const escalation = page.getByRole("region", { name: "Stopping" });
  await escalation.getByText("TERM to 2 processes").waitFor();
  await picture(page, "stopping");
  await escalation.getByRole("button", { name: "KILL now" }).click();
  await escalation.getByText("KILL to").waitFor();
  await escalation.getByText("The tree is empty after").waitFor();
  await page.locator(".job-line .badge", { hasText: "stopped by KILL" }).waitFor();

  await page.getByRole("button", { name: "Restart", exact: true }).click();
  await page.locator(".job-line .badge", { hasText: "running" }).waitFor();
  await page.getByLabel("Run", { exact: true }).waitFor();
  await line(page, "hello world");
  assert.equal(await escalation.isVisible(), false);

  await page.getByRole("button", { name: "Delete\u2026" }).click();
  const sure = page.getByRole("dialog", { name: "Delete life?" });
  await sure.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: "Delete\u2026" }).click();
  await picture(page, "delete");
  await sure.getByRole("button", { name: "Stop and delete" }).click();
  await page.waitForURL(/#\/$/);
  await page.locator(".jobs a", { hasText: "life" }).waitFor({ state: "detached" });
});

test("input is sent and ended", async (t) => {
  const id = await job({ command: ["cat"], stdin: "open", name: "reader" });
  const page = await jobPage(t, id);
  await page.getByLabel("Input", { exact: true }).fill("one <i>line</i>");
  await page.keyboard.press("Enter");
  await line(page, "one <i>line</i>");
  await page.getByRole("button", { name: "End input" }).click();
  await page.locator(".job-line .badge", { hasText: "exited with 0" }).waitFor();
  assert.equal(await page.getByLabel("Input", { exact: true }).isVisible(), false);
});

test("a prompt is shown before its line ends", async (t) => {
  const id = await job({ shell: "printf 'name? '; read x; echo \"hello $x\"", stdin: "open" });
  const page = await jobPage(t, id);
  await line(page, "name?");
  await page.getByLabel("Input", { exact: true }).fill("world");
  await page.keyboard.press("Enter");
  await line(page, "name? hello world");
});

test("what can't be started is told in the form", async (t) => {
  const page = await open(t, { expected: [/422/] });
  await page.getByRole("button", { name: "New job" }).click();
  const form = page.getByRole("dialog");
  await form.getByText("Program and arguments").first().click();
  await form.getByLabel("Program and arguments").last().fill("no-such-program\nwith an argument");
  await form.getByRole("button", { name: "Start" }).click();
  await form.getByText('"no-such-program" was not found').waitFor();
  await form.getByText("check the spelling").waitFor();
  await picture(page, "refused");
  await form.getByRole("link", { name: "Show this job" }).click();
  await page.locator(".job-line .badge", { hasText: "could not start" }).waitFor();
  alsoDelete(page.url().split("/").at(-1));
  assert.equal(await form.count(), 0);
});

test("a job that is deleted elsewhere is said to be gone", async (t) => {
  const id = await job({ command: ["sleep", "300"], name: "doomed" });
  const page = await jobPage(t, id, { expected: [/404/] });
  await page.locator(".job-line .badge", { hasText: "running" }).waitFor();
  await api("DELETE", `/v1/jobs/${id}?kill=true`);
  await page.getByText("can\u2019t be shown").waitFor();
  await page.locator(".jobs a", { hasText: "doomed" }).waitFor({ state: "detached" });
});

test("a job that is not there is said to be so", async (t) => {
  const page = await open(t, { path: "#/jobs/01aaaaaaaaaaaaaaaaaaaaaaaa", expected: [/404/] });
  await page.getByText("can\u2019t be shown").waitFor();
  await page.getByText(/no job/).waitFor();
});

test("processes form a tree, and what happened is told", async (t) => {
  const id = await job({ shell: "sleep 300 & sh -c 'sleep 301; true' & wait", name: "family" });
  const page = await jobPage(t, id, { tab: "processes" });
  const rows = page.locator("table.processes tbody tr");
  await rows.nth(3).waitFor();
  await rows.filter({ hasText: "sleep 301" }).last().getByText(/started by/).waitFor({ state: "attached" });
  await page.getByRole("img", { name: /Memory: .* now/ }).waitFor();
  await picture(page, "processes");
  await page.getByRole("tab", { name: "Timeline" }).click();
  await page.getByText("The command was executed").waitFor();
  await page.getByText("As recorded").last().click();
  await page.getByText('"containment"').waitFor();
  await picture(page, "timeline");
  await page.getByRole("tab", { name: "Details" }).click();
  await page.getByText(id, { exact: true }).waitFor();
  await page.goBack();
  assert.match(page.url(), /#\/$/);
});

test("filters, and one that the server refuses", async (t) => {
  const [one, other] = [await job({ command: ["true"], name: "needle-one", tag: ["hay.stack"], group: "page-filter" }), await job({ command: ["false"], name: "needle-two", cwd: "/" })];
  await Promise.all([wait(one), wait(other)]);
  const page = await open(t, { expected: [/400/] });
  const titles = page.locator(".jobs a .title");
  const shown = async (...names) => {
    await page.waitForFunction((expected) => JSON.stringify([...document.querySelectorAll(".jobs a .title")].map((each) => each.textContent)) === expected, JSON.stringify(names));
  };
  await page.getByLabel("Filter: name, command, tag").fill("needle");
  await shown("needle-two", "needle-one");
  await page.getByLabel("State", { exact: true }).selectOption("bad");
  await shown("needle-two");
  await page.getByLabel("State", { exact: true }).selectOption("exited");
  await page.getByLabel("Tag", { exact: true }).fill("hay.*");
  await shown("needle-one");
  await page.getByLabel("Group", { exact: true }).fill("page-filter");
  await shown("needle-one");
  await page.getByLabel("Tag", { exact: true }).fill("..");
  await page.getByRole("alert").getByText("The list can\u2019t be shown.").waitFor();
  await page.getByLabel("Tag", { exact: true }).fill("hay.stack");
  await shown("needle-one");
  await page.getByLabel("Group", { exact: true }).fill("none");
  await page.getByRole("button", { name: "Clear the filters" }).click();
  await page.getByLabel("Filter: name, command, tag").fill("needle-");
  await shown("needle-two", "needle-one");
  assert.equal(await titles.count(), 2);
});

test("the wrong token is asked for again", async (t) => {
  const page = await open(t, { expected: [/401/] });
  await page.evaluate(() => sessionStorage.setItem("foster.token", "wrong"));
  await page.reload();
  const dialog = page.getByRole("dialog", { name: "A token is needed" });
  await dialog.getByText("did not accept").waitFor();
  await picture(page, "token");
  await page.keyboard.press("Escape");
  await dialog.getByLabel("Token").fill("also wrong".replace(" ", "-"));
  await page.keyboard.press("Enter");
  await dialog.getByText("did not accept").waitFor();
  await dialog.getByLabel("Token").fill(process.env.FOSTER_PAGE_TOKEN);
  await page.keyboard.press("Enter");
  await page.locator(".jobs a, .jobs pre").first().waitFor();
});
