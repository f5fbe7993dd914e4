import type { CodecPool } from "@holdfast/codec/pool";
import type { Clock, Random } from "@holdfast/core/clock";
import type { BlockService } from "../blocks/block-service.ts";
import type { Shards } from "../db/shards.ts";
import type { Committer } from "../metadata/commit/commit-queue.ts";
import type { PieceSizes } from "../metadata/commit/piece-sizes.ts";
import type { BodiesAtWork } from "./bodies-at-work.ts";
import type { SeenHashes } from "./seen-hashes.ts";

/** What uploads are given from outside. */
export interface UploadsOptions {
  readonly shards: Shards;
  readonly blocks: BlockService;
  readonly codec: Pick<CodecPool, "run">;
  readonly committer: Committer;
  readonly clock: Clock;
  readonly random: Random;
  /** The usual ones unless told. */
  readonly pieces?: PieceSizes;
  /** After its last durable byte an upload stays so long. */
  readonly lifetimeMs: number;
  /** Between two steps of an append, each of them a place where a process may end; a test ends it there. */
  readonly crashPoint?: (reached: CrashPoint) => void | Promise<void>;
}

export const crashPoints = [
  "taken over",
  "tail opened",
  "blocks stored",
  "blocks appended",
  "tail sealed",
  "tail appended",
  "all durable",
  "hash checked",
  "committed",
] as const;
export type CrashPoint = (typeof crashPoints)[number];

export interface UploadsPorts extends UploadsOptions {
  readonly crashPoint: (reached: CrashPoint) => void | Promise<void>;
  readonly hashes: SeenHashes;
  readonly bodies: BodiesAtWork;
  /** Bytes of the pieces that a body is read in. */
  readonly pieceBytes: () => number;
}
