import assert from "node:assert/strict";
import { test } from "node:test";
import { fixedToken } from "@holdfast/api-client/access-tokens";
import { readBySchemas } from "@holdfast/api-client/answer-schemas";
import { ApiClient } from "@holdfast/api-client/api-client";
import type { Transport, TransportRequest } from "@holdfast/api-client/transport";
import { HoldfastError } from "@holdfast/core/errors";
import { poll } from "./poll.ts";

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Runs one poll with one response. Time passes only while it is awaited. */
async function pollOnce(answer: Answer, timeoutMs: number) {
  const waits: number[] = [];
  const requests: TransportRequest[] = [];
  const transport: Transport = {
    close: async () => {},
    send: async (request) => {
      requests.push(request);
      const { status, headers = {}, body = "" } = answer;
      return { status, header: (name) => headers[name], body: slicesOf(body) };
    },
  };
  const wait = async (delayMs: number, signal?: AbortSignal): Promise<void> => {
    const isGrace = delayMs >= 10_000 && waits.length === 0 && requests.length === 0;
    if (isGrace) await new Promise((_, reject) => signal?.addEventListener("abort", () => reject(new Error("over"))));
    waits.push(delayMs);
  };
  const clock = { nowMs: () => 0, nowMicros: () => 0 };
  const retry = { clock, wait, attemptsMax: 1, patienceMs: 0 };
  const random = (lengthBytes: number): Uint8Array => new Uint8Array(lengthBytes);
  const client = new ApiClient({ transport, tokens: fixedToken("t"), random, retry, readAnswer: readBySchemas });
  const result = await poll({ client, wait, signal: new AbortController().signal }, "token", timeoutMs);
  return { result, waits, timeout: requests[0]?.headers["timeout"] };
}

async function* slicesOf(body: string): AsyncGenerator<Uint8Array> {
  if (body !== "") yield Buffer.from(body);
}

test("a poll requests its duration within the server's limits", async () => {
  for (const [timeoutMs, seconds] of [
    [55_000, "55"],
    [100, "1"],
    [3_600_000, "90"],
  ] as const) {
    assert.deepEqual(await pollOnce({ status: 204 }, timeoutMs), { result: false, waits: [], timeout: seconds });
  }
});

test("a server's requested pause is respected, with or without changes", async () => {
  const changed = { event_type: "file_update", file_id: "x", timestamp: "", changes: true, backoff: 7 };
  const woken = await pollOnce({ status: 200, body: JSON.stringify(changed) }, 60_000);
  assert.deepEqual([woken.result, woken.waits], [true, [7000]]);
  const over = await pollOnce({ status: 204, headers: { "retry-after": "4" } }, 60_000);
  assert.deepEqual([over.result, over.waits], [false, [4000]]);
  const endless = await pollOnce({ status: 204, headers: { "retry-after": "999999" } }, 60_000);
  assert.deepEqual(endless.waits, [300_000]);
});

test("an error response fails the poll itself", async () => {
  const body = JSON.stringify({ code: "reset", detail: "Another history.", reason: "epoch" });
  await assert.rejects(
    pollOnce({ status: 410, body }, 60_000),
    (thrown) => thrown instanceof HoldfastError && thrown.code === "reset" && thrown.body["reason"] === "epoch",
  );
});
