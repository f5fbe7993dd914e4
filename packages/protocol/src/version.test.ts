import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { z } from "zod";
import { frameHeaderBytes, kindCodes } from "./frames-header.ts";
import type { Route } from "./route.ts";
import { routes } from "./routes.ts";
import { protocolVersion } from "./version.ts";

/** For each version SHA-256 over the JSON schemas of all routes, and over the kinds and the header of frames. */
const pinned = new Map([[1, "89c7c7f313e00c6ef7660aaf57a8904855284f5128c0be1e6b15711785495d6c"]]);

test("the wire schemas are the ones that the protocol version stands for", () => {
  const hash = createHash("sha256")
    .update(JSON.stringify(wireOf(routes)))
    .digest("hex");
  assert.equal(
    hash,
    pinned.get(protocolVersion),
    `a wire schema has changed: read packages/protocol/src/version.ts; the new hash is ${hash}`,
  );
});

test("a schema that changes in any place changes the hash", () => {
  const changed = { ...routes, getNode: { ...routes.getNode, params: z.object({ id: z.string().max(63) }) } };
  assert.notDeepEqual(wireOf(changed), wireOf(routes));
});

function wireOf(table: Readonly<Record<string, Route>>): unknown {
  const described = Object.entries(table).map(([name, route]) => ({
    name,
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
  }));
  return { routes: described, frames: { frameHeaderBytes, kindCodes } };
}

function schemaOf(schema: z.ZodType | undefined, io: "input" | "output"): unknown {
  return schema === undefined ? null : z.toJSONSchema(schema, { io, unrepresentable: "any" });
}
