import { dirname } from "node:path";
import { escape, quote, quoteArgument } from "./unit-words.ts";

export interface ServeUnitOptions {
  /** What starts the command: the program and its first arguments. */
  readonly program: readonly string[];
  /** Options of `serve`. */
  readonly args: readonly string[];
  readonly dataFolder: string;
  /** Settings that are no options, and secrets; it may be absent. */
  readonly environmentFile: string;
  /** Whom a service of the whole system runs as; undefined: a service of the user that writes it. */
  readonly user: string | undefined;
}

export const serveUnitName = "holdfast.service";
/** What systemd makes by itself, and gives to the user of the service. */
export const systemDataFolder = "/var/lib/holdfast";

/**
 * A unit that runs the server. SIGTERM goes to the server alone (`mixed`), which stops its database in order; one that was killed
 * is started again, one that was told a wrong setting (exit code 2) is not. Where one of its processes that make pictures needs too
 * much memory, only that one goes (`OOMPolicy`). /tmp stays the system's: commands beside the data find the database's socket there
 * where the path of the data folder is too long for one.
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

/** What takes nothing from the server, its database and the processes that make pictures; V8 needs memory that is written and run. */
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

/** Below 1024: as said, or 443 where certificates come from an authority and nothing is said. */
function isPortOfRoot(args: readonly string[]): boolean {
  const listen = args.find((each) => each.startsWith("--listen="));
  if (listen === undefined) return args.some((each) => each.startsWith("--acme="));
  return Number(/\d+$/.exec(listen)?.[0]) < 1024;
}
