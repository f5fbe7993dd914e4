import type { Clock, Random } from "@holdfast/core/clock";
import type { HoldfastError } from "@holdfast/core/errors";
import {
  bucketOf,
  type HashHex,
  makeId,
  type NodeId,
  type UploadId,
  type UserId,
  type VersionId,
} from "@holdfast/core/ids";
import type { Actor } from "../actor.ts";
import type { JournalRow, NodeRow, ShardQueries, SpaceRow, VersionRow } from "../../base/db/shard-tables.ts";
import type { NewContent } from "../content/content.ts";
import type { HeldBlocks } from "./load.ts";
import type { VersionFacts } from "../read/version-json.ts";
import type { BrakedChange } from "../brake/brake-counts.ts";
import type { RightsByActor } from "../rights/space-rights.ts";
import type { Operation } from "./operation.ts";
import type { PieceSizes } from "./piece-sizes.ts";
import type { Tree } from "./tree.ts";

export interface Step<Kind extends Operation = Operation> {
  readonly caller: Actor;
  readonly operation: Kind;
  /** undefined if the base of the splices does not exist. */
  readonly content: NewContent | undefined;
  readonly refused: HoldfastError | undefined;
  /** Blocks of segments that the space does not hold, found before the lock. */
  readonly missing: readonly HashHex[];
  /** Known lost blocks of the version that the step would make. */
  readonly lost: readonly HashHex[];
  readonly attach: DetachedFolder | undefined;
  /** For a caller who does not own the space: blocks that it may use in addition to its own uploads. */
  readonly named: ReadonlySet<HashHex> | undefined;
}

export interface DetachedFolder {
  readonly topId: NodeId;
  readonly sizeBytes: number;
  readonly weightBytes: number;
}

export type JournalEntry = Omit<JournalRow, "space_id" | "seq" | "tag" | "at" | "grantee_id">;

export interface GivenLabel {
  readonly versionId: VersionId;
  readonly label: string | null;
  /** The account or link that set the label. */
  readonly by: UserId | null;
}

/** Lists only grow, so that a mark consists of a few lengths. */
export interface Changes {
  readonly versions: VersionRow[];
  /** Includes labels of this transaction's own versions. The last label of a version counts. */
  readonly labels: GivenLabel[];
  /** Versions that are no longer the newest, each once, with the modification time of their file. */
  readonly replaced: { readonly versionId: VersionId; readonly modifiedAtMicros: number }[];
  readonly journal: JournalEntry[];
  /** One entry for each block, and for each segment, that a new version refers to. */
  readonly blockRefs: HashHex[];
  readonly segmentRefs: HashHex[];
  readonly uploads: { readonly uploadId: UploadId; readonly nodeId: NodeId }[];
  readonly purged: NodeId[];
  /** Total growth of the space's used bytes, and of its weight, after each change. */
  readonly usedBytes: number[];
  readonly metadataBytes: number[];
  /** Blocks that begin to count as stored, and the total growth of stored bytes after each of them. */
  readonly counted: HashHex[];
  readonly storedBytes: number[];
  /** Changes that count against their devices. */
  readonly braked: BrakedChange[];
}

export interface Work {
  readonly reader: ShardQueries;
  readonly space: SpaceRow;
  readonly tree: Tree;
  readonly changes: Changes;
  readonly nowMicros: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly pieces: PieceSizes;
  /** Blocks and segments that the steps name and the space holds, locked. */
  readonly heldBlocks: HeldBlocks;
  readonly heldSegments: ReadonlySet<HashHex>;
  /** Members of `changes.counted`, rebuilt after a rollback. */
  readonly counted: Set<HashHex>;
  readonly measuring: Measuring;
  /** Rights of callers who do not own the space. */
  readonly rights: RightsByActor;
  /** undefined: no device is suspended. */
  readonly brakes: Brakes | undefined;
}

export interface Brakes {
  /** @throws HoldfastError device_suspended for the remaining steps of a transaction that suspended the device */
  assertMoves(step: Step): void;
  /**
   * Counts the changes of a step that was just applied. If this throws, the caller undoes the step.
   * @param from index of its first change in `changes.braked`
   * @throws HoldfastError device_suspended for the first change above a limit
   */
  admit(work: Work, step: Step, from: number): Promise<void>;
  write(work: Work): Promise<boolean>;
}

/** Measurements of trees in this transaction. After a rollback they may be stricter than necessary. */
export interface Measuring {
  nodesLeft: number;
  readonly raised: Set<NodeId>;
}

export interface Scope {
  /** Ids of nodes that this request failed to create. Operations that name them fail with `dependency`. */
  readonly failedIds: ReadonlySet<string>;
  readonly inGroup: boolean;
}

/** `nodeId`: the node that a step created or changed; undefined if it is gone. */
export interface Applied {
  readonly nodeId: NodeId | undefined;
  readonly created: boolean;
  /** Requested name, for a caller who may not learn that it was taken. */
  readonly answeredName?: string | undefined;
  readonly version?: VersionFacts;
}

export function noChanges(): Changes {
  return {
    versions: [],
    labels: [],
    replaced: [],
    journal: [],
    blockRefs: [],
    segmentRefs: [],
    uploads: [],
    purged: [],
    usedBytes: [],
    metadataBytes: [],
    counted: [],
    storedBytes: [],
    braked: [],
  };
}

export type Mark = readonly number[];

export function markWork({ tree, changes }: Work): Mark {
  return [tree.mark(), ...Object.values(changes).map((list: unknown[]) => list.length)];
}

export function rollbackWork({ tree, changes }: Work, [treeMark, ...lengths]: Mark): void {
  tree.rollback(treeMark ?? 0);
  for (const [index, list] of Object.values(changes).entries()) (list as unknown[]).length = lengths[index] ?? 0;
}

export function newId<Id extends NodeId | VersionId>({ clock, random, space }: Work): Id {
  return makeId<Id>(bucketOf(space.id), clock.nowMs(), random(8));
}

export function newRevision({ random }: Pick<Work, "random">): string {
  return Buffer.from(random(16)).toString("hex");
}

export interface Target {
  readonly parent: NodeRow;
  readonly name: string;
}
