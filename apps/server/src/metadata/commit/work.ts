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
import type { JournalRow, NodeRow, ShardReader, SpaceRow, VersionRow } from "../../db/shard-tables.ts";
import type { NewContent } from "../content/content.ts";
import type { HeldBlocks } from "./load.ts";
import type { VersionFacts } from "../read/version-json.ts";
import type { BrakedChange } from "../brake/brake-counts.ts";
import type { RightsByActor } from "../../rights/space-rights.ts";
import type { Operation } from "./operation.ts";
import type { PieceSizes } from "./piece-sizes.ts";
import type { Tree } from "./tree.ts";

/** One operation on its way through a transaction. */
export interface Step<Kind extends Operation = Operation> {
  readonly caller: Actor;
  readonly operation: Kind;
  /** Of a put, encoded before the lock was taken; undefined if its splices name a base that is not there. */
  readonly content: NewContent | undefined;
  /** Found wrong before the lock was taken. */
  readonly refused: HoldfastError | undefined;
  /** Blocks of segments that the space does not hold, found before the lock was taken. */
  readonly missing: readonly HashHex[];
  /** Blocks of what it would make a version of that the store is known to have lost. */
  readonly lost: readonly HashHex[];
  /** Of a folder copy that stands ready outside the tree. */
  readonly attach: DetachedFolder | undefined;
  /** Of a caller who does not own the space: the blocks that it may use besides those that it has sent itself. */
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
  /** The account or link that set it. */
  readonly by: UserId | null;
}

/** All that a transaction is going to write but the nodes, which the tree knows. Lists only grow, so that a mark is a few lengths. */
export interface Changes {
  readonly versions: VersionRow[];
  /** Versions of this transaction included; of one that has several the last counts. */
  readonly labels: GivenLabel[];
  /** Versions that are the newest no longer, each once, with the date that their file had. */
  readonly replaced: { readonly versionId: VersionId; readonly modifiedAtMicros: number }[];
  readonly journal: JournalEntry[];
  /** One for each block, and one for each segment, that a new version refers to. */
  readonly blockRefs: HashHex[];
  readonly segmentRefs: HashHex[];
  readonly uploads: { readonly uploadId: UploadId; readonly nodeId: NodeId }[];
  readonly purged: NodeId[];
  /** What the space uses more than before, and what it weighs more, after each step that changed it. */
  readonly usedBytes: number[];
  readonly metadataBytes: number[];
  /** Blocks that begin to count as stored; what the space stores more than before, after each of them. */
  readonly counted: HashHex[];
  readonly storedBytes: number[];
  /** What counts against the devices that did it. */
  readonly braked: BrakedChange[];
}

/** What all steps of one transaction on one space share. */
export interface Work {
  readonly reader: ShardReader;
  readonly space: SpaceRow;
  readonly tree: Tree;
  readonly changes: Changes;
  readonly nowMicros: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly pieces: PieceSizes;
  /** Blocks and segments that the steps name and the space holds; locked. */
  readonly heldBlocks: HeldBlocks;
  readonly heldSegments: ReadonlySet<HashHex>;
  /** The members of `changes.counted`, made anew after a rollback. */
  readonly counted: Set<HashHex>;
  readonly measuring: Measuring;
  /** Of those whose space it is not. */
  readonly rights: RightsByActor;
  /** Undefined: nobody is braked. */
  readonly brakes: Brakes | undefined;
}

/** Stops devices that rewrite or delete masses. */
export interface Brakes {
  /** @throws HoldfastError device_suspended in what is left of a transaction in which it came to that */
  assertMoves(step: Step): void;
  /**
   * Counts what a step has just done. What is thrown has it undone.
   * @param from where its changes begin in `changes.braked`
   * @throws HoldfastError device_suspended from the change on with which there are too many
   */
  admit(work: Work, step: Step, from: number): Promise<void>;
  /** @returns whether a message was put into the queue */
  write(work: Work): Promise<boolean>;
}

/** What trees were measured for in this transaction; a rollback may leave it stricter than it need be. */
export interface Measuring {
  nodesLeft: number;
  /** Folders below which something was placed. */
  readonly raised: Set<NodeId>;
}

/** The place of a step among the others. */
export interface Scope {
  /** Ids that failed creates of this request brought: what names them depends on them. */
  readonly failedIds: ReadonlySet<string>;
  /** Names are checked at the end of the group, so that a rotation may pass. */
  readonly inGroup: boolean;
}

/** The node that a step made or changed; undefined when it is gone. */
export interface Applied {
  readonly nodeId: NodeId | undefined;
  readonly created: boolean;
  /** Of who may not know that the name was taken: the one that was wanted. */
  readonly answeredName?: string | undefined;
  /** The version that it was about, as it is since. */
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
