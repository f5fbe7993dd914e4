import { asNamed } from "@holdfast/disk/places";
import { blockingDiskAt } from "./local-disk.ts";

/** The disk of `get` without containment: paths are used unchanged. */
export const blockingDisk = blockingDiskAt(asNamed);
