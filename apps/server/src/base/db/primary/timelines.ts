import { closeSync, fchownSync, fsyncSync, openSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { HoldfastError } from "@holdfast/core/errors";
import { errnoOf } from "@holdfast/disk/disk-error";

/** Highest timeline of each PostgreSQL system. Each promotion of a standby increases it. */
export interface Timelines {
  /** @returns 0 if unknown */
  of(system: string): number;
  reached(system: string, timeline: number): void;
  /** How to use a lower timeline, for an administrator who has restored the database on purpose. */
  readonly advice: string;
}

export function temporaryTimelines(): Timelines {
  const known = new Map<string, number>();
  return {
    of: (system) => known.get(system) ?? 0,
    reached: (system, timeline) => known.set(system, timeline),
    advice: "If it was restored on purpose, restart Holdfast.",
  };
}

const schema = z.record(z.string(), z.int().min(1));

const fileName = "database-timelines.json";

/** Survives a restart, so that a process that starts while only an old primary answers rejects it. */
export function storedTimelines(dataFolder: string): Timelines {
  const path = join(dataFolder, fileName);
  const read = (): Record<string, number> => {
    try {
      return schema.parse(JSON.parse(readFileSync(path, "utf8")));
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return {};
      const message = `The file of database timelines, ${path}, cannot be read: ${(error as Error).message}`;
      throw new HoldfastError("failed", message, { cause: error });
    }
  };
  const tryToRead = () => {
    try {
      return read();
    } catch {
      return undefined;
    }
  };
  // Embedded databases need no file.
  let known: Record<string, number> | undefined;
  return {
    of: (system) => (known ??= read())[system] ?? 0,
    reached(system, timeline) {
      // Commands write it, too, and a write may have failed.
      const stored = tryToRead() ?? {};
      const merged: Record<string, number> = { ...stored };
      for (const [id, highest] of [...Object.entries(known ?? {}), [system, timeline] as const])
        merged[id] = Math.max(highest, merged[id] ?? 0);
      known = merged;
      if (Object.entries(merged).some(([id, highest]) => stored[id] !== highest)) write(path, JSON.stringify(merged));
    },
    advice: `If it was restored on purpose, stop Holdfast, delete ${path} and start it again.`,
  };
}

function write(path: string, text: string): void {
  const next = `${path}.${process.pid}`;
  try {
    writeFileSync(next, `${text}\n`, { mode: 0o600 });
    const file = openSync(next, "r");
    // A command may run as root. The server must be able to read the file.
    if (process.geteuid?.() === 0) fchownSync(file, statSync(dirname(path)).uid, statSync(dirname(path)).gid);
    fsyncSync(file);
    closeSync(file);
    renameSync(next, path);
    const folder = openSync(dirname(path), "r");
    fsyncSync(folder);
    closeSync(folder);
  } catch {
    // A full disk is reported by everything else that fails. This process still knows the timeline.
  }
}
