import { HoldfastError } from "@holdfast/core/errors";

/** The disk changed since the scan. Nothing was done; the next scan decides. */
export class DiskChanged extends HoldfastError {
  constructor(path: string) {
    super("conflict", `${path} has changed since it was scanned.`);
  }
}
