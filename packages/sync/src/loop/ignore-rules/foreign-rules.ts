import { sha256 } from "@holdfast/core/hash";
import type { NodeId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { LocalOperation, Plan, RemoteOperation } from "../../plan/plan-types.ts";
import { isIgnoreFile } from "../../rules/ignore-file.ts";
import { Rules } from "../../rules/rules.ts";
import { isPattern, ruleLines } from "../../rules/rule-lines.ts";
import { excludedPaths } from "../../state/exclusion.ts";
import type { SyncState } from "../../state/sync-state.ts";
import {
  approvedHash,
  hashOfRules,
  settingsOfWaiting,
  waitingRules,
  type WaitingRules,
} from "../../state/waiting-rules.ts";
import type { DiskPlace, RemoteRow } from "../../model/trees.ts";
import type { CycleContext } from "../context/cycle-context.ts";
import { readIgnoreFile } from "./read-rules.ts";

type Other = Pick<WaitingRules, "by">;

/** Non-empty while the disk may hold an unrecorded ignore file of another account: a JSON `Other`. */
const incomingSetting = "rules coming";

/**
 * Runs before the rules are read. Content written by another account is held, unless it was in force or is approved. A
 * person's edit on this device counts as this account's, including all unchanged lines.
 * @returns the content, as returned by `readIgnoreFile`
 */
export async function checkForeignRules(context: CycleContext): Promise<Buffer | undefined> {
  const bytes = await readIgnoreFile(context.disk);
  if (bytes !== undefined) await judge(context, bytes);
  return bytes;
}

async function judge(context: CycleContext, bytes: Buffer): Promise<void> {
  const { state } = context;
  const text = bytes.toString();
  const hash = hashOfRules(text);
  const upcoming = state.setting(incomingSetting) ?? "";
  const [before, approved] = [waitingRules(state), approvedHash(state)];
  if (upcoming === "" && before?.hash === hash) return;
  const isTrusted = areInForce(state, text);
  const other = isTrusted || hash === approved ? undefined : await otherThan(context, upcoming, bytes);
  const isInForce = upcoming === "" && state.setting("rules") === undefined;
  const waiting =
    other === undefined
      ? undefined
      : { hash, ...other, lines: ruleLines(text).lines.filter(isPattern).length, isInForce };
  // The approval covers the shown content only. The same lines are held again if they return after others.
  const left = isTrusted ? "" : approved;
  if (upcoming === "" && before === undefined && waiting === undefined && left === approved) return;
  const kept = waiting?.isInForce === true ? [["ignore text", text] as const] : [];
  state.commit({ settings: [[incomingSetting, ""], ...kept, ...settingsOfWaiting(waiting, left)] });
}

/** Holds an ignore file of another account that these operations bring, also after a failure or crash. */
export async function applyWithRules<Result>(
  context: CycleContext,
  operations: readonly LocalOperation[],
  act: () => Promise<Result>,
): Promise<Result> {
  const { disk, state } = context;
  if (!(await noteIncomingRules(context, operations))) return act();
  const before = await readIgnoreFile(disk);
  try {
    return await act();
  } finally {
    const after = await readIgnoreFile(disk);
    // Nothing arrived, so a person may have written the current content.
    if (before !== undefined && after?.equals(before) === true) state.commit({ settings: [[incomingSetting, ""]] });
    else await checkForeignRules(context);
  }
}

/**
 * @returns true if the operations write or remove an ignore file for another account; `checkForeignRules` then holds it
 */
export async function noteIncomingRules(
  context: CycleContext,
  operations: readonly LocalOperation[],
): Promise<boolean> {
  const other = await otherWhoseRulesCome(context, operations);
  if (other === undefined) return false;
  context.state.commit({ settings: [[incomingSetting, JSON.stringify(other)]] });
  return true;
}

/**
 * Removes uploads of the held ignore file. Content that its writer split into other blocks looks like an edit. Uploaded
 * as this account's version, it would bind other devices.
 */
export async function withoutHeldRules(context: CycleContext, plan: Plan): Promise<Plan> {
  const waiting = waitingRules(context.state);
  if (waiting === undefined) return plan;
  const sends = ({ op, ...operation }: RemoteOperation): boolean =>
    (op === "put" || op === "create") && "local" in operation && isIgnoreFile(context, operation.local);
  const held = plan.remote.filter(sends);
  if (held.length === 0) return plan;
  const bytes = await readIgnoreFile(context.disk);
  // A person has edited the file.
  if (bytes !== undefined && hashOfRules(bytes.toString()) !== waiting.hash) return plan;
  const remote = plan.remote.filter((operation) => !held.includes(operation));
  return { ...plan, remote, waiting: new Map([...plan.waiting, ...held.map(({ id }) => [id, "rules"] as const)]) };
}

/** Rules accepted before this check existed stay in force. */
function areInForce(state: SyncState, text: string): boolean {
  if (text === (state.setting("ignore text") ?? "")) return true;
  return new Rules(text, excludedPaths(state)).digest === state.setting("rules");
}

async function otherThan(context: CycleContext, upcoming: string, bytes: Buffer): Promise<Other | undefined> {
  if (upcoming !== "") return JSON.parse(upcoming) as Other;
  // A folder synced by a lost state may contain another account's file.
  const { state } = context;
  for (const id of state.childrenOf(state.rootId)) {
    const row = state.remote.get(id);
    if (row?.parent !== state.rootId || row.trashed || !isIgnoreFile(context, row)) continue;
    if (await isContentOf(context, bytes, row)) return otherWhoPut(context, id);
  }
  return undefined;
}

/** Another client may have split the bytes differently. */
async function isContentOf({ server }: CycleContext, bytes: Buffer, row: RemoteRow): Promise<boolean> {
  const { versionId, sizeBytes } = row;
  if (versionId === null || Math.min(sizeBytes, limits.ignoreBytesMax + 1) !== bytes.length) return false;
  // Too large to read whole; treated as equal.
  if (sizeBytes !== bytes.length) return true;
  const entries = (await server.manifests([{ versionId }])).get(versionId) ?? [];
  let at = 0;
  return entries.every(({ hash, size }) => sha256(bytes.subarray(at, (at += size))) === hash);
}

async function otherWhoseRulesCome(
  context: CycleContext,
  operations: readonly LocalOperation[],
): Promise<Other | undefined> {
  const isAt = (place: DiskPlace | undefined): boolean => place !== undefined && isIgnoreFile(context, place);
  for (const operation of operations) {
    const { id } = operation;
    const [from, to] = placesOf(operation);
    const other = isAt(to) ? await otherWhoPut(context, id) : isAt(from) && (await otherWhoRemoved(context, id));
    if (typeof other === "object") return other;
  }
  return undefined;
}

function placesOf(operation: LocalOperation): readonly [DiskPlace | undefined, DiskPlace | undefined] {
  switch (operation.op) {
    case "create":
      return [undefined, operation.place];
    case "replace":
      return [operation.local, operation.local];
    case "move":
      return [operation.local, operation.place];
    case "delete":
    case "park":
      return [operation.local, undefined];
    default:
      return [undefined, undefined];
  }
}

async function otherWhoPut({ server, state, identity }: CycleContext, id: NodeId): Promise<Other | undefined> {
  const versionId = state.remote.get(id)?.versionId ?? null;
  const { version, placed } = await server.changersOf(id, versionId);
  const makers = [versionId === null ? placed : version, placed ?? version];
  const other = makers.find((maker) => maker?.accountId !== identity.accountId);
  return makers.every((maker) => maker?.accountId === identity.accountId)
    ? undefined
    : { by: other?.name || undefined };
}

async function otherWhoRemoved(context: CycleContext, id: NodeId): Promise<Other | undefined> {
  const { server, state, identity } = context;
  const row = state.remote.get(id);
  const { placed } = await server.changersOf(id, null);
  const isOwn = placed?.accountId === identity.accountId;
  // It may also have been removed with a folder above, or by a rewind.
  const isKnown = placed?.isLatest === true && row !== undefined && (row.trashed || !isIgnoreFile(context, row));
  if (isOwn && isKnown) return undefined;
  return isOwn || placed?.isLatest !== true ? {} : { by: placed.name || undefined };
}
