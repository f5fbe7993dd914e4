import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { fields, type Remote } from "./state.ts";

/** Fields of all answers. Each answer has some of them. */
export interface Answer extends Remote {
  readonly items: readonly (Remote & { readonly state?: string })[];
  readonly next_cursor: string | null;
  readonly token: string;
  readonly changes: readonly {
    readonly kind: string;
    readonly id: string;
    readonly node?: Remote;
    readonly existed?: true;
  }[];
  readonly next_token: string;
  readonly has_more: boolean;
  readonly blocks: readonly { readonly hash: string; readonly size: number }[];
}
export type Values = Readonly<Record<string, unknown>>;
export type Problem = Readonly<Partial<Record<"code" | "detail" | "reason", string>>> & {
  readonly retryable?: boolean;
};

type Request = Readonly<{ query?: Values; json?: Values; body?: Blob }>;

const attempts = 4;

export class Api {
  readonly #server: string;
  readonly #token: string;

  constructor(server: string, token: string) {
    this.#server = server.replace(/\/+$/, "");
    this.#token = token;
  }

  async call(method: string, path: string, request: Request = {}): Promise<Answer> {
    return (await (await this.send(method, path, request)).json()) as Answer;
  }

  /**
   * Each change has its own idempotency key, so it can be sent again after a lost answer.
   * @throws Error with the problem of the server as its cause
   */
  async send(method: string, path: string, { query = {}, json, body }: Request = {}): Promise<Response> {
    const url = new URL(`${this.#server}/api/v1${path}`);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value));
    const headers: Record<string, string> = { Authorization: `Bearer ${this.#token}` };
    if (method !== "GET") headers["Idempotency-Key"] = randomUUID();
    if (json !== undefined) headers["Content-Type"] = "application/json";
    if (body !== undefined) headers["Content-Type"] = "application/octet-stream";
    const sent = json === undefined ? body : JSON.stringify(json);
    const init = { method, headers, redirect: "manual" as const, ...(sent !== undefined && { body: sent }) };
    for (let attempt = 1; ; attempt += 1) {
      const answer = await fetch(url, init).catch((error: unknown) => error);
      if (answer instanceof Response && answer.ok) return answer;
      const problem: Problem =
        answer instanceof Response
          ? ((await answer.json().catch(() => ({ code: "internal", detail: String(answer.status) }))) as Problem)
          : { code: "unreachable", detail: String(answer), retryable: true };
      if (problem.retryable !== true || attempt === attempts) {
        throw new Error(`${problem.code}: ${problem.detail}`, { cause: problem });
      }
      const afterS = answer instanceof Response ? Number(answer.headers.get("retry-after") ?? 0) : 0;
      await delay(Math.max(afterS * 1000, Math.random() * 500 * 2 ** attempt));
    }
  }
}

export function toRemote(node: Remote): Remote {
  return Object.fromEntries(fields.map((field) => [field, node[field] ?? ""])) as unknown as Remote;
}
