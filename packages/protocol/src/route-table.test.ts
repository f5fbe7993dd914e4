import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { isOpen, type Route } from "./route.ts";
import { type RouteFacts, routeTable } from "./route-table.ts";
import { routes } from "./routes.ts";

test("the client's route table matches the routes", () => {
  const facts = Object.fromEntries(Object.entries(routes).map(([name, route]) => [name, factsOf(route)]));
  if (process.env["HOLDFAST_WRITE_DOCS"] === "1") writeTable(facts);
  else assert.deepEqual({ ...routeTable }, facts, `write it anew: ${command}`);
});

const command =
  "HOLDFAST_WRITE_DOCS=1 tools/node packages/protocol/src/route-table.test.ts && npx oxfmt packages/protocol/src/route-table.ts";

function factsOf({ method, path, outside, access, changes, responses }: Route): RouteFacts {
  const answers = Object.entries(responses)
    .filter(([status]) => Number(status) < 400)
    .map(([status, kind]) => `${status} ${typeof kind === "string" ? kind : "json"}`)
    .join(", ");
  return {
    method,
    path,
    ...(isOpen({ access }) ? { access } : {}),
    ...(outside === undefined ? {} : { outside }),
    ...(changes === undefined ? {} : { changes }),
    ...(answers === "200 json" ? {} : { answers }),
  };
}

function writeTable(facts: Readonly<Record<string, RouteFacts>>): void {
  const rows = Object.entries(facts).map(([name, fact]) => `${name}: ${JSON.stringify(fact)},\n`);
  const text = `import type { Route } from "./route.ts";
import type { RouteName } from "./routes.ts";

export type AnswerKind = "json" | "bytes" | "empty";

/** Facts of a route that a client needs at run time. \`access\` is present only if the route requires no token. */
export type RouteFacts = Pick<Route, "method" | "path" | "outside" | "changes"> &
  Partial<Pick<Route, "access">> & {
    /** Successful statuses, each with the kind of its body; undefined: \`200 json\`. */
    readonly answers?: string;
  };

/**
 * Routes without their schemas. Schemas would be most of a page's first script, and they compile code, which the page's policy forbids.
 * Generated from routes.ts by route-table.test.ts, which checks that both are equal.
 */
export const routeTable: Readonly<Record<RouteName, RouteFacts>> = {
${rows.join("")}};
`;
  writeFileSync(fileURLToPath(new URL("route-table.ts", import.meta.url)), text);
}
