import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

export interface Traffic {
  upBytes: number;
  downBytes: number;
}

export interface Wire {
  /** Port to which the device connects. */
  readonly port: number;
  /** Up is sent by the device. */
  passed(): Promise<Traffic>;
}

export interface Proxy {
  /** Opens a port that leads to `target`, counted separately. */
  open(target: number): Promise<Wire>;
  stop(): Promise<void>;
}

/** Runs in a separate process, so that it does not disturb the measurement. */
export function startProxy(): Proxy {
  const child = fork(fileURLToPath(new URL("counting-proxy.ts", import.meta.url)));
  const ask = inTurn(child);
  return {
    open: async (target) => {
      const { port } = await ask<{ port: number }>({ target });
      return {
        port,
        passed: async () => (await ask<{ passed: Record<number, Traffic> }>({})).passed[port]!,
      };
    },
    stop: async () => {
      const exited = once(child, "exit");
      child.disconnect();
      await exited;
    },
  };
}

export function otherEnd(wire: Wire): Wire {
  return {
    port: wire.port,
    passed: async () => {
      const { upBytes, downBytes } = await wire.passed();
      return { upBytes: downBytes, downBytes: upBytes };
    },
  };
}

/** Sends requests one at a time, because responses have no ids. */
function inTurn(child: ChildProcess): <Answer>(question: object) => Promise<Answer> {
  let last: Promise<unknown> = Promise.resolve();
  return <Answer>(question: object) => {
    const answer = last.then(async () => {
      const given = once(child, "message");
      child.send(question);
      return ((await given) as [Answer])[0];
    });
    last = answer;
    return answer;
  };
}
