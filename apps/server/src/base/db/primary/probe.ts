import pg from "pg";
import { HoldfastError } from "@holdfast/core/errors";
import { within } from "../../within.ts";
import type { Host } from "./database-url.ts";
import { readServerState, type ServerState } from "./server-state.ts";

/** A part of `pg.Client` that its types lack. */
interface Internals {
  readonly connection: { readonly stream: { destroy(): void } };
}

/** After a pause of this process, answers wait to be read. */
const lateMsMax = 200;
const closeMsMax = 2000;

/** Connection to one server of a database URL, which asks for its state. */
export class Probe {
  readonly #config: pg.ClientConfig;
  readonly #host: Host | undefined;
  #client: pg.Client | undefined;
  #isConnected = false;
  #asking: Promise<ServerState> | undefined;
  #closing: Promise<unknown> = Promise.resolve();

  constructor(config: pg.ClientConfig, host: Host | undefined) {
    this.#config = config;
    this.#host = host;
  }

  /** @throws if the server has not answered in time; a frozen one accepts connections, too */
  ask(timeoutMs: number): Promise<ServerState> {
    this.#asking ??= this.#askInTime(timeoutMs).finally(() => (this.#asking = undefined));
    return this.#asking;
  }

  async #askInTime(timeoutMs: number): Promise<ServerState> {
    const asking = this.#ask();
    try {
      return await within(timeoutMs, asking, () =>
        within(lateMsMax, asking, () => {
          asking.catch(() => {});
          throw new HoldfastError("unavailable", "It does not answer.");
        }),
      );
    } catch (error) {
      void this.close();
      throw error;
    }
  }

  /** Resolves when no connection is left. */
  async close(): Promise<void> {
    const client = this.#client;
    if (client !== undefined) {
      this.#client = undefined;
      // A connection that is being made cannot be ended.
      if (this.#isConnected) this.#closing = within(closeMsMax, client.end(), () => {}).catch(() => {});
      else (client as unknown as Internals).connection.stream.destroy();
      this.#isConnected = false;
    }
    await this.#closing;
  }

  async #ask(): Promise<ServerState> {
    if (this.#client !== undefined) {
      try {
        return await readServerState(this.#client);
      } catch {
        // A connection that was lost earlier says nothing about the server.
        void this.close();
      }
    }
    const client = this.#open();
    await client.connect();
    this.#isConnected = this.#client === client;
    return readServerState(client);
  }

  #open(): pg.Client {
    const client = new pg.Client(this.#config);
    if (this.#host !== undefined) Object.assign(client, this.#host);
    client.on("error", () => {});
    this.#client = client;
    return client;
  }
}
