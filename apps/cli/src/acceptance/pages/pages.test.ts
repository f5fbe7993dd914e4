import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { pages, readCommands } from "./page-commands.ts";

const elsewhere: Readonly<Record<string, string>> = {
  "docs/everyday.md": "everyday-page.pg.long.test.ts",
  "docs/accidents.md": "apps/server/src/acceptance/accidents-page.pg.long.test.ts",
  "docs/containers.md": "needs Docker, which the machines of the tests lack",
  "docs/kubernetes.md": "apps/server/src/acceptance/deploy checks the manifests; there is no cluster",
  "docs/regions.md": "apps/server/src/acceptance/regions.pg.test.ts, with two regions",
  "docs/format.md": "bytes, which packages/codec and apps/server hold by tests",
  "docs/sync.md": "a specification: what is indented there are rules",
};

function said(): string[] {
  const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith(".pg.long.test.ts"));
  const texts = files.map((name) => readFileSync(`${import.meta.dirname}/${name}`, "utf8"));
  return texts.flatMap((text) => [...text.matchAll(/^testPage\("([^"]+)"/gm)].map(([, page = ""]) => page));
}

test("each page with commands is run", () => {
  const run = said();
  assert.ok(run.length > 0);
  const having = pages.filter((page) => readCommands(page).length > 0);
  assert.deepEqual(
    having.filter((page) => !run.includes(page) && !(page in elsewhere)),
    [],
  );
});
