import { existsSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { relative, resolve, sep } from "node:path";
import { defaultDataFolder } from "@holdfast/disk/default-data-folder";
import { configFolder } from "../config/config-folder.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Paths below a folder, `/` between names, of what is Holdfast's own and must never be synced: the login of another configuration, a
 * server's configuration, its keys and its data. This command's own configuration is refused before (`checkRoot`).
 */
export function ownPathsIn(folder: string, environment: Environment): string[] {
  const root = realOf(folder);
  if (root === undefined) return [];
  const { HOLDFAST_CONFIG_DIR: _, ...rest } = environment;
  const host = { platform: process.platform, homeFolder: homedir(), environment: rest, userId: process.getuid?.() };
  const named = ["HOLDFAST_CONFIG", "HOLDFAST_DATA"].flatMap((name) => environment[name] ?? []);
  const places = [configFolder(host), defaultDataFolder(host), ...named.filter((path) => path !== "")];
  const below = places.flatMap((place) => {
    const real = realOf(resolve(place));
    if (real === undefined || !real.startsWith(root.endsWith(sep) ? root : root + sep)) return [];
    return relative(root, real).split(sep).join("/");
  });
  return [...new Set(below)].toSorted();
}

/** The person's own folder with all that programs keep in it. */
export function isHomeFolder(folder: string): boolean {
  const home = realOf(homedir());
  return home !== undefined && realOf(folder) === home;
}

function realOf(path: string): string | undefined {
  return existsSync(path) ? realpathSync(path) : undefined;
}
