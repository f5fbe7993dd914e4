import { randomBytes } from "node:crypto";
import { promises as fs } from "node:fs";
import { join } from "node:path";
import type { ServerTrust } from "@holdfast/api-client/server-trust";
import type { SavedSession, SessionStore } from "@holdfast/api-client/access-tokens";
import { HoldfastError } from "@holdfast/core/errors";
import { nodeDisk } from "@holdfast/disk/node-disk";
import { ensureFolderDurably, writeFileDurably } from "@holdfast/disk/write-durably";
import { withProcessLock } from "./process-lock.ts";

/** Anyone who can read this can act as the user until the device is revoked. */
export interface Login extends SavedSession {
  readonly server: string;
  readonly email: string;
  readonly deviceId: string;
  /** undefined: an earlier version signed in, or the server did not report it */
  readonly serverId?: string | undefined;
  /** Identifies this device at the next sign-in. */
  readonly deviceSecret?: string | undefined;
  /** Set by --device-name. undefined: the host's name */
  readonly deviceName?: string | undefined;
  /** For a certificate that the system does not trust. */
  readonly trust?: ServerTrust | undefined;
  /**
   * The server rejected the refresh token, because this device was signed out. Stored to report it without a request.
   */
  readonly hasEnded?: true | undefined;
}

const fileName = "login.json";
/** Larger than a login with a certificate. */
const probeBytes = 16 * 1024;

/** The login in the configuration folder: mode 0600 in a folder of mode 0700. Each write is atomic and durable. */
export class SavedLogin implements SessionStore<Login> {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async read(): Promise<Login | undefined> {
    let text: string;
    try {
      text = await fs.readFile(join(this.#folder, fileName), "utf8");
    } catch (thrown) {
      if (errno(thrown) === "ENOENT") return undefined;
      throw new HoldfastError("failed", `The login in ${this.#folder} cannot be read (${String(errno(thrown))}).`, {
        cause: thrown,
      });
    }
    return parseLogin(text, this.#folder);
  }

  async trustOf(server: string): Promise<ServerTrust | undefined> {
    return (await this.readTrust(server))?.trust;
  }

  /** Distinguishes a login without own trust from a missing login. */
  async readTrust(server: string): Promise<{ readonly trust: ServerTrust | undefined } | undefined> {
    const login = await this.read().catch(() => undefined);
    return login?.server === server ? { trust: login.trust } : undefined;
  }

  /** Marks the login as ended, unless someone has signed in since. */
  async markEnded(refreshToken: string): Promise<void> {
    const mark = (stored: Login | undefined): Login | undefined =>
      stored?.refreshToken === refreshToken ? { ...stored, hasEnded: true } : stored;
    await this.update((stored) => Promise.resolve(mark(stored)));
  }

  async update(change: (stored: Login | undefined) => Promise<Login | undefined>): Promise<Login | undefined> {
    await ensureFolderDurably(nodeDisk, this.#folder, { mode: 0o700 });
    return withProcessLock(join(this.#folder, "login.lock"), async () => {
      const stored = await this.read();
      const changed = await change(stored);
      if (changed !== stored) await this.#write(changed);
      return changed;
    });
  }

  /** Called before the server creates a session that could not be saved. @throws HoldfastError as `update` */
  async assertWritable(): Promise<void> {
    await ensureFolderDurably(nodeDisk, this.#folder, { mode: 0o700 });
    const probe = join(this.#folder, `.probe-${randomBytes(6).toString("hex")}`);
    try {
      await withProcessLock(join(this.#folder, "login.lock"), () =>
        writeFileDurably(nodeDisk, probe, Buffer.alloc(probeBytes, " "), {
          mode: 0o600,
          random: (sizeBytes) => randomBytes(sizeBytes),
        }),
      );
    } finally {
      await fs.rm(probe, { force: true });
    }
  }

  async #write(login: Login | undefined): Promise<void> {
    const path = join(this.#folder, fileName);
    if (login !== undefined) {
      const bytes = Buffer.from(`${JSON.stringify(login, undefined, 2)}\n`);
      return writeFileDurably(nodeDisk, path, bytes, { mode: 0o600, random: (sizeBytes) => randomBytes(sizeBytes) });
    }
    await fs.rm(path, { force: true });
    await nodeDisk.syncFolder(this.#folder);
  }
}

function parseLogin(text: string, folder: string): Login {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  const login = value as Partial<Record<keyof Login, unknown>> | undefined;
  const texts = [login?.server, login?.email, login?.deviceId, login?.accessToken, login?.refreshToken];
  const isWhole = texts.every((each) => typeof each === "string") && typeof login?.accessTokenEndsMs === "number";
  if (isWhole && isTrust(login?.trust)) {
    return login as Login;
  }
  throw new HoldfastError("unauthenticated", `The login in ${folder} is damaged. Run 'holdfast login URL' again.`);
}

function isTrust(value: unknown): boolean {
  if (value === undefined) return true;
  const { caCert, fingerprint } = (value ?? {}) as Readonly<Record<string, unknown>>;
  return typeof caCert === "string" || typeof fingerprint === "string";
}

function errno(thrown: unknown): unknown {
  return thrown instanceof Error ? Reflect.get(thrown, "code") : undefined;
}
