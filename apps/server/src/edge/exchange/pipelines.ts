import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** Browsers, devices and proxies send the next request on a connection after the response to the one before. */
const unansweredMax = 2;

/** Cuts connections with many unanswered requests: Node parses all that have arrived, whatever waits. */
export class Pipelines {
  readonly #unanswered = new WeakMap<Socket, number>();

  /** @returns false if the connection was cut */
  enter({ socket }: IncomingMessage, response: ServerResponse): boolean {
    const unanswered = (this.#unanswered.get(socket) ?? 0) + 1;
    if (unanswered > unansweredMax) {
      socket.destroy();
      return false;
    }
    this.#unanswered.set(socket, unanswered);
    response.once("close", () => this.#unanswered.set(socket, (this.#unanswered.get(socket) ?? 1) - 1));
    return true;
  }
}
