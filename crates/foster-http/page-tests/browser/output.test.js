// Output that means harm, and output that is much.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { PHONE, job, jobPage, line, picture, useBrowser, wait } from "./support.js";

useBrowser();

const folder = mkdtempSync(join(tmpdir(), "foster-page-"));
after(() => rmSync(folder, { recursive: true }));
const file = (name, content) => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};

// A machine that is busy with other things may need more.
const LONGEST_TASK = Number(process.env.FOSTER_PAGE_LONGEST_TASK ?? 400);
const longTasks = async (page) => {
  const tasks = await page.evaluate(() => globalThis.longTasks);
  assert.ok(Math.max(0, ...tasks) <= LONGEST_TASK, `tasks of ${tasks} ms`);
};
const lastRow = (page) => page.evaluate(() => [...document.querySelectorAll(".row .text")].at(-1)?.textContent);

test("hostile output is text, and runs nothing", async (t) => {
  const hostile = Buffer.concat([
    Buffer.from("<script>globalThis.pwned = 1</script><img src=x onerror='pwned=1'><b>bold</b>&lt;\n"),
    Buffer.from("\x1b]0;title\x07\x1b]8;;javascript:pwned=1\x1b\\link\x1b]8;;\x1b\\ \x1b[2J\x1b[31;1mred\x1b[0m \x1bPq\x1b\\after\n"),
    Buffer.from("abc\u202egnp.exe\u2066 zero\u200bwidth\n"),
    Buffer.from([0x62, 0x61, 0x64, 0xff, 0xfe, 0xc3, 0x28, 0x20, 0x00, 0x07, 0x9b, 0x0a]),
    Buffer.from("10%\r50%\r100% done\n"),
    Buffer.from("e\u0301\u0301\u0301".repeat(40) + "\n\x1b]0;never closed\n\x1b[38;5;208morange \x1b[38;2;255;255;0myellow\x1b[0m\nlast line\n"),
  ]);
  const id = await job({ command: ["cat", file("hostile", hostile)], name: "<b>hostile</b>\u202e", tag: ["page.hostile"] }).catch(() => job({ command: ["cat", file("hostile", hostile)], name: "hostile" }));
  const page = await jobPage(t, id);
  await line(page, "last line");
  const rows = await page.locator(".row .text").allTextContents();
  const text = rows.join("\n");
  assert.ok(text.includes("<script>globalThis.pwned = 1</script><img src=x onerror='pwned=1'><b>bold</b>&lt;"), text);
  assert.ok(text.includes("link red after"), text);
  assert.ok(text.includes("abc<U+202E>gnp.exe<U+2066> zero<U+200B>width"), text);
  assert.ok(text.includes("bad\ufffd\ufffd\ufffd( ^@\ufffd"), text);
  assert.ok(text.includes("100% done") && !text.includes("50%"), text);
  assert.ok(text.includes("^[]0;never closed"), text);
  assert.equal(await page.evaluate(() => globalThis.pwned), undefined);
  assert.equal(await page.locator("#job script, #job img, #job b, .screen a").count(), 0);
  assert.notEqual(await page.title(), "title");
  const red = page.locator(".row .color-1", { hasText: "red" });
  assert.ok((await red.getAttribute("class")).includes("bold"));
  await picture(page, "hostile");
});

test("100,000 lines without a stall, also while they come", async (t) => {
  const id = await job({ shell: "seq -f 'line %.0f of the output, which has some words' 1 100000; echo the end" });
  const page = await jobPage(t, id);
  await line(page, "the end");
  assert.equal(await lastRow(page), "the end");
  assert.ok((await page.locator(".row").count()) < 120);
  await page.locator(".screen").focus();
  await page.keyboard.press("Control+Home");
  await page.locator(".row .text", { hasText: /^line 1 of/ }).waitFor();
  await page.getByRole("button", { name: "To the end" }).click();
  await line(page, "the end");
  await page.getByLabel("Show only lines with this text").fill("line 4242 ");
  await page.locator(".row mark", { hasText: "line 4242" }).waitFor();
  assert.equal(await page.locator(".row").count(), 1);
  await longTasks(page);
});

test("more lines than are kept: the oldest go, and the page says so", async (t) => {
  const id = await job({ shell: "seq 1 400000; echo the end" });
  const page = await jobPage(t, id);
  await line(page, "the end");
  await page.getByText(/earlier lines dropped/).waitFor();
  await picture(page, "dropped");
  await longTasks(page);
});

test("a line of 10 MB", async (t) => {
  const id = await job({ command: ["cat", file("long", `${"0123456789".repeat(1024 * 1024)}\nshort\n`)] });
  await wait(id);
  const page = await jobPage(t, id);
  await line(page, "short");
  await page.getByRole("button", { name: "Wrap" }).click();
  await page.getByText(/more characters: wrap to read them/).waitFor();
  await page.getByRole("button", { name: "Wrap" }).click();
  await longTasks(page);
});

test("who scrolls up stays there while output comes", async (t) => {
  const id = await job({ shell: "seq 1 500; read go; seq 501 900; read go", stdin: "open" });
  const page = await jobPage(t, id);
  await page.locator(".row .text", { hasText: /^500$/ }).waitFor();
  await page.locator(".screen").hover();
  await page.mouse.wheel(0, -3000);
  const toEnd = page.locator(".to-end");
  await toEnd.waitFor();
  const first = () => page.evaluate(() => {
    const screen = document.querySelector(".screen");
    const top = screen.getBoundingClientRect().top;
    return [...document.querySelectorAll(".row")].find((row) => row.getBoundingClientRect().top >= top - 1).querySelector(".text").textContent;
  });
  const before = await first();
  await page.getByLabel("Input", { exact: true }).fill("go");
  await page.keyboard.press("Enter");
  await toEnd.getByText("400 new lines").waitFor();
  assert.equal(await first(), before);
  await toEnd.click();
  await page.locator(".row .text", { hasText: /^900$/ }).waitFor();
  await page.getByLabel("Input", { exact: true }).fill("go");
});

test("both streams in the order of their times, and each alone", async (t) => {
  const id = await job({ shell: "for i in 1 2 3 4 5; do echo out $i; sleep 0.02; echo err $i >&2; sleep 0.02; done" });
  await wait(id);
  const page = await jobPage(t, id, { viewport: PHONE });
  await line(page, "err 5");
  await line(page, "out 5");
  const texts = () => page.locator(".row .text").allTextContents();
  assert.deepEqual(await texts(), [1, 2, 3, 4, 5].flatMap((i) => [`out ${i}`, `err ${i}`]));
  await page.getByRole("button", { name: "stdout" }).click();
  assert.deepEqual(await texts(), [1, 2, 3, 4, 5].map((i) => `err ${i}`));
  await page.getByRole("button", { name: "Times" }).click();
  const time = page.locator(".row time").first();
  assert.match(await time.textContent(), /^\d\d:\d\d:\d\d\.\d{3}$/);
  assert.match(await time.getAttribute("title"), /^\d{4}-\d\d-\d\dT.*Z$/);
});
