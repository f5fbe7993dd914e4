import type { CodecPool } from "@holdfast/codec/pool";
import type { Clock, Random } from "@holdfast/core/clock";
import type { BlockService } from "../../packs/service/block-service.ts";
import type { Shards } from "../../base/db/shards.ts";
import type { Committer } from "../../tree/commit/commit-queue.ts";
import type { PieceSizes } from "../../tree/commit/piece-sizes.ts";
import type { BodiesAtWork } from "./bodies-at-work.ts";
import type { SeenHashes } from "./seen-hashes.ts";

export interface UploadsOptions {
  readonly shards: Shards;
  readonly blocks: BlockService;
  readonly codec: Pick<CodecPool, "run">;
  readonly committer: Committer;
  readonly clock: Clock;
  readonly random: Random;
  /** Default: `pieceSizes`. */
  readonly pieces?: PieceSizes;
  /** Lifetime of an upload after its last durable byte. */
  readonly lifetimeMs: number;
  /** Called between two steps of an append; a test ends the process there. */
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
  readonly pieceBytes: () => number;
}
