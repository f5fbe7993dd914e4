import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { limits } from "@holdfast/core/limits";
import { type RouteName, routes } from "@holdfast/protocol/routes";
import { routeCost } from "../http/route-costs.ts";

const file = join(import.meta.dirname, "../../../../docs/limits.md");

test("docs/limits.md says what the code does", () => {
  if (process.env["HOLDFAST_WRITE_DOCS"] === "1") writeFileSync(file, renderLimits());
  assert.equal(readFileSync(file, "utf8"), renderLimits(), "run this test with HOLDFAST_WRITE_DOCS=1");
});

/** docs/limits.md as it must stand: every limit of the code with its value in words. */
function renderLimits(): string {
  const rows = Object.entries(limits).map(([name, value]) => `| \`${name}\` | ${describe(name, value)} |`);
  return `# Limits

Every limit of Holdfast as it stands in \`packages/core/src/limits.ts\`, where the comments say why. The names end in
their units. \`GET /account\` answers them to clients, and beside them these settings as they are in force: \`trash_lifetime_ms\`, \`version_lifetime_ms\`,
\`versions_kept_min\`, \`upload_lifetime_ms\`, \`account_grace_ms\`, and \`rewind_reach_ms\`, which is how far back a rewind goes. All settings,
rate limits included, are in [operation.md](operation.md).

| limit | value |
| --- | --- |
${rows.join("\n")}

## What counts against a quota

A quota (\`quota_bytes\`, of the account's plan or its own; none by default) bounds a space in three ways; what passes a bound is refused with the code \`quota\`.

- \`used_bytes\`, at most the quota: the sizes of all files, those in the trash included, each file by its newest version.
  At \`quotaNearPercent\` and \`quotaFullPercent\` of the quota its owner is told, once until it was \`quotaWarningSlackPercent\` below that.
- \`stored_bytes\`, at most \`quotaStoredFactor\` times the quota: the blocks that versions, trash and unfinished uploads refer to,
  each block once, with the ends of unfinished uploads, and for \`stagedLifetimeMs\` also what has arrived and nothing refers to. What was purged, and versions that were
  pruned, count no more at once, though the store has their blocks for some days yet.
- The weight of what is no content, at most the quota, or \`quotaMetadataBytesMin\` where the quota is smaller. Each node (in the
  trash too), version, segment of a long list of blocks and comment and unfinished upload weighs \`rowWeightBytes\` and what it holds: name, link
  target and metadata of a node, the list of blocks of a version or a segment, the label of a version, the text of a comment, the request of an upload. A small file weighs about 1.1 KiB.

## What one request may cost

The most that a request to each route may hold in memory and read from the database, as it stands in \`apps/server/src/http/route-costs.ts\`:
of its body, as it came and decoded; of its answer, of which more is made only when the client has taken that. How many requests run at
once is bounded besides (\`…AtOnceMax\` above). Nothing of it depends on how few bytes the request had.

| route | body | rows | answer |
| --- | --- | --- | --- |
${Object.keys(routes).map(costRow).join("\n")}

Written by \`HOLDFAST_WRITE_DOCS=1 node --test apps/server/src/operation/limits-page.test.ts\`, which fails when it is behind.
`;
}

function costRow(name: string): string {
  const { method, path } = routes[name as RouteName];
  const { bodyBytes, rows, answerBytes } = routeCost(name as RouteName);
  return `| ${method} ${path} | ${roughly(bodyBytes)} | ${counted(rows)} | ${roughly(answerBytes)} |`;
}

function counted(rows: number | string): string {
  return typeof rows === "number" ? rows.toLocaleString("en-US") : rows;
}

/** In the largest unit of which there is one, rounded up. */
function roughly(bytes: number | string): string {
  if (typeof bytes === "string" || bytes === 0) return String(bytes);
  const [unit, size] = byteUnits.find((each) => bytes >= each[1]) ?? ["bytes", 1];
  return `${Math.ceil(bytes / size)} ${unit}`;
}

function describe(name: string, value: number): string {
  const exact = value.toLocaleString("en-US");
  if (/Ms$|TimeoutMs|LifetimeMs/.test(name)) return `${exact} ms${inWords(value, timeUnits)}`;
  if (name.includes("Bytes")) return `${exact} bytes${inWords(value, byteUnits)}`;
  return exact;
}

const byteUnits = [
  ["TiB", 2 ** 40],
  ["GiB", 2 ** 30],
  ["MiB", 2 ** 20],
  ["KiB", 2 ** 10],
] as const;
const timeUnits = [
  ["days", 24 * 3600_000],
  ["hours", 3600_000],
  ["minutes", 60_000],
  ["seconds", 1000],
] as const;

/** The largest unit of which the value is a whole number above one. */
function inWords(value: number, units: readonly (readonly [string, number])[]): string {
  const unit = units.find(([, size]) => value % size === 0);
  return unit === undefined ? "" : ` (${value / unit[1]} ${unit[0]})`;
}
