import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { probeFolder } from "@holdfast/synced-folder/probe-folder";
import { requireAbilities, slotKeyOf } from "./root-abilities.ts";

test("the filesystem of this machine has the features that a sync needs", () => {
  const root = mkdtempSync(join(tmpdir(), "holdfast-abilities-"));
  requireAbilities(root, probeFolder(root));
  rmSync(root, { recursive: true });
});

test("a filesystem that changes names is rejected before its changes count as edits", () => {
  const attempt = (): void => requireAbilities("/media/usb", { keepsNames: false });
  assert.throws(attempt, { message: /\/media\/usb .* changes the letters of names/ });
});

test("on a case-folding disk, two names that differ only in case share a slot", () => {
  const [folding, plain] = [slotKeyOf({ foldsCase: true }), slotKeyOf({ foldsCase: false })];
  assert.equal(folding("É.txt"), folding("e\u0301.TXT"));
  assert.notEqual(plain("a"), plain("A"));
  assert.equal(plain("\u00e9"), plain("e\u0301"));
});
