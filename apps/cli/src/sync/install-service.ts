import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import type { Run } from "../invocation/run.ts";
import type { SyncFlags } from "./sync-flags.ts";
import { thisConfigFolder } from "../config/connection.ts";
import { realRoot } from "./choose-syncs.ts";
import { checkRoot } from "./sync-root.ts";
import { serviceUnit, unitName } from "../service/sync-unit.ts";
import { launcher, userUnitFolder, writeUnit } from "../service/write-unit.ts";

/** `sync DIR --install-service`: writes or prints a systemd user unit. */
export async function installService(run: Run, folder: string, flags: SyncFlags): Promise<void> {
  const { environment } = run.context;
  const known = await realRoot(folder);
  // A missing folder is checked when the service starts.
  const root = existsSync(known) ? await checkRoot(known, thisConfigFolder(environment)) : known;
  const configFolder = environment["HOLDFAST_CONFIG_DIR"];
  const unit = serviceUnit({
    root,
    // The launcher finds the current Node and sets options for a long-running client. It may be at any path.
    program: ["/bin/sh", launcher],
    args: repeated(flags),
    configFolder: configFolder === undefined ? undefined : resolve(configFolder),
  });
  const name = unitName(root);
  const path = join(userUnitFolder(environment, homedir()), name);
  const commands = [
    "systemctl --user daemon-reload",
    `systemctl --user enable --now ${name}`,
    "loginctl enable-linger    # so that it runs while you are not signed in to this machine",
  ];
  if (flags.print !== true) await writeUnit(path, unit, 0o644);
  await run.output.result({ path, unit, commands, written: flags.print !== true }, () =>
    flags.print === true
      ? unit.trimEnd().split("\n")
      : [`Wrote ${path}. Start it with:`, ...commands.map((line) => `  ${line}`)],
  );
  if (environment["HOLDFAST_TOKEN"] !== undefined) {
    run.output.note(
      "The service does not get HOLDFAST_TOKEN, because a unit file must not contain secrets. Run 'holdfast login' instead.",
    );
  }
}

/** Includes settings that are stored with the sync. */
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
