import assert from "node:assert/strict";
import { test } from "node:test";
import { routes, routeUrl } from "@holdfast/protocol/routes";
import type { Route } from "@holdfast/protocol/route";
import { z } from "zod";
import { operationHandlers } from "../../edge/operation/operation-handlers.ts";
import { startTestServer } from "../../edge/testing.ts";
import { errorTable, HoldfastError } from "@holdfast/core/errors";
import { openReadiness } from "./health.ts";
import { openMetrics } from "./metrics.ts";
import { makeOpenApi } from "./openapi.ts";

const api = makeOpenApi("1.2.3");

test("OpenAPI lists every route of the table, with the parameters of its path", () => {
  for (const [name, route] of Object.entries(routes) as [string, Route][]) {
    const path = routeUrl(route).replaceAll(/:([a-z_]+)/g, "{$1}");
    const operation = api.paths[path]?.[route.method.toLowerCase()];
    assert.equal(operation?.operationId, name);
    const named = (operation?.parameters ?? [])
      .filter((parameter) => parameter.in === "path")
      .map(({ name: own }) => own);
    assert.deepEqual(
      named,
      [...path.matchAll(/\{([a-z_]+)\}/g)].map((match) => match[1]),
    );
    for (const status of Object.keys(route.responses))
      assert.ok(operation?.responses[status] !== undefined, `${name} ${status}`);
  }
  const count = Object.values(api.paths).reduce((sum, operations) => sum + Object.keys(operations).length, 0);
  assert.equal(count, Object.keys(routes).length);
});

test("every OpenAPI reference resolves, and every schema is valid JSON Schema", () => {
  const seen: string[] = [];
  JSON.stringify(api, (key, value: unknown) => {
    if (key === "$ref") seen.push(String(value));
    return value;
  });
  assert.ok(seen.length > 20);
  for (const reference of seen) {
    const [, kind = "", name = ""] = /^#\/components\/(schemas|responses)\/([A-Za-z_.]+)$/.exec(reference) ?? [];
    assert.ok(Object.hasOwn(kind === "schemas" ? api.components.schemas : api.components.responses, name), reference);
  }
  for (const [name, schema] of Object.entries(api.components.schemas)) {
    const inlined = JSON.parse(
      JSON.stringify({ ...schema, $defs: api.components.schemas }).replaceAll("#/components/schemas/", "#/$defs/"),
    ) as Parameters<typeof z.fromJSONSchema>[0];
    assert.equal(z.fromJSONSchema(inlined).safeParse("no object").success, false, name);
  }
});

test("health, readiness, metrics and API documentation are served to their audiences", async (t) => {
  let broken = false;
  const metrics = openMetrics({
    stored: () => Promise.resolve({ used: 3000, stored: 2000 }),
    queue: () => Promise.resolve([{ kind: "mail", waiting: 3, dead: 2, oldestSeconds: 1.25 }]),
    waiting: () => Promise.resolve([{ place: "space", blocks: 7, bytes: 512 }]),
  });
  metrics.countersMended(4);
  let nowMs = 0;
  const database = () => (broken ? Promise.reject(new HoldfastError("unavailable", "it is down")) : Promise.resolve());
  const readiness = openReadiness({ database }, () => nowMs);
  const handlers = operationHandlers({ readiness, metrics, version: "1.2.3", roles: new Set(["worker"]) });
  const server = await startTestServer(handlers, { observe: metrics.observe });
  const proxied = await startTestServer(handlers, { proxyHops: 1 });
  t.after(() => Promise.all([server.close(0), proxied.close(0)]));
  const get = (url: string, authorization?: string) =>
    fetch(url, { headers: authorization === undefined ? {} : { authorization } });

  assert.deepEqual(await (await get(`${server.url}/healthz`)).json(), { status: "ok" });
  assert.deepEqual(await (await get(`${server.url}/readyz`)).json(), {
    status: "ok",
    checks: { database: "ok" },
    roles: ["worker"],
  });
  assert.equal((await get(`${server.url}/readyz?role=worker`)).status, 200);
  assert.equal((await get(`${server.url}/readyz?role=notify`)).status, 503);
  assert.equal((await get(`${server.url}/readyz?role=cook`)).status, 400);
  assert.deepEqual(await (await get(`${proxied.url}/readyz`)).json(), { status: "ok" });
  broken = true;
  nowMs = 1000;
  const unready = await get(`${proxied.url}/readyz`, "Bearer admin-token");
  assert.equal(unready.status, 503);
  assert.deepEqual(await unready.json(), {
    status: "unavailable",
    checks: { database: "it is down" },
    roles: ["worker"],
  });

  assert.equal((await get(`${proxied.url}/metrics`)).status, 404);
  assert.equal((await get(`${proxied.url}/metrics`, "Bearer user-token")).status, 404);
  assert.equal((await get(`${proxied.url}/metrics`, "Bearer admin-token")).status, 200);
  const text = await (await get(`${server.url}/metrics`)).text();
  assert.match(
    text,
    /http_request_duration_seconds_bucket\{le="0.005",method="GET",route="\/healthz",status="2xx",api="operation"\} \d/,
  );
  assert.match(text, /^deduplication_ratio 1.5$/m);
  assert.match(text, /^queue_waiting\{kind="mail"\} 3$/m);
  assert.match(text, /^queue_dead\{kind="mail"\} 2$/m);
  assert.match(text, /^queue_oldest_age_seconds\{kind="mail"\} 1.25$/m);
  assert.match(text, /^active_notification_connections 0$/m);
  assert.match(text, /^collection_waiting_blocks\{place="space"\} 7$/m);
  assert.match(text, /^collection_waiting_bytes\{place="space"\} 512$/m);
  assert.match(text, /^reference_counters_mended_total 4$/m);

  const page = await get(`${server.url}/api/docs`);
  const html = await page.text();
  assert.match(page.headers.get("content-security-policy") ?? "", /^default-src 'none'; style-src 'sha256-/);
  const packed = await fetch(`${server.url}/api/docs`, { headers: { "accept-encoding": "br" } });
  assert.deepEqual([packed.headers.get("content-encoding"), await packed.text()], ["br", html]);
  assert.ok(!/<script|src=|https?:\/\//.test(html.replaceAll(/<pre[^>]*>[^]*?<\/pre>/g, "")));
  for (const code of Object.keys(errorTable)) {
    const row = new RegExp(`<tr id="${code}">(.+)</tr>`).exec(html)?.[1] ?? "";
    assert.match(row, /<td>(?:<code>|[A-Z]).+\.<\/td>$/, code);
  }
  assert.equal(((await (await get(`${server.url}/api/openapi.json`)).json()) as typeof api).openapi, "3.1.0");
});
