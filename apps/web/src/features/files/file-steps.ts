/** A node as an act needs it. */
export interface Subject {
  readonly id: string;
  readonly name: string;
  readonly parentId: string;
  readonly revision: string;
  /** Journal entry of the last change. A folder's revision says nothing of what is in it. */
  readonly seq?: number;
}

/** One operation of a batch, but for its id. */
export type Step = (
  | { readonly op: "mkdir"; readonly parent_id: string; readonly name: string }
  | { readonly op: "put"; readonly parent_id: string; readonly name: string; readonly size: 0; readonly blocks: [] }
  | { readonly op: "move"; readonly file_id: string; readonly parent_id: string; readonly name: string }
  | { readonly op: "copy"; readonly file_id: string; readonly parent_id: string; readonly name: string }
  | { readonly op: "delete"; readonly file_id: string; readonly seen?: number }
  | { readonly op: "restore"; readonly file_id: string }
) & { readonly base_revision?: string; readonly on_conflict?: OnConflict };
export type OnConflict = "fail" | "rename" | "replace";

/** A step that was taken, with the node as it is since. */
export interface Taken {
  readonly step: Step;
  /** What it was about, before; absent of what was made. */
  readonly before?: Subject;
  readonly after: Subject;
}

export function stepsToMove(subjects: readonly Subject[], folderId: string): Step[] {
  return subjects.map(({ id, name, revision }) => ({
    op: "move",
    file_id: id,
    parent_id: folderId,
    name,
    base_revision: revision,
  }));
}

/** A copy beside the original gets another name; elsewhere a taken name is asked about. */
export function stepsToCopy(subjects: readonly Subject[], folderId: string): Step[] {
  return subjects.map(({ id, name, parentId }) => ({
    op: "copy",
    file_id: id,
    parent_id: folderId,
    name,
    ...(parentId === folderId ? { on_conflict: "rename" } : {}),
  }));
}

export function stepToRename({ id, parentId, revision }: Subject, name: string): Step {
  return { op: "move", file_id: id, parent_id: parentId, name, base_revision: revision };
}

export function stepsToTrash(subjects: readonly Subject[]): Step[] {
  return subjects.map(({ id }) => ({ op: "delete", file_id: id }));
}

export function stepsToRestore(subjects: readonly Subject[]): Step[] {
  return subjects.map(({ id }) => ({ op: "restore", file_id: id }));
}

/**
 * The same step on top of what own acts have made of the node since it was asked for: what is to be moved or copied keeps the name that it
 * has by now, and what is to be renamed stays in the folder in which it is by now.
 */
export function rebased(step: Step, known: Subject, latest: Subject): Step {
  if (latest.revision === known.revision) return step;
  const base = step.base_revision === undefined ? {} : { base_revision: latest.revision };
  if (step.op !== "move" && step.op !== "copy") return { ...step, ...base };
  if (step.name === known.name) return { ...step, ...base, name: latest.name };
  return { ...step, ...base, parent_id: step.parent_id === known.parentId ? latest.parentId : step.parent_id };
}

/**
 * What takes the steps back, the last first. Each names the revision that its own step left: what somebody changed since is not touched.
 * The inverse of what was so taken back does it again.
 */
export function inverseOf(taken: readonly Taken[]): Step[] {
  return taken.toReversed().map(inverseOfOne);
}

function inverseOfOne({ step, before, after }: Taken): Step {
  const seen = { file_id: after.id, base_revision: after.revision };
  if (step.op === "delete") return { op: "restore", ...seen };
  // What others have put into a new folder since stays.
  if (step.op !== "move") return { op: "delete", ...seen, ...(after.seq === undefined ? {} : { seen: after.seq }) };
  return { op: "move", ...seen, parent_id: before?.parentId ?? after.parentId, name: before?.name ?? after.name };
}

/** What came of many steps. */
export interface Outcome {
  readonly taken: readonly Taken[];
  readonly refused: readonly Refused[];
}

export interface Refused {
  readonly step: Step;
  readonly name: string;
  readonly code: string;
}

/** Those that only another name, or another's going, stands in the way of: they are asked about. */
export function clashesIn({ refused }: Outcome): readonly Refused[] {
  return refused.filter(({ code, step }) => code === "exists" && step.on_conflict !== "rename");
}

/** The same steps by a decision about names. Replacing keeps what was there: as an older version, or in the trash. */
export function decided(clashes: readonly Refused[], choice: "keep" | "replace"): Step[] {
  return clashes.map(({ step }) => ({ ...step, on_conflict: choice === "keep" ? "rename" : "replace" }));
}

/** Each reason with how many, the most frequent first. */
export function reasonsOf(refused: readonly Refused[]): readonly { readonly code: string; readonly names: string[] }[] {
  const byCode = Map.groupBy(refused, ({ code }) => code);
  return [...byCode]
    .map(([code, all]) => ({ code, names: all.map(({ name }) => name) }))
    .toSorted((one, other) => other.names.length - one.names.length);
}
