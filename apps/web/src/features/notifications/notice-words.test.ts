import assert from "node:assert/strict";
import { test } from "node:test";
import type { NotificationJson } from "@holdfast/protocol/notification-routes";
import { enLater } from "../../messages/en-later.ts";
import { en } from "../../messages/en.ts";
import { makeMessages } from "../../messages/messages.ts";
import { isGone, noticeWords, rewindOf, serverLines } from "./notice-words.ts";

const words = makeMessages({ ...en, ...enLater }, "en-GB");

function said(kind: NotificationJson["kind"], detail: object, more: Partial<NotificationJson> = {}): string {
  const notice = { id: "1", at: "2026-01-02T03:04:05Z", kind, read: false, detail: { ...detail }, ...more };
  return noticeWords(notice, words);
}

const ann = { actor: { id: "a", name: "Ann" }, node: { id: "n", name: "Trip" } };

test("each kind of notification is one line that names the person and item if they are visible", () => {
  assert.equal(said("share", { role: "viewer" }, ann), "Ann shared “Trip” with you");
  assert.equal(said("share", { role: "viewer" }), "Someone shared something with you");
  const transfer = { id: "t", name: "House", kind: "folder" };
  assert.equal(
    said("share", { role: "owner", transfer }, { actor: ann.actor }),
    "Ann wants to transfer “House” to you",
  );
  assert.equal(said("comment", {}, ann), "Ann commented on “Trip”");
  assert.equal(said("mention", {}, ann), "Ann mentioned you in “Trip”");
  assert.equal(said("watch", { count: 1, name: "a.txt", verbs: ["trashed"] }, ann), "Ann changed “a.txt”");
  assert.equal(said("watch", { count: 12, name: "a.txt" }, ann), "Ann changed 12 items in “Trip”");
  assert.equal(
    said("watch", { count: 70, deletions: true }, ann),
    "Ann deleted at least 70 files and folders in “Trip”",
  );
  assert.equal(said("quota", { percent: 95 }), "Your storage is 95% full");
  assert.equal(said("device", { name: "Firefox on Linux" }), "A new device has signed in: Firefox on Linux");
  const used = { security: "factor_code_used", name: "A recovery code was used" };
  assert.equal(said("device", used), "One of your recovery codes was used");
  assert.equal(said("device", { security: "factor_ended" }), "An administrator turned off your second factor");
  assert.equal(said("device", { security: "toString", name: "The tide was changed" }), "The tide was changed");
  assert.equal(said("report", { reason: "abuse" }), "A link was reported");
  const drill = { check: "drill", state: "fail" };
  assert.equal(said("server", drill), "Server problem: restore drill");
  assert.equal(said("server", { ...drill, state: "ok" }), "Resolved: restore drill");
  assert.equal(said("server", { check: "tides", state: "warn" }), "Server warning: tides");
});

test("a notification about an item without access is marked, an offer is not", () => {
  const notice = { id: "1", at: "2026-01-02T03:04:05Z", kind: "share" as const, read: false, detail: {} };
  assert.equal(isGone(notice), true);
  assert.equal(isGone({ ...notice, node: ann.node }), false);
  assert.equal(isGone({ ...notice, detail: { transfer: { id: "t", name: "House" } } }), false);
  assert.equal(isGone({ ...notice, kind: "device" }), false);
});

test("a guest's deletions link to the rewind of the folder to the moment before them", () => {
  const notice = { id: "1", at: "2026-01-02T03:04:05Z", kind: "watch" as const, read: false, node: ann.node };
  const moment = "2026-01-02T03:00:00Z";
  assert.deepEqual(rewindOf({ ...notice, detail: { deletions: true, moment } }), { id: "n", to: moment });
  assert.equal(rewindOf({ ...notice, detail: { moment } }), undefined);
  assert.equal(rewindOf({ ...notice, detail: { deletions: true, moment: 7 } }), undefined);
  const { node: _, ...unseen } = notice;
  assert.equal(rewindOf({ ...unseen, detail: { deletions: true, moment } }), undefined);
});

test("a notification kind of a newer server names its item", () => {
  const kind = "deletions" as unknown as NotificationJson["kind"];
  assert.equal(said(kind, {}, ann), "Update on “Trip”");
  assert.equal(said("toString" as unknown as NotificationJson["kind"], {}), "Update on “something”");
});

test("unexpected details do not throw", () => {
  for (const kind of ["share", "comment", "mention", "watch", "quota", "device", "report", "server"] as const) {
    assert.doesNotThrow(
      () => said(kind, { transfer: 7, security: [], count: "x", name: {}, percent: null, verbs: 1 }),
      kind,
    );
  }
});

test("a server notification shows its own text and advice", () => {
  const lines = (detail: object, kind: NotificationJson["kind"] = "server") =>
    serverLines({ id: "1", at: "2026-01-02T03:04:05Z", kind, read: false, detail: { ...detail } }, words);
  assert.deepEqual(lines({ detail: "/data: 1 GB free", advice: "Make room." }), [
    "/data: 1 GB free",
    "What to do: Make room.",
  ]);
  assert.deepEqual(lines({ detail: null, advice: null, was: "1 GB free" }), ["Problem: 1 GB free"]);
  assert.deepEqual(lines({ detail: 7, advice: {}, was: [] }), []);
  assert.deepEqual(lines({ detail: "of another kind" }, "watch"), []);
});
