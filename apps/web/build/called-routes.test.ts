import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { test } from "node:test";
import { routeTable } from "@holdfast/protocol/route-table";
import { withoutUncalled } from "./called-routes.ts";

const table = readFileSync(resolve(import.meta.dirname, "../../../packages/protocol/src/route-table.ts"), "utf8");

test("the route table keeps only the routes that its sources name", () => {
  const names = Object.keys(routeTable);
  const rowsIn = (text: string) => names.filter((name) => new RegExp(`^ {2}${name}: \\{`, "m").test(text));
  assert.deepEqual(rowsIn(withoutUncalled(table, new Set(names))), names);
  assert.deepEqual(
    rowsIn(withoutUncalled(table, new Set(["listFolder", "getAccount", "word"]))),
    ["getAccount", "listFolder"].filter((name) => names.includes(name)),
  );
});

test("a route table in an unexpected format is rejected instead of being emptied", () => {
  assert.throws(
    () => withoutUncalled(table.replaceAll("\n  ", "\n\t"), new Set(["getAccount"])),
    /not written as it was/,
  );
});
