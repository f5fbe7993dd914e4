import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import type { NodeJson } from "@holdfast/protocol/values";
import type { Acts } from "../../../data/acts.ts";
import type { Folders } from "../../../data/folders.ts";
import type { Effect, Overlay } from "../../../data/overlay.ts";
import type { Reach } from "../../../data/reach.ts";
import type { Row } from "../../../data/row.ts";
import { type Outcome, rebased, type Refused, type Step, type Subject, type Taken } from "./file-steps.ts";
import { OwnTurns } from "./own-turns.ts";

export interface StepParts {
  readonly client: ApiClient;
  readonly reach: Pick<Reach, "getSnapshot">;
  readonly acts: () => Promise<Acts | undefined>;
  readonly folders: Folders;
  readonly overlay: Overlay;
}

/** Needed to show the result early and to undo it. */
export type Known = ReadonlyMap<string, { readonly subject: Subject; readonly row: Row }>;

const turns = new OwnTurns();

/**
 * Runs batches and shows their results immediately. A refused step does not stop the others; with `together`, all or
 * none succeed.
 * @throws HoldfastError if the first batch fails, which changes nothing
 */
export async function takeSteps(
  { client, reach, acts, folders, overlay }: StepParts,
  steps: readonly Step[],
  known: Known,
  together = false,
): Promise<Outcome> {
  // A refused action shows nothing, and does not wait for an earlier one.
  if (reach.getSnapshot()) await (await acts())?.assertHere();
  const taken: Taken[] = [];
  const refused: Refused[] = [];
  let ended: string | undefined;
  for (let start = 0; start < steps.length; start += limits.batchOperationsMax) {
    const part = steps.slice(start, start + limits.batchOperationsMax);
    if (ended !== undefined) {
      for (const step of part) refused.push({ step, name: nameOf(askedNow(step, known, together)), code: ended });
      continue;
    }
    const ids = part.map(newOperationId);
    let asked = part.map((step) => askedNow(step, known, together));
    const send = async () => {
      // Earlier own actions have ended.
      asked = part.map((step) => askedNow(step, known, together));
      const group = together ? { group: "all" } : {};
      const operations = asked.map(({ step }, place) => ({ ...step, operation_id: ids[place] ?? "", ...group }));
      const response = await client.call("syncDelta", { body: { operations } });
      // Recorded inside the turn, because the next action starts before this one's caller continues.
      remember(asked, response.results);
      return response;
    };
    const batchId = newOperationId();
    const answer = await overlay
      .during(
        batchId,
        asked.flatMap((each, place) => effectsOf(each, ids[place] ?? "")),
        () => turns.take(idsIn(part), send),
        ({ results }) =>
          folders.take(results.flatMap(({ status, node }) => (status === "committed" && node ? [node] : []))),
      )
      .catch((thrown: unknown) => {
        // The first batch failed, so the action changed no files.
        if (start === 0) throw thrown;
        const { code } = toHoldfastError(thrown);
        // Canceled, or signed out: the rest must not be sent either.
        if (code === "unreachable" || code === "unauthenticated") ended = code;
        return {
          results: ids.map((operation_id) => ({
            operation_id,
            status: "error" as const,
            code,
            field: undefined,
            node: undefined,
          })),
        };
      });
    for (const [place, step] of part.entries()) {
      const result = answer.results[place];
      const each = asked[place] ?? { step, before: undefined };
      const { step: sent, before } = each;
      if (result?.status === "committed" && result.node !== undefined) {
        taken.push({ step: sent, ...(before === undefined ? {} : { before }), after: subjectOf(result.node) });
      } else {
        refused.push({ step, name: nameOf(each), code: reasonOf(result) });
      }
    }
  }
  return { taken, refused };
}

function nameOf({ step, before }: Pick<Asked, "step" | "before">): string {
  return before?.name ?? ("name" in step ? step.name : "");
}

/** API code, or `contents`: the folder contains an item that the account may not delete. */
function reasonOf(result: { readonly code?: string | undefined; readonly field?: string | undefined } = {}): string {
  const { code = "conflict", field } = result;
  return code === "forbidden" && field === "contents" ? field : code;
}

interface Asked {
  readonly step: Step;
  readonly before: Subject | undefined;
  readonly row: Row | undefined;
}

/** An undo requires the exact state that its action left. Others are rebased onto own changes. */
function askedNow(step: Step, known: Known, together: boolean): Asked {
  const found = "file_id" in step ? known.get(step.file_id) : undefined;
  if (found === undefined || together) return { step, before: found?.subject, row: found?.row };
  const before = turns.latest(found.subject);
  return { step: rebased(step, found.subject, before), before, row: found.row };
}

/** Only a base revision excludes a change by others in between. */
function remember(
  asked: readonly Asked[],
  results: readonly { readonly status: string; readonly node?: NodeJson | undefined }[],
): void {
  for (const [place, { step, before }] of asked.entries()) {
    const { status, node } = results[place] ?? {};
    if (status !== "committed" || node === undefined || before === undefined) continue;
    if (step.op !== "copy" && step.base_revision === before.revision) turns.remember(before.revision, subjectOf(node));
  }
}

function idsIn(steps: readonly Step[]): string[] {
  return steps.flatMap((step) => ("file_id" in step ? [step.file_id] : []));
}

export function subjectOf({ id, name, parent_id, revision, seq }: NodeJson): Subject {
  return { id, name, parentId: parent_id ?? "", revision, seq };
}

export function newOperationId(): string {
  return crypto.getRandomValues(new Uint8Array(16)).toHex();
}

function effectsOf({ step, before, row }: Asked, id: string): Effect[] {
  if (step.op === "restore") return [];
  if (step.op === "put") return [];
  if (step.op === "mkdir") return [{ kind: "add", folderId: step.parent_id, id, row: newFolderRow(id, step.name) }];
  if (before === undefined || row === undefined) return [];
  const gone: Effect = { kind: "remove", folderId: before.parentId, id: before.id };
  if (step.op === "delete") return [gone];
  // The server chooses the copy's name.
  if (step.op === "copy") return [];
  if (step.parent_id === before.parentId) {
    return [{ kind: "set", folderId: before.parentId, id: before.id, values: { name: step.name } }];
  }
  return [gone, { kind: "add", folderId: step.parent_id, id: before.id, row: { ...row, name: step.name } }];
}

export function newFolderRow(id: string, name: string): Row {
  return {
    id,
    kind: "folder",
    name,
    sizeBytes: 0,
    modifiedMs: Date.now(),
    revision: "",
    seq: 0,
    role: "owner",
    thumb: undefined,
    isShared: false,
    isStarred: false,
    isGranted: false,
    waits: false,
    target: undefined,
  };
}

export function failureCode(thrown: unknown): string {
  return thrown instanceof HoldfastError ? thrown.code : toHoldfastError(thrown).code;
}
