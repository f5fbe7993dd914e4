import assert from "node:assert/strict";
import { test } from "node:test";
import { ok } from "@holdfast/server/acceptance/testing";
import { heapWithoutCode } from "../../../testing/heap.ts";
import { testApp } from "../../../testing/test-app.ts";
import { walkAbout, walkedFolders } from "../../../testing/walk-about.ts";

const app = testApp();

test("two hundred navigations leave no more memory behind than the first few", async (t) => {
  for (const name of walkedFolders) {
    await ok(app.api, "POST", "/metadata", { path: `/${name}`, kind: "folder" });
    await app.api.put(`/${name}/in ${name} 0.txt`, name);
  }
  await app.signIn();
  await app.open("/files");
  // The engine's own data about functions still grows by 7 % after 60 navigations, and by 1 % per 100 after 160.
  await walkAbout(app.page, 160);
  const before = await heapWithoutCode(app.page);
  await walkAbout(app.page, 200);
  const after = await heapWithoutCode(app.page);
  t.diagnostic(`${JSON.stringify(before)} to ${JSON.stringify(after)}`);
  assert.ok(after.bytes < before.bytes * 1.05, `${before.bytes} bytes have become ${after.bytes}`);
  // Tolerance for a poll or thumbnail in progress.
  assert.ok(after.nodes <= before.nodes + 50, `${before.nodes} nodes have become ${after.nodes}`);
  assert.ok(after.listeners <= before.listeners + 20, `${before.listeners} listeners have become ${after.listeners}`);
});
