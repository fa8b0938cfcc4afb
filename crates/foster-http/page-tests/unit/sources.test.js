// What the page's policy forbids, and what would make text to markup, does not stand in its files.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

const folder = new URL("../../page/", import.meta.url);
const files = new Map(readdirSync(folder).filter((name) => /\.(html|css|js|svg)$/.test(name)).map((name) => [name, readFileSync(new URL(name, folder), "utf8")]));

test("no text becomes markup or code", () => {
  for (const [name, text] of files) {
    assert.doesNotMatch(text, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|DOMParser|srcdoc|\beval\(|new Function|javascript:/, name);
    assert.doesNotMatch(text, /\sstyle="|\son[a-z]+="|<style|setAttribute\("style"/, name);
  }
});

test("nothing is asked for from anywhere else", () => {
  for (const [name, text] of files) {
    const addresses = [...text.matchAll(/(?:https?:)?\/\/[a-z][\w.-]*\.[a-z]+[^\s"']*/g)].map((match) => match[0]).filter((address) => address !== "http://www.w3.org/2000/svg");
    assert.deepEqual(addresses, [], name);
    assert.doesNotMatch(text, /@import|url\(/, name);
  }
});

test("every file is reached, and every name that is imported is there and used", () => {
  const reached = new Set(["index.html"]);
  for (const [, file] of files.get("index.html").matchAll(/page\/([\w.-]+)/g)) reached.add(file);
  for (const name of reached) {
    for (const [, list, from] of files.get(name).matchAll(/import (?:\{([^}]*)\} from )?"\.\/([\w.-]+)"/g)) {
      assert.ok(files.has(from), `${name} imports ${from}`);
      reached.add(from);
      for (const imported of (list ?? "").split(",").map((each) => each.trim()).filter(Boolean)) {
        assert.match(files.get(from), new RegExp(`export (?:async )?(?:const|function|class) ${imported}\\b`), `${name} imports ${imported} from ${from}`);
        assert.ok(files.get(name).split(new RegExp(`\\b${imported}\\b`)).length > 2, `${name} does not use ${imported}`);
      }
    }
  }
  assert.deepEqual([...files.keys()].filter((name) => !reached.has(name)), []);
});

test("what is exported is used elsewhere", () => {
  const tests = readdirSync(new URL(".", import.meta.url)).map((name) => readFileSync(new URL(name, import.meta.url), "utf8")).join("\n");
  for (const [name, text] of files) {
    for (const [, exported] of text.matchAll(/export (?:async )?(?:const|function|class) (\w+)/g)) {
      const others = [...files].filter(([other]) => other !== name).map(([, content]) => content).join("\n");
      assert.ok(new RegExp(`\\b${exported}\\b`).test(others + tests), `${exported} of ${name}`);
    }
  }
});
