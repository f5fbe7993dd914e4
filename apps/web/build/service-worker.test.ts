import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { contentTag } from "./app-index.ts";
import { prepareApp } from "./prepare-app.ts";

test("the service worker lists every file of the app with its content tag, and nothing of the preview frame", async () => {
  const [folder = ""] = await prepareApp({ building: () => {}, signal: new AbortController().signal });
  const script = readFileSync(join(folder, "service-worker.js"), "utf8");
  const listed = new Map(
    [...script.matchAll(/\[[`"](\/assets\/[\w.-]+)[`"],[`"]([\w-]+)[`"]\]/g)].map(([, path, tag]) => [path, tag]),
  );
  assert.ok(listed.size > 30);
  for (const [path = "", tag] of listed) assert.equal(tag, contentTag(readFileSync(join(folder, path))), path);
  const page = readFileSync(join(folder, "index.html"), "utf8");
  for (const [path] of page.matchAll(/\/assets\/[\w.-]+/g)) assert.ok(listed.has(path), path);
  for (const part of ["first-", "upload.worker-", "cut.worker-", "de-", "settings-"])
    assert.ok(
      [...listed.keys()].some((path) => path?.startsWith(`/assets/${part}`)),
      part,
    );
  assert.deepEqual(
    [...listed.keys()].filter((path) => path?.includes("preview-frame")),
    [],
  );
  assert.ok(script.includes(contentTag(Buffer.from(page))), "the page itself");
});
