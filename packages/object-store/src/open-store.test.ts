import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { SimulatedDisk } from "@holdfast/disk/simulated-disk";
import { openStore } from "./open-store.ts";
import type { OpenStoreOptions } from "./open-store.ts";
import { testStore } from "./store-conformance.ts";
import { startS3rver } from "./testing-s3-server.ts";
import type { MeteredCall } from "./with-meter.ts";

function makeOptions(changed: Partial<OpenStoreOptions> = {}): OpenStoreOptions {
  return {
    disk: new SimulatedDisk(),
    randomBytes,
    random: () => 0.5,
    nowMs: () => 1_700_000_000_000,
    monotonicMs: () => 0,
    sleep: async () => undefined,
    environment: {},
    ...changed,
  };
}

testStore("a folder with all its wrappers", () => openStore("/data/store", makeOptions()));

test("a temporary failure of the disk is retried, and metered as one call", async () => {
  let failures = 2;
  const disk = new SimulatedDisk({ onCall: ({ name }) => (name === "datasync" && failures-- > 0 ? "EIO" : undefined) });
  const calls: MeteredCall[] = [];
  const waits: number[] = [];
  const sleep = async (delayMs: number): Promise<void> => void waits.push(delayMs);
  const store = await openStore("/store", makeOptions({ disk, sleep, onCall: (call) => calls.push(call) }));
  await store.put("a", Buffer.from("xyz"));
  assert.deepEqual(waits, [50, 100]);
  assert.deepEqual(calls, [{ operation: "put", outcome: "ok", sizeBytes: 3, durationMs: 0 }]);
});

test("calls to a frozen S3 server are rejected, until it answers again", async (t) => {
  const server = await startS3rver();
  t.after(() => server.stop());
  const { bucket, endpoint = "" } = server.locationOf("");
  const { accessKeyId, secretAccessKey } = server.credentials;
  let nowMs = 0;
  const outages: boolean[] = [];
  const options = makeOptions({
    environment: { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey },
    monotonicMs: () => nowMs,
    onOutage: (reason) => outages.push(reason !== undefined),
  });
  const place = `s3://${bucket}/?endpoint=${endpoint}&region=us-east-1&path_style=true`;
  const store = await openStore(place, options);
  await store.put("a", Buffer.from("xyz"));
  server.pause();
  const waiting = store.get("a");
  await new Promise((resolve) => void setImmediate(resolve));
  nowMs += 10_000;
  await assert.rejects(store.get("a"), { code: "unavailable", retryAfterSeconds: 3 });
  assert.deepEqual(outages, [true]);
  server.resume();
  assert.equal(Buffer.from(await waiting).toString(), "xyz");
  assert.equal(Buffer.from(await store.get("a")).toString(), "xyz");
  assert.deepEqual(outages, [true, false]);
});

test("an invalid address is rejected immediately", async () => {
  await assert.rejects(openStore("s3://bucket?regoin=x", makeOptions()), { code: "usage" });
});
