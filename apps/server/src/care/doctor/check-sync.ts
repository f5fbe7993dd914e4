import { open, rm, statfs } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { DoctorWorld } from "./doctor-world.ts";
import { type Finding, ok, warn } from "./finding.ts";

/** A disk that responds to a sync immediately cannot have stored the data. */
export async function checkSync({ config, random }: DoctorWorld): Promise<Finding[]> {
  const folder = resolve(config.dataFolder);
  const { type } = await statfs(folder);
  return [judgeSync(folder, { syncMicros: await measureSync(folder, random), isMemory: memoryTypes.has(type) })];
}

/** Numbers of tmpfs and ramfs in statfs(2). */
const memoryTypes: ReadonlySet<number> = new Set([0x0102_1994, 0x8584_58f6]);

export interface SyncFigures {
  /** Median in microseconds. */
  readonly syncMicros: number;
  readonly isMemory: boolean;
}

/** Even the fastest disks with a power-safe cache take longer. */
const syncMicrosMin = 20;
const syncMicrosMax = 50_000;

export function judgeSync(folder: string, { syncMicros, isMemory }: SyncFigures): Finding {
  const detail = `${folder}: a sync of 4 KiB takes ${Math.round(syncMicros)} us`;
  if (isMemory) {
    return warn(
      "sync",
      `${folder} is on an in-memory filesystem, not on a disk`,
      "Move the data folder to a disk: everything is lost when the machine stops.",
    );
  }
  if (syncMicros < syncMicrosMin) {
    return warn(
      "sync",
      `${detail}, too fast to have reached a disk`,
      "Check whether the disk, its controller or the host of the virtual machine ignores syncs (write-back cache without a battery, " +
        "cache=unsafe, a library such as eatmydata): a power cut would lose acknowledged data.",
    );
  }
  return syncMicros > syncMicrosMax
    ? warn("sync", detail, "Each change waits for it. Check for a failing or overloaded disk, or use a faster one.")
    : ok("sync", detail);
}

const syncs = 15;

async function measureSync(folder: string, random: DoctorWorld["random"]): Promise<number> {
  const path = join(folder, `doctor-${Buffer.from(random(8)).toString("hex")}.tmp`);
  const file = await open(path, "wx", 0o600);
  const tookMs: number[] = [];
  try {
    for (let times = 0; times < syncs; times += 1) {
      await file.write(random(4096));
      const startMs = performance.now();
      await file.datasync();
      tookMs.push(performance.now() - startMs);
    }
  } finally {
    await file.close();
    await rm(path, { force: true });
  }
  return (tookMs.toSorted((left, right) => left - right)[Math.floor(syncs / 2)] ?? 0) * 1000;
}
