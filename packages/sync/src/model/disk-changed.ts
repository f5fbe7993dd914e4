import { HoldfastError } from "@holdfast/core/errors";

/** The disk is not as it was when it was looked at: nothing was done, and the next look decides. */
export class DiskChanged extends HoldfastError {
  constructor(path: string) {
    super("conflict", `${path} has changed since it was scanned.`);
  }
}
