// What the tests of the page in a browser have in common. They are told where the server is by
// variables: FOSTER_PAGE_URL (http://127.0.0.1:PORT), FOSTER_PAGE_KEY, FOSTER_PAGE_TOKEN.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { after, before } from "node:test";
import { chromium } from "playwright-core";

const required = (name) => process.env[name] ?? assert.fail(`${name} is not set: see README.md`);

export const server = { url: required("FOSTER_PAGE_URL").replace(/\/$/, ""), key: required("FOSTER_PAGE_KEY"), token: required("FOSTER_PAGE_TOKEN") };

const ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"];
export const DESK = { width: 1280, height: 800 };
export const PHONE = { width: 360, height: 740 };

let browser;
const made = [];

/** To be called once by each file: one browser for its tests, no job left behind. */
export function useBrowser() {
  before(async () => {
    browser = await chromium.launch({ executablePath: process.env.FOSTER_PAGE_BROWSER ?? "/usr/bin/chromium", args: ARGUMENTS });
  });
  after(async () => {
    await browser.close();
    for (const id of made) await api("DELETE", `/v1/jobs/${id}?kill=true`);
  });
}

export async function api(method, path, body) {
  const response = await fetch(server.url + path, { method, headers: { Authorization: `Bearer ${server.token}`, ...(body ? { "Content-Type": "application/json" } : {}) }, body: body && JSON.stringify(body) });
  return response.json();
}

/** A job that is deleted at the end, whatever happens. */
export async function job(options) {
  const answer = await api("POST", "/v1/jobs", { no_wait: true, ...options });
  assert.ok(answer.ok, JSON.stringify(answer));
  made.push(answer.job_id);
  return answer.job_id;
}

export const alsoDelete = (id) => made.push(id);

/** Waits until the job is over. */
export const wait = (id) => api("GET", `/v1/jobs/${id}/wait?timeout=60s`);

/**
 * The page in a context of its own. What must never happen is collected in `faults`: errors on the
 * console, violations of the policy, requests elsewhere.
 */
export async function open(t, { path = "", scheme = "light", viewport = DESK, base = server.url, expected = [] } = {}) {
  const context = await browser.newContext({ colorScheme: scheme, viewport, reducedMotion: "reduce" });
  const page = await context.newPage();
  const faults = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) faults.push(message.text());
  });
  page.on("pageerror", (error) => faults.push(String(error.stack)));
  page.on("dialog", (dialog) => faults.push(`a dialog of a script: ${dialog.message()}`));
  page.on("request", (request) => {
    if (!request.url().startsWith(`${base}/`) && !request.url().startsWith("data:")) faults.push(`a request to ${request.url()}`);
  });
  await page.addInitScript(() => {
    globalThis.longTasks = [];
    new PerformanceObserver((list) => globalThis.longTasks.push(...list.getEntries().map((entry) => Math.round(entry.duration)))).observe({ type: "longtask", buffered: true });
    globalThis.violations = [];
    addEventListener("securitypolicyviolation", (event) => globalThis.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
  });
  t.after(async () => {
    const violations = await page.evaluate(() => globalThis.violations).catch(() => []);
    await context.close();
    assert.deepEqual([...violations, ...faults.filter((fault) => !expected.some((pattern) => pattern.test(fault)))], []);
  });
  await page.goto(`${base}/?key=${encodeURIComponent(server.key)}#${encodeURIComponent(server.token)}`);
  await page.locator(".jobs a, .jobs pre").first().waitFor();
  if (path) await page.goto(`${base}/${path}`);
  return page;
}

export const jobPage = (t, id, options = {}) => open(t, { path: `#/jobs/${id}${options.tab ? `/${options.tab}` : ""}`, ...options });

/** Waits for a row of output with this text. */
export const line = (page, text) => page.locator(".row .text", { hasText: text }).last().waitFor();

export async function picture(page, name) {
  const folder = process.env.FOSTER_PAGE_PICTURES;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: `${folder}/${name}.png` });
}
