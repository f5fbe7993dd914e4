import { S3ServiceException } from "@aws-sdk/client-s3";
import { HoldfastError } from "@holdfast/core/errors";
import type { ErrorCode } from "@holdfast/core/errors";

/** The HTTP status alone would be misleading for these names. */
const codesByName: Readonly<Record<string, ErrorCode>> = {
  NoSuchKey: "not_found",
  NotFound: "not_found",
  NoSuchBucket: "failed",
  InvalidRange: "range",
  QuotaExceeded: "store_full",
  InsufficientStorage: "store_full",
  XMinioStorageFull: "store_full",
  SlowDown: "unavailable",
  RequestTimeout: "unavailable",
  // Corrupted in transit, so a retry is useful.
  BadDigest: "unavailable",
  XAmzContentSHA256Mismatch: "unavailable",
};

const advice: Partial<Record<ErrorCode, string>> = {
  store_full: "Free some space or raise the bucket's quota, then try again.",
  unavailable: "Is it up and reachable? Try again.",
  failed: "Check the bucket, the keys and their permissions.",
};

/** @param action attempted call, as in "put packs/1" */
export function toS3Error(thrown: unknown, action: string): HoldfastError {
  if (thrown instanceof HoldfastError) return thrown;
  const code = codeOf(thrown);
  const name = thrown instanceof Error ? thrown.name : "Error";
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const next = advice[code];
  return new HoldfastError(
    code,
    `The S3 store could not ${action}: ${name}, ${message}.${next === undefined ? "" : ` ${next}`}`,
    {
      cause: thrown,
    },
  );
}

function codeOf(thrown: unknown): ErrorCode {
  const status = statusOf(thrown);
  // No response: refused, reset, timed out or interrupted.
  if (status === undefined) return "unavailable";
  const named = thrown instanceof S3ServiceException ? codesByName[thrown.name] : undefined;
  if (named !== undefined) return named;
  if (status === 507) return "store_full";
  if (status === 404) return "not_found";
  if (status === 416) return "range";
  // An unreadable successful response was interrupted too.
  return status >= 500 || status === 408 || status === 429 || status < 300 ? "unavailable" : "failed";
}

function statusOf(thrown: unknown): number | undefined {
  if (typeof thrown !== "object" || thrown === null) return undefined;
  const metadata: unknown = Reflect.get(thrown, "$metadata");
  if (typeof metadata !== "object" || metadata === null) return undefined;
  const status: unknown = Reflect.get(metadata, "httpStatusCode");
  return typeof status === "number" ? status : undefined;
}
