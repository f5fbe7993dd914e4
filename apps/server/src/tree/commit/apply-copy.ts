import { HoldfastError } from "@holdfast/core/errors";
import { nameKey } from "@holdfast/core/names";
import type { NodeRow } from "../../base/db/shard-tables.ts";
import { checkBase } from "./base.ts";
import { claimName } from "./claim-name.ts";
import { contentOf } from "../content/content.ts";
import { dateOfVersion } from "../read/version-json.ts";
import { findVersion } from "./find-version.ts";
import { loadVersions } from "./load.ts";
import { newNode } from "./new-node.ts";
import type { OperationOf } from "./operation-of.ts";
import { definedOf, notAFile, putContent, setHead } from "./apply-put.ts";
import { foreignSource } from "./foreign-source.ts";
import { answered, isStranger, requireAct, requireLinkMaker, requireRuleWriter } from "./rights.ts";
import { findNode, findPlace } from "./place.ts";
import { requireLive } from "./conflict.ts";
import type { Applied, DetachedFolder, Scope, Step, Target, Work } from "./work.ts";
import { checkPath } from "./reach.ts";
import { addWeight, record, useBytes } from "./record.ts";

/**
 * The contents of a folder, and anything from another space, are copied outside the tree first, in pieces. Then the
 * step is applied again with `attach`.
 */
export interface FolderCopy {
  readonly copyFolder: NodeRow;
  /** The source is in the space of an account that may only add files. */
  readonly isStrangers: boolean;
  readonly name: string;
}

/** Copies no content: the new version refers to the same blocks. */
export async function applyCopy(
  work: Work,
  step: Step<OperationOf<"copy">>,
  scope: Scope,
): Promise<Applied | FolderCopy> {
  const { operation } = step;
  const foreign = foreignSource(operation);
  const row = foreign?.top ?? (await findSource(work, step, scope));
  const current = { parent: async () => parentOf(work, row), name: row.name };
  const target = await findPlace(work, step, scope, operation.place, current);
  if (row.kind === "symlink") await requireLinkMaker(work, step, target.parent);
  const name = await claimName(work, step, scope, target, { kind: row.kind });
  const copied = step.attach === undefined ? row : await detachedTop(work, step.attach);
  // The depth of a source in another space is checked after it was copied to this space.
  const isHere = foreign === undefined || step.attach !== undefined;
  await checkPath(work, { parent: target.parent, name }, isHere ? { node: copied, copy: true } : {});
  const answer = await answered(work, step, target);
  const place = { parent: target.parent, name };
  if (step.attach !== undefined) return { ...(await attach(work, step, step.attach, place)), ...answer };
  if (foreign === undefined && row.kind !== "folder") return { ...(await copyOne(work, step, row, place)), ...answer };
  if (scope.inGroup) {
    throw new HoldfastError("invalid_field", "A folder must be copied on its own, not in a group.", { field: "group" });
  }
  if (foreign !== undefined) useBytes(work, foreign.sizeBytes);
  return { copyFolder: row, name, isStrangers: foreign !== undefined && (await isStranger(work, step, target.parent)) };
}

async function findSource(work: Work, step: Step<OperationOf<"copy">>, scope: Scope): Promise<NodeRow> {
  const { operation } = step;
  const found = await findNode(work, step, scope, operation.fileId, "file_id");
  const { row } = found;
  if (row.kind === "mount") {
    throw new HoldfastError("invalid_field", "The folder that this mount shows is not available now.", {
      field: "file_id",
    });
  }
  if (step.attach === undefined) await requireLive(work, step, found);
  if (step.attach === undefined) await checkBase(work, step, row, operation);
  return row;
}

/** Adds a version with the old content and modification time. */
export async function applyRevert(work: Work, step: Step<OperationOf<"revert">>, scope: Scope): Promise<Applied> {
  const { operation } = step;
  const found = await findNode(work, step, scope, operation.fileId, "file_id");
  await requireAct(work, step, found.row, "write");
  await requireRuleWriter(work, step, found.row, found.row.name);
  await requireLive(work, step, found);
  if (found.row.kind !== "file") throw notAFile(found.row);
  await checkBase(work, step, found.row, operation);
  const old = await findVersion(work, found.row, operation.version);
  // The head version stores no date; its node does.
  const isNewest = found.row.content_id?.equals(old.content_id) === true;
  const dated = isNewest ? {} : { modifiedAtMicros: dateOfVersion(found.row, old) };
  const attributes = { ...dated, ...definedOf(operation) };
  const row = putContent(work, step, found.row, contentOf(old), attributes);
  return { nodeId: row.id, created: false };
}

async function copyOne(work: Work, step: Step, source: NodeRow, { parent, name }: Target): Promise<Applied> {
  const { kind, target, modified_at, executable, metadata } = source;
  const node = await newNode(work, step, { parent, name, kind, ...(target === null ? {} : { target }) });
  const row = { ...node, modified_at, executable, private: source.private, metadata };
  if (source.head_version === null) return { nodeId: record(work, step, row).id, created: true };
  const pending = work.changes.versions.find((version) => version.id === source.head_version);
  const [head] =
    pending === undefined ? await loadVersions(work.reader, work.space.id, [source.head_version]) : [pending];
  if (head === undefined) throw new HoldfastError("internal", `Version ${source.head_version} has no row.`);
  useBytes(work, head.size);
  return { nodeId: setHead(work, step, row, contentOf(head), {}).id, created: true };
}

async function attach(work: Work, step: Step, detached: DetachedFolder, { parent, name }: Target): Promise<Applied> {
  const top = await detachedTop(work, detached);
  useBytes(work, detached.sizeBytes);
  addWeight(work, detached.weightBytes);
  const placed = { ...top, parent_id: parent.id, name, name_key: nameKey(name), trashed_at: null, purged_at: null };
  return { nodeId: record(work, step, placed, { kind: "appeared" }).id, created: true };
}

async function detachedTop(work: Work, { topId }: DetachedFolder): Promise<NodeRow> {
  const top = await work.tree.node(topId);
  if (top !== undefined) return top;
  throw new HoldfastError("unavailable", "The copy took too long and was canceled. Try again.");
}

async function parentOf(work: Work, row: NodeRow): Promise<NodeRow> {
  const parent = row.parent_id === null ? undefined : await work.tree.node(row.parent_id);
  return parent ?? (await work.tree.root());
}
