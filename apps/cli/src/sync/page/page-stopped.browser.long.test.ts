import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { type Page, useBrowser } from "@holdfast/tools/testing-browser";
import { axeProblems } from "@holdfast/web/testing/axe";
import type { ControlChannel } from "../control-channel.ts";
import type { KnownSync } from "../known-syncs.ts";
import { lastStatus, saveLastStatus } from "../last-status.ts";
import { ShownConfiguration } from "./testing-syncs.ts";

const configuration = new ShownConfiguration();
let stopped: KnownSync;
let channel: ControlChannel;
let page: Page;
let complaints: readonly string[];
const browser = useBrowser({ width: 390, height: 900 });
const deletion = { id: "a", what: "deletion", path: "song.mp3", side: "server", kind: "file", bytes: 7 } as const;

before(async () => {
  ({ channel } = await configuration.add("Drive"));
  stopped = await configuration.addStopped("Music");
});
after(() => configuration.close());
beforeEach(() => {
  ({ page, complaints } = browser);
});

test("deletions of a stopped sync are answered for its next start", async () => {
  const { report } = await lastStatus(stopped);
  await saveLastStatus(stopped.folder, { report: { ...report, deletions_waiting: 1 }, deletions: [deletion] });
  await page.goto(channel.pageUrl);
  const waiting = page.getByRole("region", { name: "Music", exact: true }).locator(".deletions");
  await waiting.getByText("Your answer will be applied when it starts.").waitFor();
  await waiting.getByRole("button", { name: "Restore them" }).click();
  await waiting.waitFor({ state: "hidden" });
  assert.deepEqual((await lastStatus(stopped)).deletions, []);
  assert.deepEqual(complaints, []);
});

test("approved deletions of a stopped sync are shown, and can be undone until its next start", async () => {
  const { report } = await lastStatus(stopped);
  const answers = [{ action: "approve" as const, answered: [deletion] }];
  await saveLastStatus(stopped.folder, { report, deletions: [], answers });
  await page.goto(channel.pageUrl);
  const approved = page.getByRole("region", { name: "Music", exact: true }).locator(".approved");
  await approved.getByRole("heading", { name: "1 deletion approved; deleted at the next sync" }).waitFor();
  await approved.getByText("song.mp3 approved; deleted on the server at the next sync").waitFor();
  assert.deepEqual(await axeProblems(page), []);
  await approved.getByRole("button", { name: "Restore them" }).click();
  await approved.waitFor({ state: "hidden" });
  assert.deepEqual((await lastStatus(stopped)).answers, []);
  assert.deepEqual(complaints, []);
});
