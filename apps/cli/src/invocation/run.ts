import type { Transport } from "@holdfast/api-client/transport";
import { HoldfastError } from "@holdfast/core/errors";
import type { Connection } from "../config/connection.ts";
import type { LimitedTraffic } from "../config/limited-transport.ts";
import type { LinkAddress } from "../links/link-address.ts";
import type { Context } from "../output/context.ts";
import type { Output } from "../output/output.ts";
import type { ConnectionRemarks } from "./connection-remarks.ts";

export class Run {
  readonly context: Context;
  readonly output: Output;
  /** Results so far of a command that fails, for --json. */
  doneBefore: object = {};
  #connection: Connection | undefined;
  #remarks: ConnectionRemarks | undefined;
  #limit: { readonly bytesPerSecond: number; readonly traffic: LimitedTraffic } | undefined;

  constructor(context: Context, output: Output) {
    this.context = context;
    this.output = output;
  }

  /** Applies from the next connection on. */
  limit(bytesPerSecond: number): void {
    this.#limit = { bytesPerSecond, traffic: { sentBytes: 0, receivedBytes: 0, contentBytes: 0 } };
  }

  /** undefined without a limit */
  get traffic(): LimitedTraffic | undefined {
    return this.#limit?.traffic;
  }

  async connect(): Promise<Connection> {
    const { connect } = await import("../config/connection.ts");
    this.#connection ??= await connect(this.context.environment, {
      ...(await this.#choices()),
      prove: async (client) => {
        // The command also waits for the person now.
        (await this.remarks()).isWaitSaid = true;
        await (await import("./prove.ts")).prove(this, client);
      },
    });
    return this.#connection;
  }

  /** Asks after the server has confirmed the login. @throws HoldfastError usage without a terminal */
  async askSecret(question: string): Promise<string> {
    const { askSecret, requireTerminal } = await import("./terminal.ts");
    requireTerminal(this.context, question);
    const { client } = await this.connect();
    await client.call("getAccount");
    return askSecret(this.context, question);
  }

  async remarks(): Promise<ConnectionRemarks> {
    const { ConnectionRemarks } = await import("./connection-remarks.ts");
    this.#remarks ??= new ConnectionRemarks(this.output, this.context.stderr.isTTY === true);
    return this.#remarks;
  }

  async #choices() {
    const { onSilence, onBusy, onSlow } = await this.remarks();
    return { onSilence, onBusy, onSlow, wrap: await this.#wrap() };
  }

  async #wrap(): Promise<((transport: Transport) => Transport) | undefined> {
    const limit = this.#limit;
    if (limit === undefined) return undefined;
    const { limitedTransport } = await import("../config/limited-transport.ts");
    return (transport) => limitedTransport(transport, limit.bytesPerSecond, limit.traffic);
  }

  /**
   * Makes the link's item the root. On a terminal, asks for the password of the link.
   * @param reads false for a command that only uploads
   * @returns undefined if the address is not a link
   */
  async connectByLink(address: string, readsPassword: boolean, reads: boolean): Promise<LinkAddress | undefined> {
    const { connectByLink, readLinkAddress } = await import("../links/link-address.ts");
    const link = readLinkAddress(address);
    if (link === undefined && readsPassword)
      throw new HoldfastError("usage", "--password-stdin can only be used with a link.");
    if (link === undefined) {
      // Nobody is asked to sign in for a wrong address.
      const { refuseAddress } = await import("../remote/remote-path.ts");
      refuseAddress(address);
      return undefined;
    }
    const { askSecret, firstLine } = await import("./terminal.ts");
    const password = readsPassword ? await firstLine(this.context.stdin) : undefined;
    this.#connection = await connectByLink(this.context.environment, link, {
      password,
      askPassword:
        this.context.stdin.isTTY === true ? () => askSecret(this.context, "Password of the link: ") : undefined,
      reads,
      ...(await this.#choices()),
    });
    return link;
  }

  close(): Promise<void> {
    return this.#connection?.client.close() ?? Promise.resolve();
  }
}
