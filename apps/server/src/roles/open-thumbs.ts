import type { Clock, Random } from "@holdfast/core/clock";
import type { Config } from "../base/config/read-config.ts";
import type { Shards } from "../base/db/shards.ts";
import type { Log } from "../base/operation/log.ts";
import { ThumbCache } from "../features/thumbs/thumb-cache.ts";
import { Thumbs } from "../features/thumbs/thumbs.ts";
import type { Closers } from "./closers.ts";
import type { Storage } from "./open-storage.ts";

export interface ThumbParts {
  readonly shards: Shards;
  readonly storage: Storage;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly key: Buffer;
}

/** Processes start with the first request for a thumbnail. */
export function openThumbs({ thumbCacheBytes }: Config, parts: ThumbParts, closers: Closers): Thumbs {
  const { shards, storage, clock, random, log, key } = parts;
  const cache = new ThumbCache({ folder: storage.thumbFolder, key, bytesMax: thumbCacheBytes, clock, random });
  const thumbs = new Thumbs({ shards, blocks: storage.blocks, cache, clock, log });
  closers.add("thumbnails", () => thumbs.close());
  return thumbs;
}
