import { randomBytes } from "node:crypto";
import { join, resolve } from "node:path";
import { HoldfastError } from "@holdfast/core/errors";
import { nodeDisk } from "@holdfast/disk/node-disk";
import { ensureFolderDurably, writeFileDurably } from "@holdfast/disk/write-durably";

type Environment = Readonly<Record<string, string | undefined>>;

/** The launcher finds the current Node and sets options for a long-running process. It may be at any path. */
export const launcher = resolve(import.meta.dirname, "../../bin/holdfast");

export function userConfigFolder(environment: Environment, homeFolder: string): string {
  const base = environment["XDG_CONFIG_HOME"];
  return base !== undefined && base.startsWith("/") ? base : join(homeFolder, ".config");
}

export function userUnitFolder(environment: Environment, homeFolder: string): string {
  return join(userConfigFolder(environment, homeFolder), "systemd", "user");
}

/** @throws HoldfastError usage on a system without systemd */
export async function writeUnit(path: string, text: string, mode: number): Promise<void> {
  if (process.platform !== "linux") {
    throw new HoldfastError("usage", "Only systemd is supported; --print shows the command that a service must run.");
  }
  await ensureFolderDurably(nodeDisk, join(path, ".."));
  await writeFileDurably(nodeDisk, path, Buffer.from(text), {
    mode,
    random: (sizeBytes) => randomBytes(sizeBytes),
  });
}
