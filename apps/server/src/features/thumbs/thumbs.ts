import { availableParallelism } from "node:os";
import type { Clock } from "@holdfast/core/clock";
import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import type { ThumbSize } from "@holdfast/protocol/thumb-routes";
import type { BlockService } from "../../packs/service/block-service.ts";
import { readVersion } from "../content/read-version.ts";
import type { VersionRow } from "../../base/db/shard-tables.ts";
import type { Shards } from "../../base/db/shards.ts";
import type { Log } from "../../base/operation/log.ts";
import { MakingLine } from "./making-line.ts";
import { PicturePool } from "./picture-pool.ts";
import type { Failure } from "./picture-process.ts";
import { pictureTypeOf } from "./picture-types.ts";
import type { ThumbCache } from "./thumb-cache.ts";

export interface ThumbsOptions {
  readonly shards: Shards;
  readonly blocks: Pick<BlockService, "readRange">;
  readonly cache: ThumbCache;
  readonly clock: Clock;
  readonly log: Log;
}

export interface WantedThumb {
  /** Version that the caller may read. */
  readonly version: VersionRow;
  readonly size: ThumbSize;
  /** Account whose share of the line is used. */
  readonly payer: string;
  readonly signal: AbortSignal;
}

/**
 * Thumbnails of contents, created once per space; failures are remembered. Spaces share none, because response times
 * would reveal that another user has the same picture.
 */
export class Thumbs {
  readonly #options: ThumbsOptions;
  readonly #pool = new PicturePool();
  readonly #line: MakingLine;

  constructor(options: ThumbsOptions) {
    this.#options = options;
    const runningMax = Math.max(1, Math.min(4, Math.floor(availableParallelism() / 2)));
    this.#line = new MakingLine({
      runningMax,
      waitingMax: limits.thumbsWaitingMax,
      shareMax: limits.thumbsWaitingShareMax,
    });
  }

  /**
   * @returns a WebP
   * @throws HoldfastError not_found if the content has no thumbnail, unavailable if too many requests wait
   */
  async get({ version, size, payer, signal }: WantedThumb): Promise<Buffer> {
    const { size: sizeBytes } = version;
    if (sizeBytes === 0 || sizeBytes > limits.thumbSourceBytesMax) throw noThumb();
    const known = await this.#known(version, size);
    const key = labelOf(version, size);
    return known ?? this.#line.run({ key, payer, signal }, () => this.#make(version, size));
  }

  /** Deletes all thumbnails, because their names do not reveal owners. */
  async clear(): Promise<void> {
    await this.#options.cache.clear();
  }

  close(): void {
    this.#pool.close();
  }

  async #known(version: VersionRow, size: ThumbSize): Promise<Buffer | undefined> {
    const { cache, clock } = this.#options;
    const thumb = await cache.read(labelOf(version, size));
    if (thumb !== undefined) return thumb;
    const failed = await cache.read(labelOf(version, "failed"));
    const untilMs = Number(failed?.toString());
    if (failed !== undefined && !(untilMs <= clock.nowMs())) throw noThumb();
    return undefined;
  }

  async #make(version: VersionRow, size: ThumbSize): Promise<Buffer> {
    // Another size may have been tried while this one waited.
    const known = await this.#known(version, size);
    if (known !== undefined) return known;
    let made = await this.#read(version, size);
    // When memory runs out, the system kills these processes first, even idle ones, so only a second crash in a row
    // counts as the picture's fault.
    if (made === "deadly") made = await this.#read(version, size);
    if (typeof made !== "string") {
      await this.#keep(labelOf(version, size), made);
      return made;
    }
    const { log, clock } = this.#options;
    log.info({ content_id: version.content_id.toString("hex"), reason: made }, "a thumbnail could not be created");
    // The library's rejections are permanent; a timeout may be due to a busy machine.
    const untilMs = made === "unreadable" ? "never" : `${clock.nowMs() + limits.thumbRetryMs}`;
    await this.#keep(labelOf(version, "failed"), Buffer.from(untilMs));
    throw noThumb();
  }

  async #read(version: VersionRow, size: ThumbSize): Promise<Buffer | Failure> {
    const bytes = readVersion(this.#options, version, { start: 0, end: version.size });
    const first = await bytes.next();
    const type = first.done === true ? undefined : pictureTypeOf(first.value);
    if (first.done === true || type === undefined) {
      await bytes.return();
      return "unreadable";
    }
    return this.#pool.make({ type, sizeBytes: version.size, bytes: beginningWith(first.value, bytes) }, size);
  }

  /** A full disk must not prevent the response. */
  async #keep(label: string, bytes: Uint8Array): Promise<void> {
    try {
      await this.#options.cache.write(label, bytes);
    } catch (error) {
      this.#options.log.warn({ reason: (error as Error).message }, "a thumbnail could not be stored");
    }
  }
}

function labelOf({ space_id, content_id }: VersionRow, what: ThumbSize | "failed"): string {
  return `${space_id} ${content_id.toString("hex")} ${what}`;
}

async function* beginningWith(
  first: Uint8Array,
  rest: AsyncGenerator<Uint8Array, void, undefined>,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield first;
  yield* rest;
}

function noThumb(): HoldfastError {
  return new HoldfastError("not_found", "No thumbnail can be created for this file.");
}
