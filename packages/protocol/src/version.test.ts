import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { z } from "zod";
import { frameHeaderBytes, kindCodes } from "./frames-header.ts";
import type { Route } from "./route.ts";
import { routes } from "./routes.ts";
import { protocolVersion } from "./version.ts";

/** SHA-256 of the JSON schemas of each route, and of the kinds and header of frames. */
const file = join(import.meta.dirname, "wire-hashes.json");

test("the wire schemas match the hashes of the protocol version", () => {
  const hashes = {
    version: protocolVersion,
    frames: hashOf({ frameHeaderBytes, kindCodes }),
    routes: hashesOf(routes),
  };
  if (process.env["HOLDFAST_WRITE_DOCS"] === "1") writeFileSync(file, `${JSON.stringify(hashes, null, 2)}\n`);
  assert.deepEqual(
    hashes,
    JSON.parse(readFileSync(file, "utf8")),
    "a wire schema has changed: read packages/protocol/src/version.ts, then HOLDFAST_WRITE_DOCS=1 tools/node --test packages/protocol/src/version.test.ts",
  );
});

test("a schema change in any place changes the hash of its route", () => {
  const changed = { ...routes.getNode, params: z.object({ id: z.string().max(63) }) };
  assert.notEqual(hashesOf({ changed })["changed"], hashesOf({ changed: routes.getNode })["changed"]);
});

function hashesOf(table: Readonly<Record<string, Route>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(table).map(([name, route]) => [name, hashOf(wireOf(route))]));
}

function hashOf(described: unknown): string {
  return createHash("sha256").update(JSON.stringify(described)).digest("hex");
}

function wireOf(route: Route): unknown {
  return {
    method: route.method,
    path: route.path,
    access: route.access,
    bodyKind: route.bodyKind,
    params: schemaOf(route.params, "input"),
    query: schemaOf(route.query, "input"),
    body: schemaOf(route.body, "input"),
    responses: Object.entries(route.responses).map(([status, shape]) => [
      status,
      typeof shape === "string" ? shape : schemaOf(shape, "output"),
    ]),
  };
}

function schemaOf(schema: z.ZodType | undefined, io: "input" | "output"): unknown {
  return schema === undefined ? null : z.toJSONSchema(schema, { io, unrepresentable: "any" });
}
