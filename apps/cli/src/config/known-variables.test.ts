import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { unknownVariables } from "./known-variables.ts";

const root = join(import.meta.dirname, "../../../..");
const sources = "{apps,packages,tools,bench}/**/src/**/*.{ts,tsx}";

test("exactly the variables that the sources read are known", async () => {
  const read = new Set<string>();
  const files = globSync(sources, { cwd: root, exclude: (path) => path.includes("node_modules") });
  for (const file of files) {
    const text = readFileSync(join(root, file), "utf8");
    for (const [, name = ""] of text.matchAll(/\b(?:env|environment)(?:\.|\[")(HOLDFAST_[A-Z_]+)/g)) read.add(name);
  }
  assert.ok(read.size > 20, `${read.size} are read`);
  assert.deepEqual(await unknownVariables([...read]), []);
  const some = [
    "HOLDFAST_LISTEN",
    "HOLDFAST_LISTNE",
    "HOLDFAST_PUBLC_URL",
    "HOLDFAST_PORT",
    "HOLDFAST_",
    "HOLDFAST_SOMETHING",
  ];
  assert.deepEqual(await unknownVariables(some), [
    { name: "HOLDFAST_LISTNE", meant: "HOLDFAST_LISTEN" },
    { name: "HOLDFAST_PUBLC_URL", meant: "HOLDFAST_PUBLIC_URL" },
    { name: "HOLDFAST_PORT", meant: "HOLDFAST_LISTEN" },
    { name: "HOLDFAST_", meant: undefined },
    { name: "HOLDFAST_SOMETHING", meant: undefined },
  ]);
});
