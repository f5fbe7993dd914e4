import assert from "node:assert/strict";
import { Agent } from "node:http";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { routes } from "@holdfast/protocol/routes";
import { seed } from "@holdfast/tools/properties";
import { isLongTier } from "@holdfast/tools/tiers";
import type { Handlers, RequestContext } from "./handler.ts";
import { malformedRequests, sendMalformed } from "./malformed-requests.ts";
import { speakRaw, startTestServer } from "../testing.ts";

const count = isLongTier ? 10_000 : 1500;

async function readAll(context: RequestContext): Promise<never> {
  context.conditions({ size: 1 });
  for await (const bytes of context.stream as AsyncIterable<Buffer>) assert.ok(bytes.length > 0);
  throw new HoldfastError("not_found", "There is nothing here.");
}

test("malformed requests to all routes get 4xx responses only", async (t) => {
  t.diagnostic(`HOLDFAST_SEED=${seed}`);
  const handlers = Object.fromEntries(Object.keys(routes).map((name) => [name, readAll])) as unknown as Handlers;
  const server = await startTestServer(handlers);
  t.after(() => server.close(0));
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  t.after(() => agent.destroy());
  const requests = malformedRequests(seed, count, "Bearer admin-token");
  const statuses = new Map<number, number>();
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      for (const request of requests) {
        const status = await sendMalformed(server.url, request, agent);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        assert.ok(
          status >= 400 && status < 500,
          `HOLDFAST_SEED=${seed}: ${status} for ${request.method} ${request.path}`,
        );
      }
    }),
  );
  // If all statuses were equal, the requests would not pass authentication.
  assert.ok(
    (statuses.get(404) ?? 0) > count / 20 && (statuses.get(422) ?? 0) > count / 20,
    JSON.stringify([...statuses]),
  );
});

test("bytes that are not HTTP get 400 or no response, and the server continues", async (t) => {
  const server = await startTestServer({ live: () => ({ status: 200, json: { status: "ok" } }) });
  t.after(() => server.close(0));
  const broken = [
    "\0\0\0\0",
    "GET / HTTP/9.9\r\n\r\n",
    "GET /healthz HTTP/1.1\r\n\r\n",
    "POST /api/v1/blocks HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n",
    "POST /api/v1/blocks HTTP/1.1\r\nhost: a\r\ncontent-length: -5\r\n\r\n",
    "POST /api/v1/blocks HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n",
    "GET /healthz HTTP/1.1\r\nhost: a\r\nbad header: x\r\n\r\n",
    `GET /${"a".repeat(30_000)} HTTP/1.1\r\nhost: a\r\n\r\n`,
  ];
  for (const text of broken) {
    const answer = await speakRaw(server.port, text);
    assert.match(answer, /^(HTTP\/1\.1 4\d\d |$)/, JSON.stringify(text.slice(0, 60)));
  }
  assert.equal((await fetch(`${server.url}/healthz`)).status, 200);
});
