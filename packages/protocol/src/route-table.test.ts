import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { isOpen, type Route } from "./route.ts";
import { type RouteFacts, routeTable } from "./route-table.ts";
import { routes } from "./routes.ts";

test("the table of the client says of every route what the route says", () => {
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

/** What a client needs of a route besides its types; \`access\` only where no token is asked for. */
export type RouteFacts = Pick<Route, "method" | "path" | "outside" | "changes"> &
  Partial<Pick<Route, "access">> & {
    /** Each status that is no error, and what comes with it; \`200 json\` unless told. */
    readonly answers?: string;
  };

/**
 * The routes without their schemas, which would be most of a page's first script, and compile code, which its policy forbids. Written
 * from routes.ts by route-table.test.ts, which holds both equal.
 */
export const routeTable: Readonly<Record<RouteName, RouteFacts>> = {
${rows.join("")}};
`;
  writeFileSync(fileURLToPath(new URL("route-table.ts", import.meta.url)), text);
}
