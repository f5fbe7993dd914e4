import assert from "node:assert/strict";
import { test } from "node:test";
import { fixedToken } from "@holdfast/api-client/access-tokens";
import type { TransportRequest } from "@holdfast/api-client/transport";
import { Acts } from "./acts.ts";
import { DriveClient } from "./drive-client.ts";
import { type TestAnswer, testClientOptions } from "./testing.ts";

function world(...answers: readonly TestAnswer[]) {
  let isAway = false;
  const sent: TransportRequest[] = [];
  const answer = (request: TransportRequest): TestAnswer => {
    sent.push(request);
    return answers[Math.min(sent.length, answers.length) - 1] ?? "cut";
  };
  const reach = {
    getSnapshot: () => isAway,
    subscribe: () => () => {},
    tryNow: () => {},
  };
  const options = testClientOptions(answer, fixedToken("t"));
  const retry = { ...options.retry, attemptsMax: 6, patienceMs: 30_000 };
  const random = (bytes: number) => crypto.getRandomValues(new Uint8Array(bytes));
  const client = new DriveClient({ ...options, retry, random }, () => ({ reach, acts: () => Promise.resolve(acts) }));
  const acts = new Acts({ client, reach, wait: () => Promise.resolve(), nowMs: () => 0, jitter: () => 0 });
  return { client, sent, setAway: (next: boolean) => void (isAway = next) };
}

const params = { id: "f1" };
const done: TestAnswer = { status: 200, json: { results: [] } };

test("changes are refused unsent while the server is away, and other calls are tried once", async () => {
  const { client, sent, setAway } = world(done, "cut");
  await client.call("getNode", { params });
  setAway(true);
  const refusal = { code: "unreachable", body: { network: "AWAY" } };
  await assert.rejects(client.call("deletePermission", { params }), refusal);
  await assert.rejects(client.call("starNode", { params }), refusal);
  await assert.rejects(client.call("getNode", { params }), { code: "unreachable" });
  assert.deepEqual(
    sent.slice(1).map(({ path }) => path),
    ["/healthz", "/healthz", "/api/v1/files/f1"],
  );
});

test("a change whose connection broke is retried as the same request, also over plain http", async (t) => {
  t.mock.method(crypto, "randomUUID", () => assert.fail("It exists only over https."));
  const { client, sent } = world("cut", "cut", { status: 204 });
  await client.call("deletePermission", { params });
  const keys = sent.map(({ headers }) => headers["idempotency-key"]);
  assert.equal(keys.length, 3);
  assert.equal(new Set(keys).size, 1);
  assert.match(keys[0] ?? "", /^[0-9a-f]{32}$/);
});

test("a batch keeps the IDs of its operations when it is sent again", async () => {
  const { client, sent } = world("cut", done);
  const operations = [{ op: "delete" as const, file_id: "f1", operation_id: "a".repeat(32) }];
  await client.call("syncDelta", { body: { operations } });
  assert.equal(sent.length, 2);
  assert.equal(sent[0]?.body, sent[1]?.body);
});

test("a new link is requested only once, because each request would create another", async () => {
  for (const [answer, code] of [
    ["cut", "unreachable"],
    [{ status: 503, json: { code: "unavailable" } }, "unavailable"],
  ] as const) {
    const { client, sent } = world(answer);
    const body = { link: true as const, role: "viewer" as const };
    await assert.rejects(client.call("shareNode", { params, body }), { code });
    assert.equal(sent.length, 1);
  }
});
