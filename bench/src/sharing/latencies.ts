import { Agent, request } from "node:http";
import type { Api } from "@holdfast/server/acceptance/testing";

export interface Timed {
  readonly status: number;
  readonly ms: number;
  readonly body: ReturnType<typeof JSON.parse>;
}

const agent = new Agent({ keepAlive: true, maxSockets: 2000 });

/** Calls the API on a kept connection, timed from the start to the response's last byte. */
export function timedCall(api: Api, method: string, path: string, sent?: string | Uint8Array): Promise<Timed> {
  const startMs = performance.now();
  const type = typeof sent === "string" ? "application/json" : "application/octet-stream";
  const headers = {
    ...(api.token === undefined ? {} : { authorization: `Bearer ${api.token}` }),
    ...(sent === undefined ? {} : { "content-type": type, "content-length": Buffer.byteLength(sent) }),
  };
  return new Promise((resolve, reject) => {
    const outgoing = request(`${api.url}/api/v1${path}`, { method, agent, headers }, (answer) => {
      const parts: Buffer[] = [];
      answer.on("data", (part: Buffer) => parts.push(part));
      answer.once("end", () => {
        const ms = performance.now() - startMs;
        const text = Buffer.concat(parts).toString();
        const body = /json/.test(answer.headers["content-type"] ?? "") ? JSON.parse(text) : undefined;
        resolve({ status: answer.statusCode ?? 0, ms, body });
      });
      answer.once("error", reject);
    });
    outgoing.once("error", reject);
    outgoing.end(sent);
  });
}

/**
 * @returns the same response
 * @throws Error for another status
 */
export function expect(timed: Timed, status: number): Timed {
  if (timed.status === status) return timed;
  throw new Error(`Answered ${timed.status} instead of ${status}: ${JSON.stringify(timed.body)}`);
}

/** @param share 0 to 1 */
export function at(valuesMs: readonly number[], share: number): number {
  const sorted = valuesMs.toSorted((left, right) => left - right);
  return sorted[Math.min(Math.ceil(sorted.length * share), sorted.length) - 1] ?? 0;
}
