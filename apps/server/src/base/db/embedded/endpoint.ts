import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { Account } from "./account.ts";
import { own } from "./cluster.ts";

/** A Unix socket, or a port of the loopback interface. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly settings: Readonly<Record<string, string>>;
  close(): void;
}

/** `sun_path` without its final NUL. */
const socketPathBytesMax = process.platform === "darwin" ? 103 : 107;
const socketNameOf = (number: number): string => `.s.PGSQL.${number}`;
const numbers = { from: 10_000, count: 50_000 } as const;
const temporaryPrefix = "holdfast-socket-";

interface EndpointOptions {
  readonly account: Account;
  readonly loopback: boolean;
  readonly random: (bytes: number) => Uint8Array;
}

export async function openEndpoint(dataFolder: string, options: EndpointOptions): Promise<Endpoint> {
  return options.loopback ? openLoopback() : openSocketFolder(dataFolder, options);
}

/**
 * The number is new for each run: a killed server's database removes its socket by path, which may be another server's
 * by then.
 * @param dataFolder folder of the socket, unless the path would be too long
 */
function openSocketFolder(dataFolder: string, { account, random }: EndpointOptions): Endpoint {
  const number = numbers.from + (Buffer.from(random(2)).readUInt16LE() % numbers.count);
  const wanted = join(dataFolder, "postgres-socket");
  const inside = Buffer.byteLength(join(wanted, socketNameOf(number))) <= socketPathBytesMax;
  const folder = inside ? wanted : makeShortFolder();
  if (inside) mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  own(folder, account);
  // A reused process id in a killed postmaster's lock file would prevent the start.
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { force: true });
  return {
    host: folder,
    port: number,
    settings: {
      listen_addresses: "",
      port: String(number),
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
  const fits =
    Buffer.byteLength(join(temporary, `${temporaryPrefix}XXXXXX`, socketNameOf(numbers.from))) <= socketPathBytesMax;
  return mkdtempSync(join(fits ? temporary : "/tmp", temporaryPrefix));
}

/** Removes the short folder of a killed run. @param folder as recorded by its postmaster */
export function removeShortFolder(folder: string): void {
  if (basename(folder).startsWith(temporaryPrefix)) rmSync(folder, { recursive: true, force: true });
}

/** Any user of the machine can reach the port, so only the password protects it. */
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
