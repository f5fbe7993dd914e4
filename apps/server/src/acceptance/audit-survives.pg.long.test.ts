import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { AuditEntryJson, AuditVerificationJson } from "@holdfast/protocol/audit-routes";
import { administrator, Api, makeFolder, ok, removeFolder, type ServerProcess, spawnServer } from "./testing.ts";
import { startTwoServers } from "./two-servers.ts";

async function verified(api: Api): Promise<AuditVerificationJson> {
  return (await ok(api, "POST", "/admin/audit/verify", {})) as AuditVerificationJson;
}

async function listed(api: Api, since: string): Promise<AuditEntryJson[]> {
  return (await ok(api, "GET", `/admin/audit?limit=5000&from=${since}`)).items as AuditEntryJson[];
}

const quotasIn = (entries: readonly AuditEntryJson[]) =>
  entries.flatMap(({ action, detail }) => (action === "user.change" ? [detail?.["quota_bytes"]] : []));

const setQuota = (api: Api, bytes: number) =>
  ok(api, "PATCH", `/admin/users/${administrator.email}`, { quota_bytes: bytes });

describe("Audit log of a killed server", () => {
  const folder = makeFolder("audit-killed");
  let server: ServerProcess;

  before(async () => {
    server = await spawnServer({ dataFolder: `${folder}/data` });
  });
  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  test("is intact, has every acknowledged change of a quota and records the kill", async () => {
    const since = new Date().toISOString();
    const acknowledged: number[] = [];
    const traffic = async (lane: number, api: Api, enough: () => void) => {
      for (let number = 1; number < 100_000; number += 1) {
        await ok(api, "GET", "/folders/root/contents");
        const bytes = 1_000_000_000 + lane * 1_000_000 + number;
        await setQuota(api, bytes);
        acknowledged.push(bytes);
        if (acknowledged.length >= 60) enough();
      }
    };
    const reached = Promise.withResolvers<void>();
    const apis = await Promise.all([0, 1, 2, 3].map(() => Api.signIn(server.url)));
    const lanes = apis.map((api, lane) => traffic(lane, api, reached.resolve).catch(() => {}));
    await reached.promise;
    await server.kill();
    await Promise.all(lanes);
    server = await spawnServer({ dataFolder: `${folder}/data`, port: server.port });
    const admin = await Api.signIn(server.url);
    const { ok: isWhole, entries, chains } = await verified(admin);
    assert.equal(isWhole, true, JSON.stringify(chains));
    assert.ok(entries >= acknowledged.length);
    const told = await listed(admin, since);
    const quotas = new Set(quotasIn(told));
    assert.deepEqual(
      acknowledged.filter((bytes) => !quotas.has(bytes)),
      [],
    );
    const ends = told.map(({ action }) => action).filter((action) => action.startsWith("server."));
    assert.deepEqual(ends, ["server.start"], "no server.stop stands before it");
  });
});

describe("Audit log of two servers", () => {
  test("is one chain with the entries of both", async () => {
    const started = await startTwoServers("audit-two");
    try {
      const since = new Date().toISOString();
      const apis = await Promise.all(started.servers.map(({ url }) => Api.signIn(url)));
      await Promise.all(
        apis.map(async (api, which) => {
          for (let number = 0; number < 40; number += 1) {
            await ok(api, "GET", "/folders/root/contents");
            await setQuota(api, 1_000_000_000 + 2 * number + which);
          }
        }),
      );
      for (const api of apis) {
        const { ok: isWhole, chains } = await verified(api);
        assert.deepEqual([isWhole, chains.length], [true, 1], JSON.stringify(chains));
      }
      const quotas = quotasIn(await listed(apis[0]!, since)).map((bytes) => Number(bytes) - 1_000_000_000);
      assert.deepEqual(
        quotas.toSorted((left, right) => left - right),
        Array.from({ length: 80 }, (_, number) => number),
      );
    } finally {
      await started.stop();
    }
  });
});
