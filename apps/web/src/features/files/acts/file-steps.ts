export interface Subject {
  readonly id: string;
  readonly name: string;
  readonly parentId: string;
  readonly revision: string;
  /** Sequence number of the last change. A folder's revision excludes its contents. */
  readonly seq?: number;
}

/** Operation without its id. */
export type Step = (
  | { readonly op: "mkdir"; readonly parent_id: string; readonly name: string }
  | { readonly op: "put"; readonly parent_id: string; readonly name: string; readonly size: 0; readonly blocks: [] }
  | { readonly op: "move"; readonly file_id: string; readonly parent_id: string; readonly name: string }
  | { readonly op: "copy"; readonly file_id: string; readonly parent_id: string; readonly name: string }
  | { readonly op: "delete"; readonly file_id: string; readonly seen?: number }
  | { readonly op: "restore"; readonly file_id: string }
) & { readonly base_revision?: string; readonly on_conflict?: OnConflict };
export type OnConflict = "fail" | "rename" | "replace";

export interface Taken {
  readonly step: Step;
  /** Absent if the step created the node. */
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

/** A copy in the same folder is renamed. Elsewhere, a conflict is asked about. */
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

/** Rebases a step onto own earlier changes. A move or copy keeps the current name, a rename the current folder. */
export function rebased(step: Step, known: Subject, latest: Subject): Step {
  if (latest.revision === known.revision) return step;
  const base = step.base_revision === undefined ? {} : { base_revision: latest.revision };
  if (step.op !== "move" && step.op !== "copy") return { ...step, ...base };
  if (step.name === known.name) return { ...step, ...base, name: latest.name };
  return { ...step, ...base, parent_id: step.parent_id === known.parentId ? latest.parentId : step.parent_id };
}

/**
 * Undoes the steps, last first. Each requires the revision that its step produced, so later changes are not
 * overwritten. The inverse of an undo is the redo.
 */
export function inverseOf(taken: readonly Taken[]): Step[] {
  return taken.toReversed().map(inverseOfOne);
}

function inverseOfOne({ step, before, after }: Taken): Step {
  const seen = { file_id: after.id, base_revision: after.revision };
  if (step.op === "delete") return { op: "restore", ...seen };
  // Keeps a new folder to which others have added something.
  if (step.op !== "move") return { op: "delete", ...seen, ...(after.seq === undefined ? {} : { seen: after.seq }) };
  return { op: "move", ...seen, parent_id: before?.parentId ?? after.parentId, name: before?.name ?? after.name };
}

export interface Outcome {
  readonly taken: readonly Taken[];
  readonly refused: readonly Refused[];
}

export interface Refused {
  readonly step: Step;
  readonly name: string;
  readonly code: string;
}

/** Failed only because the name is taken, without a rule for that. */
export function clashesIn({ refused }: Outcome): readonly Refused[] {
  return refused.filter(({ code, step }) => code === "exists" && step.on_conflict === undefined);
}

/** A replaced item is kept as an older version or in the trash. */
export function decided(clashes: readonly Refused[], choice: "keep" | "replace"): Step[] {
  return clashes.map(({ step }) => ({ ...step, on_conflict: choice === "keep" ? "rename" : "replace" }));
}

/** Most frequent reason first. */
export function reasonsOf(refused: readonly Refused[]): readonly { readonly code: string; readonly names: string[] }[] {
  const byCode = Map.groupBy(refused, ({ code }) => code);
  return [...byCode]
    .map(([code, all]) => ({ code, names: all.map(({ name }) => name) }))
    .toSorted((one, other) => other.names.length - one.names.length);
}
