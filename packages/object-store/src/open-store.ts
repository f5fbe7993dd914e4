import { resolve } from "node:path";
import type { HoldfastError } from "@holdfast/core/errors";
import type { Disk } from "@holdfast/disk/disk";
import type { Sleep } from "./call-signal.ts";
import { openFsStore } from "./fs-store.ts";
import type { ObjectStore } from "./object-store.ts";
import { isS3Location, parseS3Location } from "./s3-location.ts";
import type { S3Credentials } from "./s3-store.ts";
import { withBreaker } from "./with-breaker.ts";
import { withLimit } from "./with-limit.ts";
import { withMeter } from "./with-meter.ts";
import type { MeteredCall } from "./with-meter.ts";
import { withRetry } from "./with-retry.ts";

export interface OpenStoreOptions {
  readonly disk: Disk;
  readonly randomBytes: (sizeBytes: number) => Uint8Array;
  /** Returns 0 to below 1, for the waits between retries. */
  readonly random: () => number;
  /** Unix milliseconds. */
  readonly nowMs: () => number;
  /** Monotonic clock. */
  readonly monotonicMs: () => number;
  readonly sleep: Sleep;
  /** For AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Wraps the plain store below limit and retry, where real faults occur. */
  readonly wrap?: (store: ObjectStore) => ObjectStore;
  readonly onCall?: (call: MeteredCall) => void;
  readonly onRetry?: (error: HoldfastError, delayMs: number) => void;
  /** See `BreakerOptions.onChange`. */
  readonly onOutage?: (reason: HoldfastError | undefined) => void;
  /** See `FsPutOptions`. */
  readonly called?: string | undefined;
}

/**
 * Opens the server's store with its decorators: meter( breaker( retry( limit( store ) ) ) ). A call waiting for a retry
 * thus blocks no other, and the meter sees what the caller sees. A folder has no breaker: if its disk hangs, a
 * probe hangs, too.
 * @param location a folder, or `s3://bucket/prefix?endpoint=…&region=…&path_style=true`
 */
export async function openStore(location: string, options: OpenStoreOptions): Promise<ObjectStore> {
  const opened = await openPlainStore(location, options);
  const plain = options.wrap?.(opened) ?? opened;
  const limited = withLimit(plain, { callsMax: 64, bytesMax: 256 * 1024 * 1024 });
  const { random, sleep, onRetry, onOutage, monotonicMs: nowMs } = options;
  const retry = { attemptsMax: 5, backoff: { firstMs: 100, maxMs: 3_000 }, random, sleep };
  const retrying = withRetry(limited, onRetry === undefined ? retry : { ...retry, onRetry });
  const times = { quietMs: 10_000, probeTimeoutMs: 3_000, probeEveryMs: 3_000 };
  const store = isS3Location(location)
    ? withBreaker(retrying, plain, { ...times, nowMs, sleep, onChange: onOutage })
    : retrying;
  return withMeter(store, { nowMs, onCall: options.onCall ?? (() => undefined) });
}

/** Opens a folder or bucket without retries and limits. */
export async function openPlainStore(
  location: string,
  {
    disk,
    randomBytes,
    nowMs,
    environment,
    called,
  }: Pick<OpenStoreOptions, "disk" | "randomBytes" | "nowMs" | "environment" | "called">,
): Promise<ObjectStore> {
  if (isS3Location(location)) {
    // The S3 library takes longer to load than everything else, and most servers use a folder.
    const { makeS3Store } = await import("./s3-store.ts");
    return makeS3Store({ location: parseS3Location(location), credentials: readCredentials(environment) });
  }
  return openFsStore({ disk, folder: resolve(location), random: randomBytes, nowMs, called });
}

function readCredentials(environment: OpenStoreOptions["environment"]): S3Credentials | undefined {
  const accessKeyId = environment["AWS_ACCESS_KEY_ID"];
  const secretAccessKey = environment["AWS_SECRET_ACCESS_KEY"];
  const sessionToken = environment["AWS_SESSION_TOKEN"];
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined;
  return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
}
