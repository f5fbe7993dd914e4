import assert from "node:assert/strict";
import { test } from "node:test";
import { type ErrorCode, HoldfastError } from "@holdfast/core/errors";
import type { Drive } from "./drive.ts";
import { viewerLink } from "./viewer-link.ts";

const link = { id: "link", grantee: { kind: "link" }, role: "viewer", expires_at: null, has_password: false };

/** @param failure of reading the address of the link that exists */
function driveWith(failure: ErrorCode | undefined) {
  const called: string[] = [];
  const answers: Record<string, () => unknown> = {
    listPermissions: () => ({ items: [{ ...link, has_password: true }, link] }),
    readLinkAddress: () => {
      if (failure !== undefined) throw new HoldfastError(failure, "No.");
      return { url: "the same" };
    },
    shareNode: () => ({ url: "a new one" }),
  };
  const call = async (name: string) => {
    called.push(name);
    return answers[name]?.();
  };
  return { drive: { client: { call } } as unknown as Drive, called };
}

test("a link is created only if there is none whose address can be read", async () => {
  assert.equal(await viewerLink(driveWith(undefined).drive, "node"), "the same");
  for (const failure of ["forbidden", "conflict"] as const)
    assert.equal(await viewerLink(driveWith(failure).drive, "node"), "a new one");
  for (const failure of ["rate_limited", "unreachable"] as const) {
    const { drive, called } = driveWith(failure);
    await assert.rejects(viewerLink(drive, "node"), { code: failure });
    assert.deepEqual(called, ["listPermissions", "readLinkAddress"]);
  }
});
