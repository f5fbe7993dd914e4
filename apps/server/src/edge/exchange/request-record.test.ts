import assert from "node:assert/strict";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import type { AuditEntry, Recorded } from "../../care/audit/audit-entry.ts";
import type { AuditLog } from "../../care/audit/audit-log.ts";
import { startTestServer } from "../testing.ts";

const away = new HoldfastError("unavailable", "not now", { retryAfterSeconds: 1 });

function fakeAudit(fails: { readonly durably?: boolean; readonly room?: boolean } = {}) {
  const told: (readonly [string, AuditEntry])[] = [];
  const take =
    (how: string) =>
    ({ entry }: Recorded) =>
      void told.push([how, entry]);
  const audit: AuditLog = {
    record: take("soon"),
    recordRepeated: take("repeated"),
    recordDurably: async (recorded) => {
      take("durably")(recorded);
      if (fails.durably === true) throw away;
    },
    assertRoom: () => {
      if (fails.room === true) throw away;
    },
    close: async () => {},
  };
  return { audit, told };
}

const brief = (told: readonly (readonly [string, AuditEntry])[]) =>
  told.map(([how, { action, result, node_ids: ids, target }]) => [how, action, result, ids?.join() ?? target]);

test("every request leaves one audit entry, whatever its result", async () => {
  const { audit, told } = fakeAudit();
  const server = await startTestServer(
    {
      getNode: ({ params, note }) => {
        note({ detail: { known: true } });
        throw new HoldfastError("not_found", `No ${params.id}.`);
      },
      deleteToken: async () => ({ status: 204 }),
      live: async () => ({ status: 200, json: { status: "ok" } }),
    },
    { audit },
  );
  try {
    const get = (path: string, method: string, authorization?: string) =>
      fetch(`${server.url}${path}`, { method, headers: authorization === undefined ? {} : { authorization } });
    const bearer = "Bearer user-token";
    assert.equal((await get("/api/v1/files/some", "GET", bearer)).status, 404);
    assert.equal((await get("/api/v1/files/some", "GET", "Bearer wrong")).status, 401);
    assert.equal((await get("/api/v1/tokens/some", "DELETE", bearer)).status, 204);
    assert.equal((await get("/healthz", "GET")).status, 200);
    assert.equal((await get("/api/v1/none", "GET", bearer)).status, 404);
    assert.deepEqual(brief(told), [
      ["soon", "file.look", "not_found", "some"],
      ["repeated", "file.look", "unauthenticated", "some"],
      ["durably", "token.delete", "ok", "some"],
    ]);
    assert.deepEqual(told[0]?.[1].detail, { known: true });
    assert.equal(told[0]?.[1].address, "127.0.0.1");
  } finally {
    await server.close();
  }
});

test("a request whose durable audit entry fails gets 503, and is recorded once", async () => {
  const { audit, told } = fakeAudit({ durably: true });
  const server = await startTestServer({ deleteToken: async () => ({ status: 204 }) }, { audit });
  try {
    const headers = { authorization: "Bearer user-token" };
    const answer = await fetch(`${server.url}/api/v1/tokens/some`, { method: "DELETE", headers });
    assert.deepEqual([answer.status, answer.headers.get("retry-after")], [503, "1"]);
    assert.deepEqual(brief(told), [["durably", "token.delete", "ok", "some"]]);
  } finally {
    await server.close();
  }
});

test("no request starts while the audit is full", async () => {
  const { audit, told } = fakeAudit({ room: true });
  let calls = 0;
  const handler = async () => {
    calls += 1;
    return { status: 204 as const };
  };
  const live = async () => ({ status: 200 as const, json: { status: "ok" as const } });
  const server = await startTestServer({ deleteToken: handler, live }, { audit });
  try {
    const headers = { authorization: "Bearer user-token" };
    assert.equal((await fetch(`${server.url}/api/v1/tokens/some`, { method: "DELETE", headers })).status, 503);
    assert.equal((await fetch(`${server.url}/healthz`)).status, 200);
    assert.deepEqual([calls, told.length], [0, 0]);
  } finally {
    await server.close();
  }
});

test("a request for many nodes leaves several entries, and only the first has the count", async () => {
  const { audit, told } = fakeAudit();
  const ids = Array.from({ length: 2 * limits.batchOperationsMax + 1 }, (_, index) => `node ${index}`);
  const server = await startTestServer(
    {
      getNode: ({ note }) => {
        note({ nodeIds: ids, count: 7 });
        throw new HoldfastError("not_found", "None of them.");
      },
    },
    { audit },
  );
  try {
    await fetch(`${server.url}/api/v1/files/first`, { headers: { authorization: "Bearer user-token" } });
    const entries = told.map(([, entry]) => entry);
    assert.deepEqual(
      entries.map(({ action, count, node_ids: nodes }) => [action, count, nodes?.length]),
      [
        ["file.look", 7, limits.batchOperationsMax],
        ["file.look", undefined, limits.batchOperationsMax],
        ["file.look", undefined, 2],
      ],
    );
    assert.deepEqual(
      entries.flatMap(({ node_ids: nodes = [] }) => nodes),
      ["first", ...ids],
    );
    assert.equal(new Set(entries.map(({ request_id: id }) => id)).size, 1);
  } finally {
    await server.close();
  }
});
