import { type ErrorCode, errorTable } from "@holdfast/core/errors";
import { isOpen, type Route } from "@holdfast/protocol/route";

/**
 * Derived from the table. Any route may also answer `internal`, and the transport may
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
  else if (route.rejectsSuspended === true) codes.push("device_suspended");
  codes.push(...(route.errors ?? []));
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

export function errorsByStatus(route: Route): ReadonlyMap<number, readonly ErrorCode[]> {
  return Map.groupBy(errorCodesOf(route), (code) => errorTable[code].status);
}
