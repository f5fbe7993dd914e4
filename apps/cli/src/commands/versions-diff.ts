import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError } from "@holdfast/core/errors";
import type { VersionJson } from "@holdfast/protocol/version-routes";
import type { Comparison } from "../compare/compare-versions.ts";
import { printable } from "@holdfast/core/printable";
import { formatBytes, formatNumber, formatTable, formatTime } from "../output/text.ts";
import { newCommand, runs } from "./command.ts";
import type { CommandMaker } from "./command.ts";
import type { Run } from "../invocation/run.ts";
import { noVersion } from "../remote/at-version.ts";
import { readVersion } from "./version-argument.ts";

export const diffCommand: CommandMaker = (context) => {
  const command = newCommand(
    "diff",
    "Show the changes between two versions of a file: line by line for text, otherwise in blocks",
    ["versions diff /notes.txt", "versions diff /notes.txt 3", "versions diff /notes.txt 3 5 | patch notes.txt"],
  )
    .argument("<path>", "file on the server")
    .argument("[from]", "earlier version, from 'holdfast versions'; default is the one before the newest")
    .argument("[to]", "later version; default is the newest");
  return runs<[string, string | undefined, string | undefined]>(context, command, async (run, path, from, to) => {
    const [{ lookUpFile }, { compareVersions }] = await Promise.all([
      import("../remote/look-up.ts"),
      import("../compare/compare-versions.ts"),
    ]);
    const wanted = [from, to].map((text) => (text === undefined ? undefined : readVersion(text, path)));
    const { client } = await run.connect();
    const { id } = await lookUpFile(client, path);
    const [older, newer] = await findVersions(client, { id, path }, wanted);
    await show(run, { path, from: older, to: newer }, await compareVersions(client, id, older, newer));
  });
};

type Wanted = readonly (string | undefined)[];

/** @throws HoldfastError not_found */
async function findVersions(
  client: ApiClient,
  { id, path }: { readonly id: string; readonly path: string },
  [from, to]: Wanted,
): Promise<[VersionJson, VersionJson]> {
  if (from === undefined) {
    const { items } = await client.call("listVersions", { params: { id }, query: { limit: 2 } });
    const [newest, before] = items;
    if (newest !== undefined && before !== undefined) return [before, newest];
    throw new HoldfastError("not_found", `${path} has only one version, so there is nothing to compare.`);
  }
  const { allPages, pageItemsMax } = await import("../remote/pages.ts");
  const pages = allPages((cursor) =>
    client.call("listVersions", { params: { id }, query: { cursor, limit: pageItemsMax } }),
  );
  let older: VersionJson | undefined;
  let newer: VersionJson | undefined;
  for await (const page of pages) {
    older ??= page.find(isMeant(from));
    newer ??= to === undefined ? page[0] : page.find(isMeant(to));
    if (older !== undefined && newer !== undefined) return [older, newer];
  }
  throw noVersion(path, older === undefined ? from : (to ?? from));
}

function isMeant(text: string): (version: VersionJson) => boolean {
  const number = /^\d+$/.test(text) ? Number(text) : undefined;
  return (version) => (number === undefined ? version.version_id === text.toLowerCase() : version.number === number);
}

interface Compared {
  readonly path: string;
  readonly from: VersionJson;
  readonly to: VersionJson;
}

async function show({ output }: Run, compared: Compared, comparison: Comparison): Promise<void> {
  const { kind, lines, blocks } = comparison;
  const words = wordsOf(compared, comparison);
  if (output.json) {
    const diff = lines === undefined ? null : [...titlesOf(compared), ...lines].map((line) => `${line}\n`).join("");
    return output.result({ ...compared, kind, diff, blocks: blocks ?? null }, () => []);
  }
  if (words !== undefined) output.note(words);
  if (lines !== undefined) return output.content([...titlesOf(compared), ...lines]);
  if (kind !== "equal") await output.result(undefined, () => tableOf(compared, comparison));
}

function wordsOf({ path, from, to }: Compared, { kind, replaced, blocks }: Comparison): string | undefined {
  if (kind === "equal") return `${path}: versions ${from.number} and ${to.number} are equal.`;
  if (kind === "binary") return `${path} is not UTF-8 text, so its blocks are compared instead of its lines.`;
  if (kind === "text")
    return replaced === true
      ? `${path}: too many lines differ, so all lines in between are shown as replaced.`
      : undefined;
  return blocks === undefined
    ? `${path} is too large for comparing its blocks: see the sizes and the content IDs.`
    : `${path} is too large for comparing its lines: see its blocks.`;
}

function titlesOf({ path, from, to }: Compared): string[] {
  const title = ({ number, created_at }: VersionJson) =>
    `${printable(path)}\t${formatTime(created_at)} version ${number}`;
  return [`--- ${title(from)}`, `+++ ${title(to)}`];
}

function tableOf({ from, to }: Compared, { blocks }: Comparison): string[] {
  const row = ({ number, size, content_id }: VersionJson, count: number | undefined) => [
    `version ${number}`,
    `${size} bytes`,
    count === undefined ? "" : `${formatNumber(count)} blocks`,
    content_id,
  ];
  const rows = [row(from, blocks?.from), row(to, blocks?.to)];
  const shared = blocks === undefined ? [] : [sharedLine(to, blocks)];
  return [...formatTable(rows, [1, 2]), ...shared];
}

function sharedLine({ number, size }: VersionJson, { to, shared, shared_bytes }: NonNullable<Comparison["blocks"]>) {
  return `${formatNumber(shared)} of the ${formatNumber(to)} blocks of version ${number} are also in the other version, ${formatBytes(shared_bytes)} of ${formatBytes(size)}`;
}
