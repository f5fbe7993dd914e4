import { HoldfastError } from "@holdfast/core/errors";

/** RFC 7644, 3.12. */
export type ScimType =
  | "invalidFilter"
  | "tooMany"
  | "uniqueness"
  | "mutability"
  | "invalidSyntax"
  | "invalidPath"
  | "noTarget"
  | "invalidValue";

export function refusal(scimType: ScimType, message: string): HoldfastError {
  return new HoldfastError(scimType === "tooMany" ? "too_large" : "bad_request", message, { body: { scimType } });
}

export const noSuch = (what: "user" | "group" | "resource"): HoldfastError =>
  new HoldfastError("not_found", `There is no such ${what}.`);
