import assert from "node:assert/strict";
import { test } from "node:test";
import type { Transport, TransportAnswer } from "@holdfast/api-client/transport";
import { limitedTransport } from "./limited-transport.ts";

test("a limited connection counts transferred bytes, and content separately from JSON messages", async () => {
  async function* slices(count: number): AsyncGenerator<Uint8Array> {
    for (let each = 0; each < count; each += 1) yield new Uint8Array(1000);
  }
  const server: Transport = {
    close: () => Promise.resolve(),
    send: async ({ path, body }) => {
      if (typeof body === "object" && Symbol.asyncIterator in body) for await (const _ of body);
      const type = path === "/list" ? "application/json; charset=utf-8" : "application/octet-stream";
      return { status: 200, header: () => type, body: slices(3) } satisfies TransportAnswer;
    },
  };
  const traffic = { sentBytes: 0, receivedBytes: 0, contentBytes: 0 };
  const limited = limitedTransport(server, 1_000_000_000, traffic);
  const ask = async (path: string, contentType: string, body?: Uint8Array[] | string): Promise<void> => {
    const headers = { "content-type": contentType };
    const answer = await limited.send({ method: "POST", path, headers, body, signal: undefined });
    for await (const _ of answer.body);
  };
  await ask("/list", "application/json", JSON.stringify({ text: "a".repeat(5000) }));
  assert.equal(traffic.contentBytes, 0);
  await ask("/blocks", "application/vnd.holdfast.frames", [new Uint8Array(20_000)]);
  assert.equal(traffic.contentBytes, 23_000);
  assert.equal(traffic.receivedBytes, 6000);
  assert.ok(traffic.sentBytes > 25_000, `${traffic.sentBytes}`);
});
