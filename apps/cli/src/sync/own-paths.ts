import { existsSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { defaultDataFolder } from "@holdfast/disk/default-data-folder";
import { configFolder } from "../config/config-folder.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Paths with `/` that must never be synced: login and state of any configuration, and a server's configuration, keys
 * and data. They may not exist yet.
 */
export function ownPathsIn(folder: string, environment: Environment): string[] {
  const root = realOf(folder);
  const { HOLDFAST_CONFIG_DIR: _, ...rest } = environment;
  const host = { platform: process.platform, homeFolder: homedir(), environment, userId: process.getuid?.() };
  const named = ["HOLDFAST_CONFIG", "HOLDFAST_DATA"].flatMap((name) => environment[name] ?? []);
  const places = [
    configFolder(host),
    configFolder({ ...host, environment: rest }),
    defaultDataFolder(host),
    ...named.filter((path) => path !== ""),
  ];
  const below = places.flatMap((place) => {
    const real = realOf(place);
    if (!real.startsWith(root.endsWith(sep) ? root : root + sep)) return [];
    return relative(root, real).split(sep).join("/");
  });
  return [...new Set(below)].toSorted();
}

export function isHomeFolder(folder: string): boolean {
  return realOf(folder) === realOf(homedir());
}

/** Resolves links in the existing part of the path. */
function realOf(path: string): string {
  const full = resolve(path);
  if (existsSync(full)) return realpathSync(full);
  return dirname(full) === full ? full : join(realOf(dirname(full)), basename(full));
}
