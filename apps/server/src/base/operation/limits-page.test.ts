import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { limits } from "@holdfast/core/limits";
import { type RouteName, routes } from "@holdfast/protocol/routes";
import { routeCost } from "../../edge/route-costs.ts";

const file = join(import.meta.dirname, "../../../../../docs/limits.md");

test("docs/limits.md matches the limits in the code", () => {
  if (process.env["HOLDFAST_WRITE_DOCS"] === "1") writeFileSync(file, renderLimits());
  assert.equal(readFileSync(file, "utf8"), renderLimits(), "run this test with HOLDFAST_WRITE_DOCS=1");
});

function renderLimits(): string {
  const rows = Object.entries(limits).map(([name, value]) => `| \`${name}\` | ${describe(name, value)} |`);
  return `# Limits

These are all limits of Holdfast, from \`packages/core/src/limits.ts\`, where comments give the reasons. The names end in their units.
\`GET /account\` returns them, and these settings of the server: \`trash_lifetime_ms\`, \`version_lifetime_ms\`, \`versions_kept_min\`,
\`upload_lifetime_ms\`, \`account_grace_ms\`, and \`rewind_reach_ms\` (how far back a rewind reaches). [operation.md](operation.md) describes all
settings, including rate limits.

| limit | value |
| --- | --- |
${rows.join("\n")}

## What counts against a quota

A quota (\`quota_bytes\`, from the account's plan or its own setting; by default none) limits a space in three ways. A change that exceeds one of them
is rejected with the code \`quota\`.

- **Files.** \`used_bytes\` is at most the quota: the sizes of the newest versions of all files, including those in the trash. At \`quotaNearPercent\`
  and \`quotaFullPercent\` of the quota, the owner is notified, and again only after the use was \`quotaWarningSlackPercent\` lower.
- **Stored blocks.** \`stored_bytes\` is at most \`quotaStoredFactor\` times the quota. It counts each block of versions, trash and unfinished uploads once,
  the tails of unfinished uploads, and, for \`stagedLifetimeMs\`, blocks that were sent and are not used. Purged items and pruned versions
  stop counting immediately, although their blocks stay in the store for some days.
- **Metadata.** The weight of everything but content is at most the quota, or \`quotaMetadataBytesMin\` if the quota is smaller. Each of these weighs
  \`rowWeightBytes\` and the bytes in parentheses: a node, also in the trash (name, link target, metadata), a version (list of blocks, label), a segment of
  a long list (its blocks), a comment (text), an unfinished upload (its request). A small file weighs about 1.1 KiB.

## What one request may cost

The table lists the most memory that a request to each route can use, and the most rows that it reads from the database, as in
\`apps/server/src/edge/route-costs.ts\`. The number of bytes in the request does not change these limits.

- **Body**: as received and decoded.
- **Answer**: the part in memory. The server only creates more when the client has received that part.

The number of requests at the same time is also limited (\`…AtOnceMax\` above).

| route | body | rows | answer |
| --- | --- | --- | --- |
${Object.keys(routes).map(costRow).join("\n")}

This page is generated: \`HOLDFAST_WRITE_DOCS=1 node --test apps/server/src/base/operation/limits-page.test.ts\` writes it, and the test fails if it is out of date.
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

/** In the largest unit that fits, rounded up. */
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

/** Largest unit in which the value is a whole number above one. */
function inWords(value: number, units: readonly (readonly [string, number])[]): string {
  const unit = units.find(([, size]) => value % size === 0);
  return unit === undefined ? "" : ` (${value / unit[1]} ${unit[0]})`;
}
