import { toHoldfastError } from "@holdfast/core/errors";
import type { Messages } from "./messages.ts";

/** Message for a new password that the server rejected as too common; undefined for other failures. */
export function passwordProblem(thrown: unknown, { message }: Pick<Messages, "message">): string | undefined {
  const { reason } = toHoldfastError(thrown).body;
  return reason === "common_password" ? message("recovery.passwordCommon") : undefined;
}
