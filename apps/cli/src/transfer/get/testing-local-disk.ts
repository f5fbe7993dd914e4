import { asNamed } from "@holdfast/disk/places";
import { blockingDiskAt } from "./local-disk.ts";

/** The disk of `get` without containment: paths are taken as they are named. */
export const blockingDisk = blockingDiskAt(asNamed);
