import type { ErrorCode } from "@holdfast/core/errors";

const keys = {
  too_large: "problem.too_large",
  forbidden: "problem.forbidden",
  internal: "problem.internal",
  conflict: "problem.conflict",
  invalid_field: "tray.badName",
  bad_request: "tray.badName",
  missing_blocks: "tray.lost",
} as const satisfies Partial<Record<ErrorCode, string>>;

/** Unknown codes mean an unreadable file. */
export function fileProblemKey(code: ErrorCode): (typeof keys)[keyof typeof keys] | "tray.unreadable" {
  return code in keys ? keys[code as keyof typeof keys] : "tray.unreadable";
}
