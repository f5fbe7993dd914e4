import { dirname } from "node:path";
import { escape, quote, quoteArgument } from "./unit-words.ts";

export interface ServeUnitOptions {
  /** Program and first arguments that start the command. */
  readonly program: readonly string[];
  readonly args: readonly string[];
  readonly dataFolder: string;
  /** Secrets and settings that are not options; may be missing. */
  readonly environmentFile: string;
  /** undefined: a user service */
  readonly user: string | undefined;
}

export const serveUnitName = "holdfast.service";
/** Created by systemd, and owned by the service's user. */
export const systemDataFolder = "/var/lib/holdfast";

/**
 * SIGTERM goes only to the server (`mixed`), which stops its database cleanly. A killed server is restarted, but not
 * after a wrong setting (exit code 2). If a thumbnail process needs too much memory, only that process ends
 * (`OOMPolicy`). /tmp is not private: the database's socket is there if the path of the data folder is too long, and
 * commands on the data folder must find it.
 */
export function serveUnit(options: ServeUnitOptions): string {
  const { program, args, dataFolder, environmentFile, user } = options;
  const command = [...program, "serve", "--data", dataFolder, ...args].map(quoteArgument).join(" ");
  return `# Written by 'holdfast serve --install-service'. Run it again to update this file.
[Unit]
Description=Holdfast, a self-hosted drive
${user === undefined ? "" : "Wants=network-online.target\nAfter=network-online.target\n"}RequiresMountsFor=${quote(dirname(dataFolder))}

[Service]
Type=exec
ExecStart=${command}
EnvironmentFile=-${escape(environmentFile)}
Restart=on-failure
RestartSec=5
RestartPreventExitStatus=2
KillMode=mixed
KillSignal=SIGTERM
TimeoutStopSec=30
LimitNOFILE=65536
OOMPolicy=continue
UMask=0077
NoNewPrivileges=yes
${user === undefined ? "" : systemPart(user, dataFolder, args)}
[Install]
WantedBy=${user === undefined ? "default.target" : "multi-user.target"}
`;
}

/**
 * Restrictions that affect neither the server, its database nor thumbnail processes. V8 needs memory that is writable
 * and executable.
 */
function systemPart(user: string, dataFolder: string, args: readonly string[]): string {
  const state = dataFolder === systemDataFolder ? "StateDirectory=holdfast\nStateDirectoryMode=0700\n" : "";
  const right = isPortOfRoot(args) ? "AmbientCapabilities=CAP_NET_BIND_SERVICE\n" : "";
  return `User=${escape(user)}
${user === "root" ? "" : `${state}${right}`}ProtectSystem=full
PrivateDevices=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
`;
}

/** Ports below 1024: the given one, or the default 443 with an ACME authority. */
function isPortOfRoot(args: readonly string[]): boolean {
  const listen = args.find((each) => each.startsWith("--listen="));
  if (listen === undefined) return args.some((each) => each.startsWith("--acme="));
  return Number(/\d+$/.exec(listen)?.[0]) < 1024;
}
