import type { Socket } from "node:net";
import pg from "pg";
import { HoldfastError } from "@holdfast/core/errors";
import { within } from "../../within.ts";
import type { Host } from "./database-url.ts";
import { readServerState, type ServerState } from "./server-state.ts";

/** Decides which server is used. */
export interface Guard {
  enter(client: GuardedClient): void;
  /** @returns undefined: that of the URL */
  find(client: GuardedClient): Promise<Host | undefined>;
  failed(): void;
  /** @throws HoldfastError unavailable if the server must not be used */
  admit(client: GuardedClient, state: ServerState): "primary" | "standby";
  leave(client: GuardedClient): void;
}

/** Parts of `pg.Client` that its types lack. */
interface Internals {
  host: string;
  port: number;
  readonly connectionParameters: Host;
  readonly connection: { readonly stream: Socket };
  readonly _ending: boolean;
}

const stateMsMax = 10_000;

/** Connects to the primary, or if it may only read, perhaps to the standby that the guard chooses; to no other server. */
export class GuardedClient extends pg.Client {
  readonly #guard: Guard;
  /** True if a standby may be used while there is no primary. */
  readonly acceptsStandby: boolean;

  constructor(guard: Guard, config: pg.ClientConfig, { acceptsStandby = false } = {}) {
    super(config);
    this.#guard = guard;
    this.acceptsStandby = acceptsStandby;
    // A connection that breaks before its user listens must not end the process.
    this.on("error", () => {});
    this.#internals.connection.stream.on("error", () => {});
    this.once("end", () => guard.leave(this));
  }

  override connect(): Promise<this>;
  override connect(callback: (error: Error | null, client: this) => void): void;
  override connect(callback?: (error: Error | null, client: this) => void): Promise<this> | undefined {
    const connecting = this.#connect();
    if (callback === undefined) return connecting;
    void this.#report(connecting, callback);
    return undefined;
  }

  /** The statement that runs fails as with a lost connection. */
  abort(reason: string): void {
    this.#internals.connection.stream.destroy(new Error(`Connection terminated: ${reason}`));
  }

  get #internals(): Internals {
    return this as unknown as Internals;
  }

  async #report(connecting: Promise<this>, done: (error: Error | null, client: this) => void): Promise<void> {
    const error = await connecting.then(
      () => null,
      (failure: unknown) => failure as Error,
    );
    done(error, this);
  }

  async #connect(): Promise<this> {
    const internals = this.#internals;
    this.#guard.enter(this);
    try {
      const host = await this.#guard.find(this);
      if (internals._ending || internals.connection.stream.destroyed) throw new Error("Connection terminated");
      if (host !== undefined)
        for (const place of [internals, internals.connectionParameters]) Object.assign(place, host);
      await super.connect();
      const state = await within(stateMsMax, readServerState(this), () => {
        throw new HoldfastError("unavailable", "The database does not answer.");
      });
      // After its promotion, the server must be found before it is written to.
      if (this.#guard.admit(this, state) === "standby") await this.query("set default_transaction_read_only = on");
      return this;
    } catch (error) {
      this.#guard.failed();
      this.#guard.leave(this);
      internals.connection.stream.destroy();
      throw error;
    }
  }
}
