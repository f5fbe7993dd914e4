import { S3ServiceException } from "@aws-sdk/client-s3";
import { HoldfastError } from "@holdfast/core/errors";
import type { ErrorCode } from "@holdfast/core/errors";

/** What S3 servers call their failures, where the HTTP status alone would mislead. */
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
  // The content was changed on the way, so it is worth sending again.
  BadDigest: "unavailable",
  XAmzContentSHA256Mismatch: "unavailable",
};

const advice: Partial<Record<ErrorCode, string>> = {
  store_full: "Free some space or raise the bucket's quota, then try again.",
  unavailable: "Is it up and reachable? Try again.",
  failed: "Check the bucket, the keys and their permissions.",
};

/** @param action what was being done, as in "put packs/1" */
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
  // No answer at all: refused, reset, timed out, cut in the middle.
  if (status === undefined) return "unavailable";
  const named = thrown instanceof S3ServiceException ? codesByName[thrown.name] : undefined;
  if (named !== undefined) return named;
  if (status === 507) return "store_full";
  if (status === 404) return "not_found";
  if (status === 416) return "range";
  // A success whose answer could not be read was cut in the middle too.
  return status >= 500 || status === 408 || status === 429 || status < 300 ? "unavailable" : "failed";
}

function statusOf(thrown: unknown): number | undefined {
  if (typeof thrown !== "object" || thrown === null) return undefined;
  const metadata: unknown = Reflect.get(thrown, "$metadata");
  if (typeof metadata !== "object" || metadata === null) return undefined;
  const status: unknown = Reflect.get(metadata, "httpStatusCode");
  return typeof status === "number" ? status : undefined;
}
