import { HoldfastError } from "@holdfast/core/errors";

/** The disk has changed since the scan. Nothing was done, and the next scan decides. */
export class DiskChanged extends HoldfastError {
  constructor(path: string) {
    super("conflict", `${path} has changed since it was scanned.`);
  }
}
