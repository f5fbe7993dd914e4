import { toHoldfastError } from "@holdfast/core/errors";
import type { Messages } from "./messages.ts";

/** What is wrong with a new password that the server knows to be tried first; undefined where it was refused for something else. */
export function passwordProblem(thrown: unknown, { message }: Pick<Messages, "message">): string | undefined {
  const { reason } = toHoldfastError(thrown).body;
  return reason === "common_password" ? message("recovery.passwordCommon") : undefined;
}
