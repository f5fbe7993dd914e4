import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { HoldfastError } from "@holdfast/core/errors";

/**
 * Above normal users and systemd's range for services (https://systemd.io/UIDS-GIDS/), and below 65,536, because a
 * container may have no others.
 */
const ids = { from: 60_800, count: 384 } as const;

/**
 * User and group without a name, only for the database of one data folder. The same folder gets the same id unless it
 * is taken. The owner of an existing cluster counts instead.
 * @param isTaken the number has a name or runs a process, as user or group
 * @throws HoldfastError failed if all are taken
 */
export function ownAccount(clusterFolder: string, isTaken = isTakenHere()): { uid: number; gid: number } {
  const first = createHash("sha256").update(clusterFolder).digest().readUInt32BE() % ids.count;
  for (let step = 0; step < ids.count; step += 1) {
    const id = ids.from + ((first + step) % ids.count);
    if (!isTaken(id)) return { uid: id, gid: id };
  }
  throw new HoldfastError(
    "failed",
    `The user IDs ${ids.from} to ${ids.from + ids.count - 1} are all in use, and the database needs its own user. Start the server ` +
      "as a user other than root, or use an external PostgreSQL with --database-url.",
  );
}

function isTakenHere(): (id: number) => boolean {
  const taken = new Set([...namedIn("/etc/passwd"), ...namedIn("/etc/group"), ...running()]);
  return (id) => taken.has(id) || isNamedElsewhere(id);
}

/** Third field of each line; see passwd(5) and group(5). */
function namedIn(path: string): number[] {
  try {
    const lines = readFileSync(path, "utf8").split("\n");
    return lines.filter((line) => line !== "").map((line) => Number(line.split(":")[2]));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

/** Checks directory services (LDAP, …), if the system has `getent`. */
function isNamedElsewhere(id: number): boolean {
  return ["passwd", "group"].some((names) => spawnSync("getent", [names, `${id}`], { stdio: "ignore" }).status === 0);
}

function running(): number[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid ?? []);
}
