import type { HoldfastError } from "@holdfast/core/errors";
import { ownErrnoOf } from "@holdfast/disk/disk-error";

/**
 * Private errors are bugs and failures whose message was not written for clients. System messages name local folders. A
 * wrapped system error has its own public message, for example "the store is full".
 */
export function isPrivate(error: HoldfastError): boolean {
  return error.code === "internal" || error.code === "failed" || ownErrnoOf(error.cause) !== undefined;
}
