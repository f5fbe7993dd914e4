import { patienceSeconds } from "../config/connection.ts";
import type { Output } from "../output/output.ts";

export class ConnectionRemarks {
  /** True after the message about waiting, which is shown once. */
  isWaitSaid = false;
  readonly #output: Output;
  readonly #isTerminal: boolean;

  constructor(output: Output, isTerminal: boolean) {
    this.#output = output;
    this.#isTerminal = isTerminal;
  }

  readonly onSilence = (): void => this.#say(`the server does not answer; trying again for up to ${patienceSeconds} s`);

  readonly onBusy = (delayMs: number): void =>
    this.#say(`the server asked to wait; trying again in ${Math.ceil(delayMs / 1000)} s`);

  /** A scheduled job may call a server that needs minutes to respond, so only a terminal shows this. */
  readonly onSlow = (host: string): void => {
    if (this.isWaitSaid || !this.#isTerminal) return;
    this.isWaitSaid = true;
    this.#say(`waiting for the server ${host} …`);
  };

  #say(text: string): void {
    this.#output.note(`holdfast: ${text}`);
  }
}
