import { type ErrorCode, errorTable } from "@holdfast/core/errors";
import { isOpen, type Route } from "@holdfast/protocol/route";

/**
 * Derived from access, input and effect in the table. Any route may also answer `internal`, and the transport may
 * answer `header_too_large` and `request_timeout`.
 */
export function errorCodesOf(route: Route): readonly ErrorCode[] {
  const codes: ErrorCode[] = ["rate_limited", "unavailable"];
  if (!isOpen(route)) codes.push("unauthenticated", "second_factor_required", "address_not_allowed");
  if (!isOpen(route) && route.access !== "signed_in") codes.push("forbidden");
  if (route.asksProof !== undefined) codes.push("proof_required");
  if (route.access === "signed" || route.params !== undefined) codes.push("not_found");
  if (route.query !== undefined || route.params !== undefined || route.body !== undefined) codes.push("invalid_field");
  if (route.bodyKind !== "none") codes.push("bad_request", "too_large");
  if (route.bodyKind === "json") codes.push("unsupported_media_type");
  if (route.changes === true) codes.push(...ofChanges);
  if (route.changes === true && /upload/.test(route.path)) codes.push("offset", "superseded", "hash_mismatch");
  if (/upload|blocks|chunks|sync|copy/.test(route.path) && route.access === "files:write")
    codes.push("quota", "store_full");
  if (/\/sync/.test(route.path)) codes.push("missing_blocks", "content_mismatch");
  if (/^\/(?:changes|notifications\/poll|events|sync)/.test(route.path)) codes.push("reset");
  if (/download|signed\/|^\/blocks\/:hash/.test(route.path) && route.method === "GET") codes.push("range", "damaged");
  return codes;
}

const ofChanges: readonly ErrorCode[] = [
  "conflict",
  "exists",
  "trashed",
  "cycle",
  "precondition",
  "operation_reused",
  "locked",
  "device_suspended",
];

/** Grouped by status, as in OpenAPI. */
export function errorsByStatus(route: Route): ReadonlyMap<number, readonly ErrorCode[]> {
  return Map.groupBy(errorCodesOf(route), (code) => errorTable[code].status);
}
