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

/** Returns packages with a source URL in the lock, which would bind every clone to one registry. */
export function findAddresses(lock: Lockfile): string[] {
  return Object.entries(lock.packages)
    .filter(([, { resolved }]) => resolved?.includes("://"))
    .map(([path, { resolved }]) => `${path} holds the address ${resolved}`);
}

/**
 * Returns lock entries that npm omitted because the registry lacked them: binaries of other platforms. npm 11.11 and
 * later rejects such a lock in `npm ci` (npm/cli#9846). Each gets the version pinned by its parent and the platform in
 * its name.
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

/** Uses Node's lookup: the package's folder, then each one above. */
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

/** Reports problems of package-lock.json; with `--fix` adds missing entries. */
function checkLockfile(path: string, fix: boolean): string[] {
  // Unparsed, because the schema changes the order of keys.
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
