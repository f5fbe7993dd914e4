import type { HoldfastError } from "@holdfast/core/errors";
import { type ProblemAnswer, toProblem } from "../exchange/problem.ts";

export const scimType = "application/scim+json";

/** Formats an error as in RFC 7644 (3.12), because identity systems only read that format. */
export function toScimProblem(error: HoldfastError, requestId: string): ProblemAnswer<object> {
  const { status: own, headers, body } = toProblem(error, requestId);
  // SCIM uses 400 for invalid values.
  const status = error.code === "invalid_field" ? 400 : own;
  const kind = error.body["scimType"] ?? kinds.get(error.code);
  return {
    status,
    headers: { ...headers, "content-type": scimType },
    body: {
      schemas: ["urn:ietf:params:scim:api:messages:2.0:Error"],
      status: String(status),
      ...(kind === undefined ? {} : { scimType: kind }),
      detail: body.detail,
    },
  };
}

const kinds: ReadonlyMap<HoldfastError["code"], string> = new Map([
  ["exists", "uniqueness"],
  ["invalid_field", "invalidValue"],
  ["bad_request", "invalidSyntax"],
]);
