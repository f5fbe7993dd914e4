import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

export interface Traffic {
  upBytes: number;
  downBytes: number;
}

/** What one device says and hears. */
export interface Wire {
  /** Where the device connects to. */
  readonly port: number;
  /** Up is what the device sent. */
  passed(): Promise<Traffic>;
}

export interface Proxy {
  /** A new port that leads to `target`, counted by itself. */
  open(target: number): Promise<Wire>;
  stop(): Promise<void>;
}

/** In a process of its own, so that it takes no turns from what measures. */
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

/** The other end of a connection that is counted once. */
export function otherEnd(wire: Wire): Wire {
  return {
    port: wire.port,
    passed: async () => {
      const { upBytes, downBytes } = await wire.passed();
      return { upBytes: downBytes, downBytes: upBytes };
    },
  };
}

/** Answers carry no name, so one question waits for the answer to the last. */
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
