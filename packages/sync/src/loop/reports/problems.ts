import type { NodeId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { printable } from "@holdfast/core/printable";
import type { Brakes, WaitingChange } from "../../brakes/brakes.ts";
import { pathOfNode } from "../../model/tree-paths.ts";
import type { Plan } from "../../plan/plan-types.ts";
import { brokenWords } from "../../rules/broken-patterns.ts";
import { folderOf, withFoldersAbove } from "@holdfast/sync-ports/paths";
import { boundaryPaths, otherRootPaths } from "../../state/exclusion.ts";
import { type Notice, noticesOf } from "../../state/notices.ts";
import { ignorePath, type Rules } from "../../rules/rules.ts";
import { waitingRules, type WaitingRules } from "../../state/waiting-rules.ts";
import { rewriteSides } from "../../model/brake-record.ts";
import { shareOf } from "../../model/enclosing-share.ts";
import type { SyncState } from "../../state/sync-state.ts";
import { isKnownPath } from "../../scan/scope.ts";
import type { IndexedTrees, Refusal, Trees } from "../../model/trees.ts";

export interface Problem {
  /** Relative to the root; "" for the whole folder. */
  readonly path: string;
  /**
   * Error code. The engine adds its own codes; docs/scripts.md explains each: `skipped`, `special_file`, `not_utf8`,
   * `control_character`, `unfit_name`, `rules_held`, `kept`, `boundary`, `other_sync`, `alias`, `aside`, `now_hidden`,
   * `merged_again`, `rewritten`, `replaced`, `silent_change`, `busy`, `blocked`, `unreadable`, `not_durable`,
   * `read_only`, `suspended`, `quarantined` and `deletions_held`.
   */
  readonly code: string;
  /** Event and remedy. */
  readonly message: string;
}

/** These need no action: the next plan has a newer basis. */
const transient: ReadonlySet<string> = new Set([
  "conflict",
  "exists",
  "precondition",
  "superseded",
  "trashed",
  "subtree_changed",
  "cycle",
  "dependency",
  "not_found",
  "missing_blocks",
  "operation_reused",
  "rate_limited",
]);

const sentences: Readonly<Record<string, string>> = {
  quota:
    "Not enough space in your quota. Uploads wait until there is space: 'holdfast df' shows what uses it and how to free some.",
  forbidden:
    "You do not have edit permission on the server, so your changes stay on this device. Ask the owner for it.",
  device_suspended:
    "The server suspended this device because it rewrote or deleted unusually many files within an hour. Changes on this device are not uploaded until it is resumed. If you made these changes, run 'holdfast devices resume' on another device, or use Settings, Devices in the web app; the sync then continues by itself.",
  too_large: "Larger than the server accepts. Move such files out of the synced folder, or exclude them.",
  not_durable:
    "This disk did not confirm that the content is stored (fsync failed), so it is not uploaded. The next attempt is in half a minute; if the problem remains, check the disk.",
  invalid_field: `Too deep for the server: a path has at most ${limits.pathNamesMax} names and ${limits.pathBytesMax} bytes. Move such items to a higher folder, or shorten the names of their parent folders.`,
  kept: "Kept here, because the content differs from the server's. To sync again, run 'holdfast sync' with --include.",
  store_full: fullWords("downloads"),
  dependency:
    "Waiting for another change that the server did not accept, usually to the parent folder: resolve that first. The next attempt is in half a minute.",
  locked: "Locked on the server. The next attempt is in half a minute.",
  hash_mismatch:
    "The content was repeatedly damaged in transit: something between this device and the server damages it, or a program has a defect. The next attempt is automatic.",
  damaged:
    "The server has lost part of the content. A device that still has all of the content uploads it again automatically; 'holdfast put' to the same path also works.",
};

/** @param needs needed and free space, in words */
export function diskFull(path: string, needs: string): Problem {
  return { path, code: "store_full", message: fullWords(`the downloads need ${needs}. They`) };
}

function fullWords(downloads: string): string {
  return `The disk of this folder is full: ${downloads} wait until there is space, and uploads continue.`;
}

/** @param mount path of the shared folder; its owner's quota counts all its content */
function ownersQuota(path: string, mount: string): Problem {
  const message = `${ownersQuotaStart} ${mount} does not have enough space. Ask the owner to free some: uploads to the folder wait until there is space. 'holdfast shared' lists the owners.`;
  return { path, code: "quota", message };
}

const ownersQuotaStart = "The owner of the shared folder";

/**
 * True for the quota of a shared folder's owner, not of the own account.
 * @param problem with the code `quota`
 */
export function isOwnersQuota({ message }: Pick<Problem, "message">): boolean {
  return message.startsWith(ownersQuotaStart);
}

export function isTransient(code: string): boolean {
  return transient.has(code);
}

export function isTransientHere(code: string): boolean {
  return ["not_found", "unavailable", "request_timeout", "rate_limited", "hash_mismatch"].includes(code);
}

/** False for a problem that does not prevent being in sync, such as skipped files. */
export function needsPerson({ code }: Problem): boolean {
  return !listedOnly.has(code);
}

const listedOnly: ReadonlySet<string> = new Set([
  "skipped",
  "special_file",
  "not_utf8",
  "control_character",
  "unfit_name",
  "kept",
  "boundary",
  "other_sync",
  "alias",
  "quarantined",
  "silent_change",
  "ignore_pattern",
  "merged_again",
  "share_ended",
  "new_owner",
  "maybe_damaged",
  "now_hidden",
  "not_deleted",
]);

/** Lists one-time events that are still true: a share or hidden file may be back, an undeleted item may be gone. */
export function problemsOfNotices(state: IndexedTrees & Pick<SyncState, "setting">, nowMs: number): Problem[] {
  const notices = noticesOf(state, nowMs);
  if (notices.length === 0) return [];
  const shares = new Set([...state.shares.keys()].map((id) => pathOfNode(state, id)));
  const current = notices.filter(({ path, code }) => {
    if (code === "share_ended") return !shares.has(path);
    if (code === "not_deleted") return isKnownPath(state, path);
    return code !== "now_hidden" || !isKnownPath(state, path);
  });
  return current.map(({ atMs, path, code, counts, to = "" }) => {
    const day = new Date(atMs).toISOString().slice(0, 10);
    return problemOf(path, code, noticeWords[code](day, counts, to));
  });
}

const noticeWords: Readonly<Record<Notice["code"], (day: string, counts: readonly number[], to: string) => string>> = {
  merged_again: (day) =>
    `On ${day}, this folder did not match its sync records: one of the two was restored from a backup, or the folder was copied. They were merged ` +
    "as for a new folder: files that were deleted or moved here in the meantime reappear, and content that was changed here is in conflicted copies.",
  share_ended: (day, [unchanged = 0, changed = 0]) =>
    `Share ended on ${day}, by the owner, by you on another device, or by a restore of the server. ` +
    `${countOf(unchanged, "unchanged file")} moved to .holdfast/trash and ${countOf(changed, "changed file")} to .holdfast/quarantine.`,
  new_owner: (day, [files = 0]) =>
    `Moved on ${day} into or out of a folder that is shared with you, which created a new item there (${countOf(files, "file")}). ` +
    "Earlier versions, labels, comments, links and shares stay with the old item, in the owner's trash.",
  maybe_damaged: (day) =>
    `Became empty or all zeros on ${day}, or changed without a new modification time, as on a failing disk. The change was uploaded; ` +
    "'holdfast versions' lists the previous version.",
  now_hidden: (day, _counts, to) =>
    `Renamed on ${day} to ${to}, a name that is not synced: it is now only on this device, and in the trash on the server. ` +
    "Rename it back to sync it again; 'holdfast sync DIR --show-rules' lists the names that are not synced.",
  not_deleted: (day, [folders = 0]) =>
    `Deleted here on ${day} and restored: you have no permission to delete on the server.` +
    (folders === 0
      ? ""
      : " It may contain a folder that you have mounted elsewhere: remove that mount first ('holdfast rm' removes only the mount). Or it contains an item " +
        "that you cannot see or change: delete the other items."),
};

function countOf(number: number, noun: string): string {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}

export function problemsOfRules({ broken }: Pick<Rules, "broken">, state: Pick<SyncState, "setting">): Problem[] {
  const waiting = waitingRules(state);
  const held = waiting === undefined ? [] : [problemOf(ignorePath, "rules_held", heldWords(waiting))];
  return [...held, ...broken.map((pattern) => problemOf(ignorePath, "ignore_pattern", brokenWords(pattern)))];
}

function heldWords({ by, lines, isInForce }: WaitingRules): string {
  const who = by === undefined ? "An unknown account (perhaps your own)" : printable(by);
  const what = lines === 0 ? "removed or emptied this file" : `wrote this file (${countOf(lines, "rule")})`;
  if (isInForce === true)
    return `${who} ${what}. It was in the folder when this sync started, so its rules are active until you answer: 'holdfast rules' shows them, and 'holdfast rules approve' keeps them. To use other rules, edit the file.`;
  return (
    `${who} ${what}, so it is not active yet. Until you answer, the previous rules stay active on this device. 'holdfast rules' shows the ` +
    "difference, 'holdfast rules approve' makes the new rules active here, and 'holdfast rules reject' writes the previous rules into the file."
  );
}

export function problemsOfBoundaries(state: Pick<SyncState, "setting">): Problem[] {
  const mounted = boundaryPaths(state).map((path) =>
    problemOf(
      path,
      "boundary",
      "Not synced: another filesystem or folder is mounted there, or was. To sync the folder without it, run 'holdfast sync' with --include.",
    ),
  );
  return [...mounted, ...otherRootPaths(state).map((path) => problemOf(path, "other_sync", otherSync))];
}

const otherSync =
  "Not synced: in use by another Holdfast sync, now or earlier (contains .holdfast/root.json). If no sync uses the folder any longer, " +
  "or the folder is a copy of a synced one, move its .holdfast folder away and run 'holdfast sync' with --include.";

export function problemsOfStash({ stashed }: Pick<SyncState, "stashed">): Problem[] {
  const persistent = [...stashed.values()].filter(({ failures = 0 }) => failures >= 3);
  return persistent.map(({ path }) => problemOf(path, "unreadable", unreadableStash));
}

const unreadableStash =
  "A file that was replaced or deleted here cannot be read, so a program may have changed it since. It stays there; check the disk.";

export function problemsOfAside(
  state: Pick<SyncState, "rootId" | "local" | "remote" | "synced" | "parked">,
): Problem[] {
  return [...state.parked].map(([id, { path }]) => {
    const message =
      `Was renamed here temporarily, and the disk does not accept its name again. It is kept as ${path}; the next attempt is in half a minute. ` +
      "Check the disk and your permissions for the folder.";
    return problemOf(pathOfNode(state, id) ?? path, "aside", message);
  });
}

export function problemsOfAliases(
  state: Pick<SyncState, "rootId" | "local" | "remote" | "synced" | "unsynced">,
): Problem[] {
  return [...state.unsynced].flatMap((id) => {
    const row = state.local.get(id);
    if (row?.alias === undefined) return [];
    const message =
      `Named ${row.name} on the server. This disk treats that name and another name in the folder as the same, so the name here is ` +
      "different. Rename one of the two to have the same name everywhere.";
    return [problemOf(pathOfNode(state, id) ?? row.alias, "alias", message)];
  });
}

export function problemOf(path: string, code: string, message: string): Problem {
  return { path, code, message: sentences[code] ?? message };
}

/** @param isPersistent true for a refusal that should have ended already */
export function problemsOfRefusals(
  trees: Trees,
  refusals: readonly Refusal[],
  isPersistent: (refusal: Refusal) => boolean = () => false,
): Problem[] {
  const isSuspended = refusals.some(({ code }) => code === "device_suspended");
  // One problem for the device: one per file would hide everything else.
  const ofDevice = isSuspended ? [problemOf("", "device_suspended", "")] : [];
  const ofFiles = refusals.flatMap((refusal) => {
    const { nodeId, code } = refusal;
    if (code === "device_suspended") return [];
    const path = pathOfNode(trees, nodeId);
    const mount = code === "quota" ? mountOf(trees, nodeId) : undefined;
    if (mount !== undefined) return [ownersQuota(path ?? nodeId, pathOfNode(trees, mount) ?? mount)];
    if (isTransient(code) && (path === undefined || !isPersistent(refusal))) return [];
    const isTaken = code === "exists" && isPersistent(refusal);
    const message = isTaken ? taken : `Refused by the server (${code}). The next attempt is in half a minute.`;
    return [problemOf(path ?? nodeId, code, message)];
  });
  return [...ofDevice, ...ofFiles];
}

function mountOf(trees: Trees, id: NodeId): NodeId | undefined {
  const rows = { get: (at: NodeId) => trees.local.get(at) ?? trees.remote.get(at) };
  return shareOf(trees, rows, id);
}

const taken = "The server already has an item with that name that is not shown here. Rename one of the two.";

/** @param waiting changes of a plan without any possible operation */
export function problemsOfBlocked(trees: Trees, waiting: Plan["waiting"]): Problem[] {
  // Another waiting change may be the cause, and is reported.
  if (![...waiting.values()].every((reason) => reason === "stuck")) return [];
  return [...waiting.keys()].map((id) => problemOf(pathOfNode(trees, id) ?? id, "blocked", blocked));
}

const blocked =
  "Another item has the same name, here or on the server, and stays because of files that this device does not sync. Rename one of the two.";

const rewriteProblems = {
  rewrite: { code: "rewritten", what: "rewritten within ten minutes, as ransomware does" },
  rollback: { code: "rolled_back", what: "changed back to an older version, as after restoring a backup" },
  damage: {
    code: "damaged",
    what: "empty, all zeros, or changed without a new modification time, as after a disk failure or a crash",
  },
} as const;

/** Other held deletions are counted separately. */
export function problemsOfBrakes(brakes: Pick<Brakes, "waitingOf" | "waiting">): Problem[] {
  return [...problemsOfRewrites(brakes), ...problemsOfReplaced(brakes.waiting("replaced"))];
}

/** Each replaced folder without its subfolders, and each folder whose files were replaced by links. */
function problemsOfReplaced(replaced: readonly WaitingChange[]): Problem[] {
  const folders = new Set(replaced.flatMap(({ kind, path }) => (kind === "folder" ? [path] : [])));
  const topOf = (path: string): string =>
    withFoldersAbove(path).findLast((each) => folders.has(each)) ?? folderOf(path);
  return [...Map.groupBy(replaced, ({ path }) => topOf(path))].map(([path, changes]) => {
    const files = countOf(changes.filter(({ kind }) => kind !== "folder").length, "file");
    const message = folders.has(path)
      ? `Folder replaced by a link or a file. The content (${files}) is not deleted on the server until you answer. ` +
        "'holdfast deletes undo' brings the folder back and renames the link or file; 'holdfast deletes approve' deletes the folder on all devices."
      : `Replaced by symbolic links: ${files} in this folder. They are not deleted on the server until you answer. ` +
        "'holdfast deletes undo' brings the files back and renames the links; 'holdfast deletes approve' deletes the files on all devices.";
    return problemOf(path, "replaced", message);
  });
}

function problemsOfRewrites(brakes: Pick<Brakes, "waitingOf">): Problem[] {
  return rewriteSides.flatMap((side) => {
    const count = brakes.waitingOf(side);
    if (count === 0) return [];
    const { code, what } = rewriteProblems[side];
    const message =
      `Waiting uploads: ${countOf(count, "file")} on this device, ${what}. The server still has the previous versions. To list them, and deletions that were ` +
      "found with them: 'holdfast deletes ls'. If you made these changes, upload them with 'holdfast deletes approve'; 'holdfast deletes undo' restores " +
      "the server's versions, and the files here go to the local trash.";
    return [{ path: "", code, message }];
  });
}
