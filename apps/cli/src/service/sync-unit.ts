import { createHash } from "node:crypto";
import { basename } from "node:path";
import { escape, quote, quoteArgument } from "./unit-words.ts";

export interface ServiceOptions {
  readonly root: string;
  /**
   * Program and first arguments that start the command. systemd permits no quotes and no backslash in the path of the
   * program.
   */
  readonly program: readonly string[];
  readonly args: readonly string[];
  /** undefined: the platform's default */
  readonly configFolder: string | undefined;
}

/** Unique for each root: a simplified form of its last name, and digits of a hash. */
export function unitName(root: string): string {
  const plain =
    basename(root)
      .replaceAll(/[^A-Za-z0-9_-]+/g, "-")
      .replaceAll(/^-+|-+$/g, "")
      .slice(0, 40) || "folder";
  return `holdfast-sync-${plain}-${createHash("sha256").update(root).digest("hex").slice(0, 8)}.service`;
}

/**
 * Contains no secret, because the login is in the configuration folder. Not restarted if a person must act (exit code
 * 3: not signed in, 2: wrong usage). No setting creates mounts (ProtectSystem, ReadWritePaths), because an exchange of
 * two names must not cross a mount. The user's own permissions limit what the unit can write.
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
