import assert from "node:assert/strict";
import { test } from "node:test";
import { type ErrorCode, HoldfastError } from "@holdfast/core/errors";
import { QueryClient } from "@tanstack/query-core";
import type { Drive } from "./drive.ts";
import { viewerLink } from "./viewer-link.ts";

function driveWithLink(failure?: ErrorCode) {
  const link = { id: "link", node_id: "node", grantee: { kind: "link" }, role: "viewer", expires_at: null };
  const created: string[] = [];
  const answers: Readonly<Record<string, () => unknown>> = {
    listPermissions: () => ({ items: [link] }),
    readLinkAddress: () => {
      if (failure !== undefined) throw new HoldfastError(failure, "no address");
      return { url: "old" };
    },
    shareNode: () => {
      created.push("new");
      return { url: "new" };
    },
  };
  const call = async (route: string) => answers[route]?.();
  const queries = new QueryClient();
  queries.setQueryData(["permissions", "node"], []);
  const drive = { client: { call }, queries } as unknown as Drive;
  const isStale = () => queries.getQueryState(["permissions", "node"])?.isInvalidated;
  return { drive, created, isStale };
}

test("a link is created if no existing address can be read, and the permissions are read again", async () => {
  for (const failure of ["conflict", "forbidden", "not_found"] as const) {
    const { drive, created, isStale } = driveWithLink(failure);
    assert.equal(await viewerLink(drive, "node"), "new", failure);
    assert.deepEqual([created, isStale()], [["new"], true], failure);
  }
});

test("the address of an existing link is reused, and an unreachable server creates no second link", async () => {
  const existing = driveWithLink();
  assert.equal(await viewerLink(existing.drive, "node"), "old");
  assert.deepEqual([existing.created, existing.isStale()], [[], false]);
  for (const failure of ["unreachable", "unavailable", "rate_limited", "unauthenticated"] as const) {
    const { drive, created } = driveWithLink(failure);
    await assert.rejects(viewerLink(drive, "node"), { code: failure });
    assert.deepEqual(created, [], failure);
  }
});
