import { readFileSync, writeFileSync } from "node:fs";
import { z } from "zod";
import { HoldfastError } from "@holdfast/core/errors";

const lockedPackage = z.looseObject({
  version: z.string().optional(),
  resolved: z.string().optional(),
  dev: z.boolean().optional(),
  optionalDependencies: z.record(z.string(), z.string()).optional(),
});
const lockfile = z.looseObject({ packages: z.record(z.string(), lockedPackage) });
export type Lockfile = z.infer<typeof lockfile>;

/** Packages whose lock entry names the place they came from: it would bind every clone to one registry. */
export function findAddresses(lock: Lockfile): string[] {
  return Object.entries(lock.packages)
    .filter(([, { resolved }]) => resolved?.includes("://"))
    .map(([path, { resolved }]) => `${path} holds the address ${resolved}`);
}

/**
 * Entries that npm left out of the lock because the registry at hand did not have them: binaries for other platforms.
 * npm 11.11 and later refuses such a lock in `npm ci` (npm/cli#9846), so each gets the entry that it lacks, with the
 * version that its parent pins and the platform that its name tells.
 */
export function missingEntries(lock: Lockfile): Record<string, Record<string, unknown>> {
  const missing: Record<string, Record<string, unknown>> = {};
  for (const [parent, { optionalDependencies = {}, dev }] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(optionalDependencies)) {
      if (isLocked(lock, parent, name)) continue;
      if (!/^\d+\.\d+\.\d+[-+.\w]*$/.test(version)) {
        throw new HoldfastError(
          "failed",
          `${parent} asks for ${name}@${version}: only an exact version can be locked.`,
        );
      }
      missing[`node_modules/${name}`] = { version, ...platformOf(name), ...(dev && { dev }), optional: true };
    }
  }
  return missing;
}

/** Node's own look-up: in the package's folder, then in each one above it. */
function isLocked(lock: Lockfile, parent: string, name: string): boolean {
  const levels = parent.split("/node_modules/");
  const above = levels.map((_, index) => `${levels.slice(0, index + 1).join("/node_modules/")}/node_modules/${name}`);
  return [`node_modules/${name}`, ...above].some((path) => Object.hasOwn(lock.packages, path));
}

const systems: Readonly<Record<string, string>> = { windows: "win32" };
const systemPattern =
  /(?:^|[-/])(aix|android|darwin|freebsd|linux|netbsd|openbsd|openharmony|sunos|win32|windows)(?=-|$)/;
const processorPattern = /-(arm64|arm|ia32|loong64|ppc64|riscv64|s390x|x64)(?=-|$)/;

function platformOf(name: string): Record<string, string[]> {
  if (/-wasm32(?=-|$)/.test(name)) return { cpu: ["wasm32"] };
  const system = systemPattern.exec(name)?.[1];
  const processor = processorPattern.exec(name)?.[1];
  if (system === undefined || processor === undefined) {
    throw new HoldfastError("failed", `The name ${name} does not tell its platform: add its lock entry by hand.`);
  }
  const isMusl = /-musl/.test(name);
  const isGlibc = /-gnu/.test(name);
  return {
    cpu: [processor],
    ...(isMusl && { libc: ["musl"] }),
    ...(isGlibc && { libc: ["glibc"] }),
    os: [systems[system] ?? system],
  };
}

/** Says what is wrong with package-lock.json; with `--fix` adds the entries that it lacks. */
function checkLockfile(path: string, fix: boolean): string[] {
  // The text as npm wrote it: what the schema read has its keys in another order.
  const raw = JSON.parse(readFileSync(path, "utf8")) as Lockfile;
  const lock = lockfile.parse(raw);
  const missing = missingEntries(lock);
  if (fix) {
    const packages = Object.entries({ ...raw.packages, ...missing }).toSorted(([a], [b]) => a.localeCompare(b, "en"));
    writeFileSync(path, `${JSON.stringify({ ...raw, packages: Object.fromEntries(packages) }, undefined, 2)}\n`);
    return findAddresses(lock);
  }
  const lacking = Object.keys(missing).map((entry) => `${path} lacks ${entry}: run 'npm run lockfile'`);
  return [...findAddresses(lock), ...lacking];
}

if (import.meta.main) {
  const faults = checkLockfile("package-lock.json", process.argv.includes("--fix"));
  for (const fault of faults) console.log(fault);
  if (faults.length > 0) process.exitCode = 1;
}
