import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { Route } from "@holdfast/protocol/route";
import { routes, routeUrl } from "@holdfast/protocol/routes";

test("the load balancer paths on the operation page match the roles of the routes", () => {
  const page = readFileSync(new URL("../../../../docs/operation.md", import.meta.url), "utf8");
  for (const role of ["blocks", "notify"] as const) {
    const [, pattern] = new RegExp(`^${role} {2}(\\^\\S+)$`, "m").exec(page) ?? [];
    assert.ok(pattern !== undefined, role);
    for (const [name, route] of Object.entries<Route>(routes)) {
      assert.equal(new RegExp(pattern).test(routeUrl(route)), route.role === role, `${name} ${role}`);
    }
  }
});
