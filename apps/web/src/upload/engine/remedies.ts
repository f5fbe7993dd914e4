import type { ErrorCode } from "@holdfast/core/errors";

/**
 * What helps after a failure. `wait`: by itself, sooner or later. `sign_in`: the person signs in. `clash`: the person says what
 * becomes of two things of one name. `folder`: another folder. `quota`: room. `again`: reading the file once more. `file`: nothing
 * helps but changing the file or its name.
 */
export type Remedy = "wait" | "sign_in" | "clash" | "folder" | "quota" | "again" | "file";

export function remedyFor(code: ErrorCode): Remedy {
  return remedies[code] ?? "file";
}

const remedies: Readonly<Partial<Record<ErrorCode, Remedy>>> = {
  unreachable: "wait",
  unavailable: "wait",
  rate_limited: "wait",
  request_timeout: "wait",
  locked: "wait",
  store_full: "wait",
  internal: "wait",
  unauthenticated: "sign_in",
  exists: "clash",
  conflict: "clash",
  precondition: "clash",
  forbidden: "folder",
  not_found: "folder",
  trashed: "folder",
  quota: "quota",
  hash_mismatch: "again",
  content_mismatch: "again",
  missing_blocks: "again",
  operation_reused: "again",
  failed: "again",
};
