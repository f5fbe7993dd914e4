import { type HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import type { problem } from "./en/problem.ts";
import type { Messages } from "./messages.ts";

/** Keys of messages without placeholders. */
type ProblemKey = Exclude<keyof typeof problem, "problem.quota_versions">;

/** Describes a failure. For a rejected field, the server's message is more precise than its code. */
export function problemWords(thrown: unknown, { message }: Pick<Messages, "message">): string {
  const failure = toHoldfastError(thrown);
  const { network } = failure.body;
  if (network === "AWAY") return message("problem.away");
  if (network === "CANCELED") return failure.message;
  // The page's address is wrong, not the request.
  if (failure.field === "Origin") return failure.message;
  const path = fillingPath(failure);
  if (path !== undefined) return message("problem.quota_versions", { path });
  const key = keyOf(failure.code);
  return key === undefined ? failure.message : message(key);
}

/** File whose versions fill the storage, if versions take more space than the trash. */
function fillingPath({ code, body }: HoldfastError): string | undefined {
  const { stored_bytes, versions_bytes, trash_bytes, largest_file } = body;
  if (code !== "quota" || stored_bytes === undefined || Number(versions_bytes) <= Number(trash_bytes)) return undefined;
  return (largest_file as { readonly path: string } | undefined)?.path;
}

/** Equivalent for people. */
const alike: Readonly<Record<string, ProblemKey>> = {
  subtree_changed: "problem.conflict",
  precondition: "problem.conflict",
  superseded: "problem.conflict",
  request_timeout: "problem.unreachable",
  damaged: "problem.internal",
};

const plain = [
  "unreachable",
  "unavailable",
  "rate_limited",
  "unauthenticated",
  "forbidden",
  "not_found",
  "exists",
  "conflict",
  "trashed",
  "cycle",
  "too_large",
  "locked",
  "store_full",
  "quota",
  "internal",
] as const;

function keyOf(code: string): ProblemKey | undefined {
  const same = plain.find((each) => each === code);
  return same === undefined ? alike[code] : `problem.${same}`;
}
