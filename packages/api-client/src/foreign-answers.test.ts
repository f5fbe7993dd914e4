import assert from "node:assert/strict";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { type RouteFacts, routeTable } from "@holdfast/protocol/route-table";
import type { RouteName } from "@holdfast/protocol/routes";
import { fixedToken } from "./access-tokens.ts";
import { readBySchemas } from "./answer-schemas.ts";
import { promised, readByIds } from "./answer.ts";
import { ApiClient } from "./api-client.ts";

interface Foreign {
  readonly status: number;
  readonly type?: string;
  readonly body?: string;
}

const page = { type: "text/html; charset=utf-8", body: "<html>Sign in to this network</html>" };
const foreignAnswers: Readonly<Record<string, Foreign>> = {
  "a redirect": { status: 302 },
  "a redirect with a page": { status: 302, ...page },
  "another redirect": { status: 307, type: "application/json", body: "{}" },
  "an empty 204": { status: 204 },
  "an empty response": { status: 200 },
  "an empty JSON response": { status: 200, type: "application/json" },
  "a page": { status: 200, ...page },
  "a page without a content type": { status: 200, body: page.body },
  "truncated JSON": { status: 200, type: "application/json", body: '{"items":[{"id"' },
  "a partial response": { status: 206, type: "text/plain", body: "1" },
  "a page of a proxy that requires a password": { status: 407, ...page },
  "a network that requires a sign-in": { status: 511, ...page },
  "a 401 of a network": { status: 401, ...page },
  "an empty 401": { status: 401 },
  "a 403 of a network": { status: 403, ...page },
  "a 404 of a network": { status: 404, ...page },
  "a 500 of a proxy": { status: 500, ...page },
};

function couldBeOurs(route: RouteFacts, { status, type, body }: Foreign): boolean {
  const kind = promised(route, status);
  return kind === "empty" || (kind === "bytes" && (type !== page.type || body === undefined));
}

const routes = (Object.entries(routeTable) as [RouteName, RouteFacts][]).filter(([, { outside }]) => outside !== true);

for (const [what, answer] of Object.entries(foreignAnswers)) {
  test(`${what} is reported on every route as not from the server, and ends no session`, async () => {
    const tokens = { ...fixedToken("secret"), renew: () => Promise.reject(new Error("The session was renewed.")) };
    for (const readAnswer of [readBySchemas, readByIds]) {
      for (const [name, route] of routes) {
        if (couldBeOurs(route, answer)) continue;
        const client = new ApiClient({ transport: answering(answer), tokens, random, retry, readAnswer });
        const params = Object.fromEntries([...route.path.matchAll(/:(\w+)/g)].map(([, key]) => [key, "x"]));
        const isBytes = route.answers?.includes("bytes") === true;
        const asked = isBytes ? client.open(name, { params }) : client.call(name, { params });
        await assert.rejects(asked, (thrown) => {
          assert.ok(thrown instanceof HoldfastError, `${name}: ${String(thrown)}`);
          const network = answer.status === 500 ? "FOREIGN_ONCE" : "FOREIGN";
          assert.deepEqual(
            [thrown.code, thrown.body["network"]],
            ["unreachable", network],
            `${name}: ${thrown.message}`,
          );
          const received = `(${answer.status}, ${answer.type ?? "no content type"}`;
          assert.ok(
            thrown.message.startsWith(
              `Something other than a Holdfast server answered ${route.method} ${route.path} ${received}`,
            ),
            thrown.message,
          );
          return true;
        });
      }
    }
  });
}

test("a proxy's errors about the server, and the server's own errors, keep their codes", async () => {
  const codes: unknown[] = [];
  for (const answer of [
    { status: 502, ...page },
    { status: 503, ...page },
    { status: 413, ...page },
    { status: 429, ...page },
    { status: 404, type: "application/problem+json", body: '{"code":"not_found"}' },
    { status: 401, type: "application/problem+json", body: '{"code":"second_factor"}' },
  ]) {
    const client = clientOf(answer);
    await assert.rejects(client.call("getAccount"), (thrown) => codes.push((thrown as HoldfastError).code) > 0);
  }
  assert.deepEqual(codes, ["unavailable", "unavailable", "too_large", "rate_limited", "not_found", "second_factor"]);
});

test("a request without retries is not repeated after a proxy's page, even if the server responded before", async () => {
  const paths: string[] = [];
  const real = answering({ status: 200, type: "application/json", body: '{"items":[]}' });
  const proxy = answering({ status: 500, ...page });
  const transport = {
    close: async () => {},
    send: (request: { readonly path: string }) => {
      paths.push(request.path);
      return request.path.includes("damaged") ? proxy.send() : real.send();
    },
  };
  const client = new ApiClient({
    transport,
    tokens: fixedToken("t"),
    random,
    retry: { ...retry, attemptsMax: 5, patienceMs: 60_000, wait: async () => assert.ok(paths.length < 10, "repeated") },
    readAnswer: readByIds,
  });
  await client.call("listStarred");
  await assert.rejects(client.call("listDamaged", { asksOnce: true }), { code: "unreachable" });
  assert.equal(paths.length, 2, String(paths));
});

test("an endless error response is recognized by its status", async () => {
  const body = "x".repeat(5 * 1024 * 1024);
  await assert.rejects(clientOf({ status: 503, type: "text/plain", body }).call("getAccount"), { code: "unavailable" });
});

test("an HTML file is downloaded", async () => {
  const answer = { status: 200, ...page, disposition: "attachment" };
  const client = clientOf(answer);
  assert.equal(String(Buffer.concat(await client.bytes("download", { params: { id: "x" } }, 1000))), page.body);
});

const random = (length: number) => new Uint8Array(length);
const retry = { clock: { nowMs: () => 0, nowMicros: () => 0 }, wait: async () => {}, attemptsMax: 1, patienceMs: 0 };

function clientOf(answer: Foreign & { readonly disposition?: string }): ApiClient {
  const transport = answering(answer);
  return new ApiClient({ transport, tokens: fixedToken("t"), random, retry, readAnswer: readByIds });
}

function answering({ status, type, body = "", disposition }: Foreign & { readonly disposition?: string }) {
  const headers = new Map([
    ["content-type", type],
    ["content-disposition", disposition],
  ]);
  async function* slices() {
    if (body !== "") yield Buffer.from(body);
  }
  return {
    close: async () => {},
    send: async () => ({ status, header: (name: string) => headers.get(name), body: slices() }),
  };
}
