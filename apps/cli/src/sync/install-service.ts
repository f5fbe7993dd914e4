import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { HoldfastError } from "@holdfast/core/errors";
import { nodeDisk } from "@holdfast/disk/node-disk";
import { ensureFolderDurably, writeFileDurably } from "@holdfast/disk/write-durably";
import { randomBytes } from "node:crypto";
import type { Run } from "../commands/command.ts";
import type { SyncFlags } from "../commands/sync.ts";
import { thisConfigFolder } from "../config/connection.ts";
import { realRoot } from "./choose-syncs.ts";
import { checkRoot } from "./sync-root.ts";
import { serviceUnit, unitFolder, unitName } from "./service-unit.ts";

/** `sync DIR --install-service`: a unit of the user's systemd, written or only shown. */
export async function installService(run: Run, folder: string, flags: SyncFlags): Promise<void> {
  const { environment } = run.context;
  const known = await realRoot(folder);
  // One that is made until the service starts is looked at then.
  const root = existsSync(known) ? await checkRoot(known, thisConfigFolder(environment)) : known;
  const configFolder = environment["HOLDFAST_CONFIG_DIR"];
  const unit = serviceUnit({
    root,
    // The launcher finds the Node of the day, and gives it what a client that runs for months needs. It may lie at any path.
    program: ["/bin/sh", resolve(import.meta.dirname, "../../bin/holdfast")],
    args: repeated(flags),
    configFolder: configFolder === undefined ? undefined : resolve(configFolder),
  });
  const name = unitName(root);
  const path = join(unitFolder(environment, homedir()), name);
  const commands = [
    "systemctl --user daemon-reload",
    `systemctl --user enable --now ${name}`,
    "loginctl enable-linger    # so that it runs while you are not signed in to this machine",
  ];
  if (flags.print !== true) await write(path, unit);
  await run.output.result({ path, unit, commands, written: flags.print !== true }, () =>
    flags.print === true
      ? unit.trimEnd().split("\n")
      : [`Wrote ${path}. Start it with:`, ...commands.map((line) => `  ${line}`)],
  );
  if (environment["HOLDFAST_TOKEN"] !== undefined) {
    run.output.note(
      "The service does not get HOLDFAST_TOKEN: a unit is no place for secrets. Run 'holdfast login' for it.",
    );
  }
}

async function write(path: string, unit: string): Promise<void> {
  if (process.platform !== "linux") {
    throw new HoldfastError("usage", "Only systemd is known here; --print shows what a service has to run.");
  }
  await ensureFolderDurably(nodeDisk, join(path, ".."));
  await writeFileDurably(nodeDisk, path, Buffer.from(unit), {
    mode: 0o644,
    random: (sizeBytes) => randomBytes(sizeBytes),
  });
}

/** What holds for every run. What is kept with the sync anyway (excludes, the brake, the device's name) is said once more. */
function repeated({ remote, deviceName, exclude, limitUp, limitDown, brake }: SyncFlags): string[] {
  const option = (name: string, value: string | undefined): string[] => (value === undefined ? [] : [name, value]);
  return [
    ...option("--remote", remote),
    ...option("--device-name", deviceName),
    ...(exclude ?? []).flatMap((path) => option("--exclude", path)),
    ...option("--limit-up", limitUp),
    ...option("--limit-down", limitDown),
    ...option("--brake", brake),
  ];
}
