import { HoldfastError } from "@holdfast/core/errors";

/** Error in the arguments of a command. */
export function usage(message: string): HoldfastError {
  return new HoldfastError("usage", message);
}
