import { chmodSync, existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { defaultDataFolder } from "@holdfast/disk/default-data-folder";
import { usage } from "../output/usage.ts";
import type { Run } from "../invocation/run.ts";
import { ofCommand } from "../config/variables-of-command.ts";
import { serveUnit, serveUnitName, systemDataFolder } from "./serve-unit.ts";
import { launcher, userConfigFolder, userUnitFolder, writeUnit } from "./write-unit.ts";

type Environment = Readonly<Record<string, string | undefined>>;
type Flags = Readonly<Record<string, string | boolean | undefined>>;

interface Place {
  readonly unit: string;
  readonly environmentFile: string;
  /** undefined: a user service */
  readonly user: string | undefined;
  readonly dataFolder: string;
}

const ofInstalling: ReadonlySet<string> = new Set(["installService", "print", "user", "data", "json", "quiet"]);
const ofFiles: ReadonlySet<string> = new Set(["tlsCert", "tlsKey", "config"]);
const ofPlaces: ReadonlySet<string> = new Set(["store", "secondStore"]);

/** For the system if run by root, otherwise for the user. */
export async function installServer(run: Run, flags: Flags): Promise<void> {
  const { environment } = run.context;
  const place = placeOf(environment, flags);
  // Without a database, the first start of the service would fail.
  const isEmbedded = flags["databaseUrl"] === undefined;
  const hasData = isEmbedded && existsSync(join(place.dataFolder, "postgres"));
  const args = [...(hasData && flags["expectData"] === undefined ? ["--expect-data"] : []), ...repeated(flags)];
  const unit = serveUnit({ program: ["/bin/sh", launcher], args, ...place });
  const isWritten = flags["print"] !== true;
  if (isWritten) {
    await writeUnit(place.unit, unit, 0o644);
    if (existsSync(place.environmentFile)) chmodSync(place.environmentFile, 0o600);
    else await writeUnit(place.environmentFile, settingsFile, 0o600);
  }
  const commands = commandsOf(place);
  const { unit: path, environmentFile: environment_file } = place;
  await run.output.result({ path, unit, environment_file, commands, written: isWritten }, () =>
    isWritten
      ? [
          `Wrote ${path}. Put secrets, and settings that have no option, into ${environment_file}. Start it with:`,
          ...commands.map((line) => `  ${line}`),
          ...(args.includes("--expect-data") ? [] : [isEmbedded ? afterFirstStart : afterFirstStartElsewhere]),
        ]
      : unit.trimEnd().split("\n"),
  );
  remark(run, environment, place);
}

const afterFirstStart =
  "After the first start, run 'holdfast serve --install-service' again with the same options: the unit then has --expect-data, so that a " +
  "data disk that is not mounted never becomes a new server.";

const afterFirstStartElsewhere =
  "After the first start, run 'holdfast serve --install-service' again with --expect-data, so that an empty database never becomes a new server.";

function placeOf(environment: Environment, flags: Flags): Place {
  const isSystem = process.getuid?.() === 0;
  const { user } = flags;
  if (typeof user === "string" && !isSystem)
    throw usage("--user is only for a system service. Run the command as root.");
  if (typeof user === "string" && !/^[a-z_][a-z0-9_-]*\$?$/i.test(user))
    throw usage("--user is not a valid user name.");
  const given = typeof flags["data"] === "string" ? resolve(flags["data"]) : undefined;
  if (isSystem) {
    // First folder in which systemd looks.
    const folder = environment["SYSTEMD_UNIT_PATH"]?.split(":")[0] || "/etc/systemd/system";
    return {
      unit: join(resolve(folder), serveUnitName),
      environmentFile: join(resolve(folder), "../../holdfast/serve.env"),
      user: typeof user === "string" ? user : "holdfast",
      dataFolder: given ?? systemDataFolder,
    };
  }
  const host = { platform: process.platform, homeFolder: homedir(), environment, userId: process.getuid?.() };
  return {
    unit: join(userUnitFolder(environment, homedir()), serveUnitName),
    environmentFile: join(userConfigFolder(environment, homedir()), "holdfast/serve.env"),
    user: undefined,
    dataFolder: given ?? defaultDataFolder(host),
  };
}

/** Makes paths absolute. @throws HoldfastError usage for a secret */
function repeated(flags: Flags): string[] {
  return Object.entries(flags).flatMap(([name, value]) => {
    if (ofInstalling.has(name) || value === undefined || value === false) return [];
    const option = `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    if (value === true) return [option];
    if (/^[\w+.-]+:\/\/[^/@]*:[^/@]*@|[?&]password=/i.test(value)) {
      throw usage(
        `${option} contains a password, and every user can read a unit file. Set it in the service's settings file.`,
      );
    }
    const isPath = ofFiles.has(name) || (ofPlaces.has(name) && !value.includes("://"));
    return [`${option}=${isPath ? resolve(value) : value}`];
  });
}

function commandsOf({ user, dataFolder, unit }: Place): string[] {
  if (user === undefined) {
    return [
      "systemctl --user daemon-reload",
      `systemctl --user enable --now ${serveUnitName}`,
      "loginctl enable-linger    # so that it runs while you are not signed in to this machine",
      `journalctl --user -u ${serveUnitName}    # shows the link that creates the first administrator`,
    ];
  }
  const users = readFileSync("/etc/passwd", "utf8").split("\n");
  const isMissing = !users.some((line) => line.startsWith(`${user}:`));
  const owns = user !== "root" && dataFolder !== systemDataFolder;
  return [
    ...(isMissing ? [`useradd --system --home-dir ${shown(dataFolder)} --shell /usr/sbin/nologin ${user}`] : []),
    ...(owns ? [`install -d -m 700 -o ${user} ${shown(dataFolder)}`] : []),
    // The service has no write permission there.
    `npm --prefix ${shown(resolve(dirname(launcher), "../../.."))} run build -w apps/web`,
    "systemctl daemon-reload",
    `systemctl enable --now ${unit.endsWith(`/${serveUnitName}`) ? serveUnitName : unit}`,
    `journalctl -u ${serveUnitName}    # shows the link that creates the first administrator`,
  ];
}

function shown(path: string): string {
  return /^[\w/.@+-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
}

function remark({ output }: Run, environment: Environment, { user, environmentFile }: Place): void {
  for (const name of Object.keys(environment)) {
    if (!name.startsWith("HOLDFAST_") || ofCommand.has(name)) continue;
    output.note(`The service does not inherit ${name}: add it to ${environmentFile}.`);
  }
  const open = user === undefined ? undefined : writableByOthers(launcher);
  if (open !== undefined) {
    output.note(
      `${open} is writable by users other than root, who could change what the service runs. Move Holdfast to a folder owned by root, for example in /opt.`,
    );
  }
  const closed = user === undefined || user === "root" ? undefined : closedFolder();
  if (closed !== undefined) {
    output.note(
      `${closed} is not accessible to other users, so ${user} cannot run Holdfast from it. Move Holdfast, for example to /opt.`,
    );
  }
}

/**
 * Returns the program or the nearest ancestor that users other than root can replace, and with it the executed code. In
 * a folder with the sticky bit, users cannot replace files of others.
 */
export function writableByOthers(program: string): string | undefined {
  for (let path = realpathSync(program); ; path = dirname(path)) {
    const { uid, mode } = statSync(path);
    if (uid !== 0 || ((mode & 0o022) !== 0 && (mode & 0o1000) === 0)) return path;
    if (path === dirname(path)) return undefined;
  }
}

/** Returns the topmost folder above the program that not everyone can enter. */
function closedFolder(): string | undefined {
  let folder = dirname(realpathSync(launcher));
  const found: string[] = [];
  while (folder !== dirname(folder)) {
    if ((statSync(folder).mode & 0o001) === 0) found.push(folder);
    folder = dirname(folder);
  }
  return found.at(-1);
}

const settingsFile = `# Server settings, one NAME=value per line; docs/operation.md lists them. Only root or the owner of the service can read this file.
#HOLDFAST_PUBLIC_URL=https://drive.example.org
#HOLDFAST_SERVER_NAME=Our drive
#HOLDFAST_SMTP_URL=smtp://user:password@host:587
#HOLDFAST_MAIL_FROM=Our drive <drive@example.org>
`;
