import { posix, win32 } from "node:path";

export interface Host {
  readonly platform: NodeJS.Platform;
  readonly homeFolder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export function configFolder({ platform, homeFolder, environment }: Host): string {
  const chosen = environment["HOLDFAST_CONFIG_DIR"];
  const path = platform === "win32" ? win32 : posix;
  if (chosen !== undefined && chosen !== "") return path.resolve(chosen);
  if (platform === "win32") {
    return win32.join(environment["APPDATA"] ?? win32.join(homeFolder, "AppData", "Roaming"), "holdfast");
  }
  if (platform === "darwin") return posix.join(homeFolder, "Library", "Application Support", "holdfast-cli");
  const base = environment["XDG_CONFIG_HOME"];
  // The XDG specification says to ignore a relative path.
  const configHome = base !== undefined && posix.isAbsolute(base) ? base : posix.join(homeFolder, ".config");
  return posix.join(configHome, "holdfast");
}
