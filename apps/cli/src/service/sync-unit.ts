import { createHash } from "node:crypto";
import { basename } from "node:path";
import { escape, quote, quoteArgument } from "./unit-words.ts";

export interface ServiceOptions {
  readonly root: string;
  /** What starts the command: the program and its first arguments. systemd takes no quotes and no backslash in the program's own path. */
  readonly program: readonly string[];
  /** Options of `sync` that the service repeats. */
  readonly args: readonly string[];
  /** Where the login is; undefined: the platform's custom. */
  readonly configFolder: string | undefined;
}

/** One name for each root: its last part, made plain, and a few digits of all of it. */
export function unitName(root: string): string {
  const plain =
    basename(root)
      .replaceAll(/[^A-Za-z0-9_-]+/g, "-")
      .replaceAll(/^-+|-+$/g, "")
      .slice(0, 40) || "folder";
  return `holdfast-sync-${plain}-${createHash("sha256").update(root).digest("hex").slice(0, 8)}.service`;
}

/**
 * A unit of the user's systemd. No secret stands in it: the login is read from the configuration folder. It is not started
 * again where a person has to act (exit code 3: not signed in, 2: wrong use). Nothing in it makes mounts (ProtectSystem, ReadWritePaths): an
 * exchange of two names must not cross one, and what a user's unit may not write is the user's rights.
 */
export function serviceUnit({ root, program, args, configFolder }: ServiceOptions): string {
  const command = [...program, "sync", root, ...args].map(quoteArgument).join(" ");
  const environment = configFolder === undefined ? "" : `Environment=${quote(`HOLDFAST_CONFIG_DIR=${configFolder}`)}\n`;
  return `# Written by 'holdfast sync --install-service'. Run it again to update this file.
[Unit]
Description=Holdfast keeps ${escape(root)} in sync
# The client itself waits for disks and networks that become available late.
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=${command}
${environment}Restart=on-failure
RestartSec=10
RestartPreventExitStatus=2 3
KillSignal=SIGTERM
TimeoutStopSec=15
Nice=5
IOSchedulingClass=best-effort
IOSchedulingPriority=6
NoNewPrivileges=yes

[Install]
WantedBy=default.target
`;
}
