import assert from "node:assert/strict";
import { test } from "node:test";
import { zstdCompressSync } from "node:zlib";
import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import type { Route } from "@holdfast/protocol/route";
import { routes, routeUrl } from "@holdfast/protocol/routes";
import { z } from "zod";
import { until } from "@holdfast/tools/bounded";
import { ByteBudget } from "../../packs/write/byte-budget.ts";
import type { Handlers } from "./handler.ts";
import { validate } from "./json-body.ts";
import { asUser, startTestServer } from "../testing.ts";

const json = { "content-type": "application/json" };

test("every open route with a JSON body rejects long and compressed bodies", async (t) => {
  const refuse = () => {
    throw new HoldfastError("forbidden", "The handler was reached.");
  };
  const open = (Object.entries(routes) as [string, Route][]).filter(
    ([, route]) => route.access === "open" && route.bodyKind === "json",
  );
  assert.ok(open.length >= 3);
  const server = await startTestServer(Object.fromEntries(open.map(([name]) => [name, refuse])) as Handlers);
  t.after(() => server.close(0));
  for (const [name, route] of open) {
    const send = async (body: Uint8Array | string, headers: object = {}) => {
      const answer = await fetch(server.url + routeUrl(route), {
        method: route.method,
        headers: { ...json, origin: server.url, ...headers },
        body: body as NonNullable<RequestInit["body"]>,
      });
      return ((await answer.json()) as { code: string }).code;
    };
    const text = JSON.stringify({
      email: "a@example.org",
      password: "12345678",
      new_password: "12345678",
      name: "a",
      refresh_token: "r",
      token: "t",
      reason: "other",
      device_secret: "s",
      device_name: "d",
      device_code: "c",
      content_ids: [],
      removed: 0,
      kept: 0,
      ticket: "t",
      state: "s",
      code: "c",
      sign_out_request: "r",
    });
    assert.equal(await send(text.padEnd(limits.requestOpenBytesMax)), "forbidden", name);
    assert.equal(await send(text.padEnd(limits.requestOpenBytesMax + 1)), "too_large", name);
    const chunked = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(Buffer.alloc(8192, " ")),
    });
    const endless = await fetch(server.url + routeUrl(route), {
      method: route.method,
      headers: { ...json, origin: server.url },
      body: chunked,
      duplex: "half",
    });
    assert.equal(endless.status, 413, name);
    assert.equal(await send(zstdCompressSync(text), { "content-encoding": "zstd" }), "unsupported_media_type", name);
  }
});

test("validation of a list stops at its first invalid entries", () => {
  let looks = 0;
  const entries = new Proxy(
    Array.from({ length: 100_000 }, () => 1),
    {
      get: (target, key, receiver) => {
        if (typeof key === "string" && /^\d+$/.test(key)) looks += 1;
        return Reflect.get(target, key, receiver) as unknown;
      },
    },
  );
  for (const entry of [z.string(), z.union([z.string(), z.object({ a: z.string() })]), z.object({ a: z.string() })]) {
    looks = 0;
    assert.throws(() => validate(z.object({ a: z.array(entry) }), { a: entries }, "body"), { field: /^a\[0\]/ });
    assert.ok(looks <= 10, `${looks} entries were looked at`);
  }
});

test("the total size of bodies decoded at once is limited, and all are served in turn", async (t) => {
  let [running, most] = [0, 0];
  const gate = Promise.withResolvers<void>();
  const server = await startTestServer({
    fetchBlocks: async () => {
      running += 1;
      most = Math.max(most, running);
      await gate.promise;
      running -= 1;
      return { status: 200, bytes: "done" };
    },
    queryNodes: () => ({ status: 200, json: { items: [] } }),
  });
  t.after(() => server.close(0));
  const post = (path: string, body: Uint8Array) =>
    fetch(`${server.url}/api/v1${path}`, {
      method: "POST",
      headers: { ...asUser, ...json, "content-encoding": "zstd" },
      body: body as NonNullable<RequestInit["body"]>,
    });
  const large = zstdCompressSync(Buffer.from('{"items":[]}'.padEnd(limits.requestJsonBytesMax)));
  const count = 10;
  const answers = Array.from({ length: count }, () => post("/blocks/fetch", large));
  const together = Math.floor(limits.jsonBytesAtOnceMax / limits.requestJsonBytesMax);
  await until("as many run as may together", () => running >= together);
  // Short bodies pass while the others wait. By then, the others have arrived.
  for (let short = 0; short < 30; short += 1) {
    assert.equal((await post("/nodes/query", zstdCompressSync('{"ids":[]}'))).status, 200);
  }
  gate.resolve();
  for (const answer of await Promise.all(answers)) assert.equal(await answer.text(), "done");
  assert.equal(most, together);
});

test("a byte budget serves in order, and a repeated release counts once", async () => {
  const budget = new ByteBudget(10);
  const order: string[] = [];
  const first = await budget.take(8);
  const waiting = [5, 99, 1].map(async (sizeBytes) => {
    const release = await budget.take(sizeBytes);
    order.push(String(sizeBytes));
    release();
  });
  first();
  first();
  await Promise.all(waiting);
  assert.deepEqual(order, ["5", "99", "1"]);
  const all = await budget.take(10);
  let isFree = false;
  const next = budget.take(1).then(() => (isFree = true));
  await Promise.resolve();
  assert.equal(isFree, false);
  all();
  await next;
});
