import { posix, win32 } from "node:path";

export interface Host {
  readonly platform: NodeJS.Platform;
  readonly homeFolder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** 0: root; undefined: no user ids (Windows). */
  readonly userId: number | undefined;
}

/** Follows the XDG base directories, or the platform's convention. */
export function defaultDataFolder(host: Host): string {
  if (host.platform === "win32") {
    return win32.join(host.environment["LOCALAPPDATA"] ?? win32.join(host.homeFolder, "AppData", "Local"), "holdfast");
  }
  if (host.userId === 0) return "/var/lib/holdfast";
  if (host.platform === "darwin") return posix.join(host.homeFolder, "Library", "Application Support", "holdfast");
  const base = host.environment["XDG_DATA_HOME"];
  // The XDG specification requires ignoring relative paths.
  const dataHome = base !== undefined && posix.isAbsolute(base) ? base : posix.join(host.homeFolder, ".local", "share");
  return posix.join(dataHome, "holdfast");
}
