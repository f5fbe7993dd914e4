import assert from "node:assert/strict";
import { randomBytes, randomInt } from "node:crypto";
import { rmSync } from "node:fs";
import { Agent } from "node:http";
import { test } from "node:test";
import { makeTestFolder } from "./db/testing.ts";
import { malformedRequests, sendMalformed } from "./http/malformed-requests.ts";
import { readConfig, serve } from "./main.ts";

const requestsMax = 10_000;
/** Well above what a heap varies by itself, far below what a leak of every request would be. */
const growthBytesMax = 64 * 1024 * 1024;

test("10,000 malformed requests to a whole server give 4xx, no 5xx and no growth of memory, and it serves on", async (t) => {
  const data = makeTestFolder();
  t.after(() => rmSync(data, { recursive: true, force: true }));
  const environment = {
    HOLDFAST_ADMIN_EMAIL: "a@example.org",
    HOLDFAST_ADMIN_PASSWORD: "correct horse battery",
    HOLDFAST_RATE_LIMIT_USER: "0",
    HOLDFAST_RATE_LIMIT_ADDRESS: "0",
    HOLDFAST_LOG_LEVEL: "silent",
  };
  const server = await serve(readConfig({ flags: { data, listen: "127.0.0.1:0" }, environment }));
  t.after(() => server.close());
  const signedIn = await fetch(`${server.url}/api/v1/sessions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email: "a@example.org", password: "correct horse battery" }),
  });
  const { access_token } = (await signedIn.json()) as { access_token: string };
  const authorization = `Bearer ${access_token}`;

  const seed = randomInt(2 ** 31);
  t.diagnostic(`seed ${seed}`);
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  t.after(() => agent.destroy());
  const failures: string[] = [];
  const run = async (requests: ReturnType<typeof malformedRequests>) => {
    for (const request of requests) {
      // These change the account that the test stands on, or start what is not to be started 200 times.
      if (["deleteCurrentSession", "adminRebuildIndex", "adminStartScrub"].includes(request.route)) continue;
      const status = await sendMalformed(server.url, request, agent);
      if (status >= 500 || status === 0)
        failures.push(`${status} ${request.method} ${request.path} ${request.body.toString("latin1").slice(0, 300)}`);
    }
  };
  const round = async (count: number) => {
    const requests = malformedRequests(seed, count, authorization);
    await Promise.all(Array.from({ length: 4 }, () => run(requests)));
    globalThis.gc?.();
    return process.memoryUsage().heapUsed;
  };
  const before = await round(requestsMax / 10);
  const after = await round(requestsMax);
  assert.deepEqual(failures, [], `seed ${seed}`);
  assert.ok(after - before < growthBytesMax, `the heap grew by ${after - before} bytes`);

  const content = randomBytes(100_000);
  const sent = await fetch(`${server.url}/api/v1/files/upload?uploadType=media&path=/after`, {
    method: "POST",
    headers: { authorization },
    body: content,
  });
  assert.equal(sent.status, 201, await sent.clone().text());
  const { id } = (await sent.json()) as { id: string };
  const got = await fetch(`${server.url}/api/v1/files/${id}/download`, { headers: { authorization } });
  assert.ok(Buffer.from(await got.arrayBuffer()).equals(content));
});
