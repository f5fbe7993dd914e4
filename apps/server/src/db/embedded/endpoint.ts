import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { Account } from "./account.ts";
import { own } from "./cluster.ts";

/** Where the database listens: a Unix socket in a private folder, or a port of the loopback. */
export interface Endpoint {
  /** As `pg` takes it: the socket's folder, or an address. */
  readonly host: string;
  readonly port: number;
  readonly settings: Readonly<Record<string, string>>;
  /** Removes what only this run needed. */
  close(): void;
}

/** `sun_path` of sockaddr_un without its final NUL. */
const socketPathBytesMax = process.platform === "darwin" ? 103 : 107;
const socketName = ".s.PGSQL.5432";
const temporaryPrefix = "holdfast-socket-";

export async function openEndpoint(dataFolder: string, account: Account, loopback: boolean): Promise<Endpoint> {
  return loopback ? openLoopback() : openSocketFolder(dataFolder, account);
}

/** @param dataFolder where the socket goes, unless its path would be too long for a socket */
function openSocketFolder(dataFolder: string, account: Account): Endpoint {
  const wanted = join(dataFolder, "postgres-socket");
  const inside = Buffer.byteLength(join(wanted, socketName)) <= socketPathBytesMax;
  const folder = inside ? wanted : makeShortFolder();
  if (inside) mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  own(folder, account);
  // What a killed postmaster left would make the next one refuse when the pid in it is somebody's again.
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { force: true });
  return {
    host: folder,
    port: 5432,
    settings: {
      listen_addresses: "",
      unix_socket_directories: `"${folder.replaceAll('"', '""')}"`,
      unix_socket_permissions: "0700",
    },
    close: () => {
      if (!inside) rmSync(folder, { recursive: true, force: true });
    },
  };
}

function makeShortFolder(): string {
  const temporary = tmpdir();
  const fits = Buffer.byteLength(join(temporary, `${temporaryPrefix}XXXXXX`, socketName)) <= socketPathBytesMax;
  return mkdtempSync(join(fits ? temporary : "/tmp", temporaryPrefix));
}

/** Removes the short folder of a run that was killed. @param folder as its postmaster wrote it down */
export function removeShortFolder(folder: string): void {
  if (basename(folder).startsWith(temporaryPrefix)) rmSync(folder, { recursive: true, force: true });
}

/** Guarded by the password alone: any user of the machine can reach the port. */
async function openLoopback(): Promise<Endpoint> {
  const port = await findFreePort();
  return {
    host: "127.0.0.1",
    port,
    settings: { listen_addresses: "127.0.0.1", port: String(port), unix_socket_directories: "" },
    close: () => {},
  };
}

async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}
