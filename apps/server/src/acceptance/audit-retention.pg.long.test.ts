import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { AuditEntryJson } from "@holdfast/protocol/audit-routes";
import { Api, eventually, makeFolder, ok, removeFolder, startServer } from "./testing.ts";

const folder = makeFolder("audit-retention");
after(() => removeFolder(folder));

test("old audit entries expire automatically with an audit entry, and the rest still verifies", async () => {
  const server = await startServer({ dataFolder: `${folder}/data`, env: { HOLDFAST_RETENTION_AUDIT: "1s" } });
  try {
    const admin = await Api.signIn(server.url);
    const began = Date.now();
    // The job runs within 15 s of the start and then each minute.
    const told = await eventually("entries have gone", 180_000, async () => {
      const { items } = await ok(admin, "GET", "/admin/audit?limit=5000");
      return (items as AuditEntryJson[]).find(({ action }) => action === "audit.expire");
    });
    assert.ok((told.count ?? 0) >= 1);
    const { ok: isWhole, from, chains } = await ok(admin, "POST", "/admin/audit/verify", {});
    assert.equal(isWhole, true, JSON.stringify(chains));
    assert.ok(Date.parse(from) > began - 60_000);
    const { items } = await ok(admin, "GET", "/admin/audit?limit=5000");
    assert.ok(items.length > 0);
    assert.ok((items as AuditEntryJson[]).every(({ seq }) => seq > (told.count ?? 0)));
  } finally {
    await server.stop();
  }
});
