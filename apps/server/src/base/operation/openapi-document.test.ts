import assert from "node:assert/strict";
import { test } from "node:test";
import { isErrorCode } from "@holdfast/core/errors";
import type { Route } from "@holdfast/protocol/route";
import { routeTags } from "@holdfast/protocol/route-tags";
import { routes, routeUrl } from "@holdfast/protocol/routes";
import { createConfig, lintFromString, logger } from "@redocly/openapi-core";
import type { z } from "zod";
import { makeOpenApi } from "./openapi.ts";

const api = makeOpenApi("1.2.3");
const table = Object.entries(routes) as [string, Route][];

function operationOf(route: Route) {
  const path = routeUrl(route).replaceAll(/:([a-z_]+)/g, "{$1}");
  const operation = api.paths[path]?.[route.method.toLowerCase()];
  assert.ok(operation !== undefined, path);
  return operation;
}

test("an independent OpenAPI validator finds no problem in the document", async () => {
  logger.output = () => true;
  const config = await createConfig({
    extends: ["recommended-strict"],
    rules: {
      // Ids never equal these words, and the router prefers the words.
      "no-ambiguous-paths": "off",
      // The only server is this one, under any name.
      "no-server-example.com": "off",
      // Pages and anonymous requests have no problem of their own.
      "operation-4xx-response": "off",
    },
  });
  const problems = await lintFromString({ source: JSON.stringify(api), config });
  const lines = problems.map(({ ruleId, message, location }) => `${ruleId}: ${message} ${location[0]?.pointer ?? ""}`);
  assert.deepEqual(lines, []);
});

test("every route has a described tag, a summary and described parameters", () => {
  const used = new Set<string>();
  for (const [name, route] of table) {
    const { tag } = route;
    assert.ok(tag !== undefined, `${name} has no tag`);
    used.add(tag);
    const { summary, tags, parameters = [] } = operationOf(route);
    assert.deepEqual(tags, [tag]);
    assert.ok(summary.length > 3, name);
    for (const { name: parameter, description } of parameters) assert.notEqual(description, "", `${name} ${parameter}`);
  }
  assert.deepEqual(
    api.tags.map(({ name }) => name),
    Object.keys(routeTags),
  );
  assert.deepEqual(used, new Set(Object.keys(routeTags)));
  for (const description of Object.values(routeTags)) assert.ok(description.endsWith("."), description);
});

test("only IDs of files and folders are described as such", () => {
  for (const [path, operations] of Object.entries(api.paths)) {
    if (/\/(?:files|folders)\/\{id\}/.test(path)) continue;
    for (const { parameters = [] } of Object.values(operations))
      for (const { name, description } of parameters)
        assert.doesNotMatch(description, /^ID of a file or folder/, `${path} ${name}`);
  }
});

test("every example satisfies its route's schema", () => {
  let count = 0;
  const check = (what: string, schema: z.ZodType, content: unknown) => {
    const { example } = (content as Record<string, { example?: unknown }>)["application/json"] ?? {};
    assert.notEqual(example, undefined, what);
    const { error } = schema.safeParse(example);
    assert.equal(error, undefined, `${what}: ${JSON.stringify(example)} ${error?.message}`);
    count += 1;
  };
  for (const [name, route] of table) {
    const operation = operationOf(route);
    if (route.body !== undefined) check(`${name} asks`, route.body, operation.requestBody?.content);
    for (const [status, shape] of Object.entries(route.responses))
      if (typeof shape !== "string") check(`${name} ${status}`, shape, operation.responses[status]?.["content"]);
  }
  assert.ok(count > 120, `${count}`);
});

test("every route lists its error codes, and each leads to its description", () => {
  for (const [name, route] of table) {
    const references = Object.values(operationOf(route).responses).flatMap(({ $ref: reference }) =>
      typeof reference === "string" ? [reference] : [],
    );
    const texts = references.map((each) => {
      const component = api.components.responses[each.replace("#/components/responses/", "")];
      return String(component?.["description"]);
    });
    const codes = [...texts.join(" ").matchAll(/\[`([a-z_]+)`\]\(\/api\/docs#([a-z_]+)\)/g)];
    for (const [, code, anchor] of codes) {
      assert.ok(isErrorCode(code), `${name} ${code}`);
      assert.equal(anchor, code);
    }
    const named = new Set(codes.map(([, code]) => code));
    // A route with such a status describes it itself.
    if (Object.keys(route.responses).some((status) => Number(status) >= 400)) continue;
    assert.ok(named.has("rate_limited"), name);
    assert.equal(named.has("unauthenticated"), !["open", "signed"].includes(route.access), name);
    assert.equal(named.has("conflict"), route.changes === true || route.errors?.includes("conflict") === true, name);
  }
});
