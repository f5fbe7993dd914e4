import { count, formatBytes, formatNumber } from "../output/text.ts";
import type { RecordedAnswer, WaitingDeletion } from "./report.ts";

const sides = { here: "here", server: "on the server" } as const;

export function doingOf({ what, why, side }: Pick<WaitingDeletion, "what" | "why" | "side">): string {
  const deleted = `would be deleted ${sides[side]}`;
  if (what === "deletion") return why === "replaced" ? `${deleted}; replaced here by a link or file` : deleted;
  if (why === "rollback") return `would go back to an older version ${sides[side]}`;
  return why === "damage" ? `looks damaged, and would be replaced ${sides[side]}` : `would be rewritten ${sides[side]}`;
}

export function restoredDoingOf({ side }: Pick<WaitingDeletion, "side">): string {
  return `would be restored ${side === "here" ? sides.server : sides.here}`;
}

export function answeredDoingOf(action: RecordedAnswer["action"]): (each: WaitingDeletion) => string {
  return ({ what, side }) => {
    if (action === "undo") return `undone; restored ${side === "here" ? sides.server : sides.here} at the next sync`;
    return `approved; ${what === "deletion" ? "deleted" : "replaced"} ${sides[side]} at the next sync`;
  };
}

interface Answerable {
  readonly deletions: readonly WaitingDeletion[];
  readonly answers?: readonly RecordedAnswer[] | undefined;
}

/** An undo also withdraws approvals. */
export function openTo(action: RecordedAnswer["action"], status: Answerable): readonly WaitingDeletion[] {
  return action === "approve" ? status.deletions : [...status.deletions, ...approvedIn(status)];
}

/** Deletions whose approval the next run applies. */
export function approvedIn({ answers = [] }: Pick<Answerable, "answers">): readonly WaitingDeletion[] {
  return answers.flatMap(({ action, answered }) => (action === "approve" ? answered : []));
}

export function answeredText(action: RecordedAnswer["action"], answered: readonly WaitingDeletion[]): string {
  if (action === "undo") return `${waitingCount(answered)} undone; restored at the next sync`;
  const isDeletions = answered.every(({ what }) => what === "deletion");
  return `${waitingCount(answered)} approved; ${isDeletions ? "deleted" : "applied"} at the next sync`;
}

const linesMax = 20;
/** Names in a log entry, which is one line. */
const namesMax = 3;

interface Group {
  /** A folder to delete, or a folder with files to delete. */
  readonly folder: string;
  readonly goes: boolean;
  readonly doing: string;
  readonly path: string;
  files: number;
  /** Includes the deleted folder itself, so that all lines add up to the number of deletions. */
  folders: number;
  bytes: number;
}

/**
 * A deleted folder includes everything in it. Files in a kept folder are counted together.
 * @returns at most 21 lines, in the order of the changes
 */
export function waitingLines(
  waiting: readonly WaitingDeletion[],
  doing: (each: WaitingDeletion) => string = doingOf,
): string[] {
  const groups = groupsOf(waiting, doing);
  const more = groups.slice(linesMax);
  const rest = more.reduce((sum, { files, folders }) => sum + files + folders, 0);
  const lines = groups.slice(0, linesMax).map((group) => `${named(group)} ${group.doing}`);
  return more.length === 0 ? lines : [...lines, `and ${formatNumber(rest)} more`];
}

export function answeredWords(answered: readonly WaitingDeletion[]): string {
  const groups = groupsOf(answered);
  const names = groups.slice(0, namesMax).map(named);
  const more = groups.length - names.length;
  const rest = more === 0 ? [] : [`${formatNumber(more)} more`];
  return `${waitingCount(answered)} that waited: ${[...names, ...rest].join(", ")}`;
}

/** @returns "20,000 deletions and 3 rewritten files" */
export function waitingCount(waiting: readonly Pick<WaitingDeletion, "what">[]): string {
  const rewrites = waiting.filter(({ what }) => what === "rewrite").length;
  return counted([
    [waiting.length - rewrites, "deletion"],
    [rewrites, "rewritten file"],
  ]);
}

export function filesAndFolders({ files, folders }: { readonly files: number; readonly folders: number }): string {
  return counted([
    [files, "file"],
    [folders, "folder"],
  ]);
}

function groupsOf(
  waiting: readonly WaitingDeletion[],
  doingEach: (each: WaitingDeletion) => string = doingOf,
): Group[] {
  const going = new Set(waiting.flatMap(({ kind, path, side }) => (kind === "folder" ? [`${side} ${path}`] : [])));
  const groups = new Map<string, Group>();
  for (const each of waiting) {
    const { path, what, kind, bytes } = each;
    const doing = doingEach(each);
    const top = what === "deletion" ? topOf(each, going) : undefined;
    const folder = top ?? path.slice(0, Math.max(0, path.lastIndexOf("/")));
    const key = `${doing} ${folder}`;
    const group = groups.get(key) ?? { folder, goes: top !== undefined, doing, path, files: 0, folders: 0, bytes: 0 };
    groups.set(key, group);
    if (kind === "folder") group.folders += 1;
    else group.files += 1;
    group.bytes += bytes;
  }
  return [...groups.values()];
}

function topOf({ path, side, kind }: WaitingDeletion, going: ReadonlySet<string>): string | undefined {
  const names = path.split("/");
  const depthMax = names.length - (kind === "folder" ? 0 : 1);
  for (let depth = 1; depth <= depthMax; depth += 1) {
    const above = names.slice(0, depth).join("/");
    if (going.has(`${side} ${above}`)) return above;
  }
  return undefined;
}

function named({ folder, goes, path, files, folders, bytes }: Group): string {
  if (!goes && files === 1) return path;
  if (files === 0 && folders === 1) return `${folder}/`;
  return `${folder === "" ? "the top folder" : `${folder}/`}: ${filesAndFolders({ files, folders })}${bytes === 0 ? "" : ` (${formatBytes(bytes)})`}`;
}

function counted(each: readonly (readonly [number, string])[]): string {
  return each.flatMap(([number, noun]) => (number === 0 ? [] : [count(number, noun)])).join(" and ");
}
