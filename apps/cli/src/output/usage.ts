import { HoldfastError } from "@holdfast/core/errors";

export function usage(message: string): HoldfastError {
  return new HoldfastError("usage", message);
}
