import assert from "node:assert/strict";
import { test } from "node:test";
import type { PermissionJson } from "@holdfast/protocol/sharing-routes";
import { enLater } from "../../messages/en-later.ts";
import { en } from "../../messages/en.ts";
import { makeMessages } from "../../messages/messages.ts";
import { accessWords } from "./access.ts";

const given = (kind: PermissionJson["grantee"]["kind"], more: Partial<PermissionJson> = {}): PermissionJson => ({
  id: "permission",
  node_id: "node",
  grantee: { kind },
  role: "viewer",
  expires_at: null,
  created_by: "owner",
  created_at: "2026-11-28T20:00:00Z",
  ...more,
});
const words = makeMessages({ ...en, ...enLater }, "en-GB");
const above = { inherited_from: "folder" };

test("the access summary counts everyone with access, also through a folder above", () => {
  const shown = (...permissions: readonly PermissionJson[]) => accessWords(permissions, words);
  assert.equal(shown(), "Only you");
  assert.equal(shown(given("link", { app: true }), given("link", { disabled: true })), "Only you");
  assert.equal(shown(given("user"), given("link", above)), "Shared with 1 person, 1 link");
  assert.equal(
    shown(given("user", above), given("pending", above), given("group", above), given("link", above)),
    "Shared through a parent folder: 2 people, 1 group, 1 link",
  );
  const ann = { grantee: { kind: "user", id: "ann" } } as const;
  assert.equal(shown(given("user", { ...ann, ...above }), given("user", ann), given("user")), "Shared with 2 people");
});
