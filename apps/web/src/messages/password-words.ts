import { toHoldfastError } from "@holdfast/core/errors";
import type { Messages } from "./messages.ts";

/** Returns a message if the server rejected the password as too common. */
export function passwordProblem(thrown: unknown, { message }: Pick<Messages, "message">): string | undefined {
  const { reason } = toHoldfastError(thrown).body;
  return reason === "common_password" ? message("recovery.passwordCommon") : undefined;
}
