import { noTokens } from "@holdfast/api-client/access-tokens";
import type { AccessTokens } from "@holdfast/api-client/access-tokens";
import { readByIds } from "@holdfast/api-client/answer";
import { ApiClient, type ApiClientOptions } from "@holdfast/api-client/api-client";
import type { Transport, TransportRequest } from "@holdfast/api-client/transport";
import { HoldfastError } from "@holdfast/core/errors";
import type { Row } from "./row.ts";
import type { Tabs } from "./tabs.ts";
import { wait } from "../browser/wait.ts";

export function testRow(name: string, more: Partial<Row> = {}): Row {
  return {
    id: name,
    kind: "file",
    name,
    sizeBytes: 0,
    modifiedMs: 0,
    revision: "r1",
    seq: 1,
    role: "owner",
    thumb: undefined,
    isShared: false,
    isStarred: false,
    isGranted: false,
    waits: false,
    target: undefined,
    ...more,
  };
}

/** Answer of a test server. "cut": the connection breaks. */
export type TestAnswer =
  | { readonly status: number; readonly json?: unknown; readonly headers?: Readonly<Record<string, string>> }
  | "cut";

export function testClient(
  answer: (request: TransportRequest) => TestAnswer | Promise<TestAnswer>,
  tokens: AccessTokens = noTokens(() => new HoldfastError("unauthenticated", "nobody")),
): ApiClient {
  return new ApiClient(testClientOptions(answer, tokens));
}

export function testClientOptions(
  answer: (request: TransportRequest) => TestAnswer | Promise<TestAnswer>,
  tokens: AccessTokens,
): ApiClientOptions {
  const transport: Transport = {
    close: () => Promise.resolve(),
    send: async (request) => {
      request.signal?.throwIfAborted();
      const aborted = Promise.withResolvers<never>();
      request.signal?.addEventListener("abort", () => aborted.reject(request.signal?.reason as Error));
      const given = await Promise.race([answer(request), aborted.promise]);
      if (given === "cut") throw new HoldfastError("unreachable", "The server cannot be reached.");
      const { status, json, headers = {} } = given;
      return { status, header: (name) => headers[name], body: bodyOf(json) };
    },
  };
  const retry = { clock: { nowMs: () => 0, nowMicros: () => 0 }, wait, attemptsMax: 1, patienceMs: 0 };
  return { transport, tokens, random: (bytes) => new Uint8Array(bytes), retry, readAnswer: readByIds };
}

async function* bodyOf(json: unknown): AsyncGenerator<Uint8Array> {
  if (json !== undefined) yield new TextEncoder().encode(JSON.stringify(json));
}

export function testBrowser(): () => Tabs {
  const hearers = new Set<{ readonly tab: object; readonly hear: (message: unknown) => void }>();
  const last = new Map<string, Promise<unknown>>();
  return () => {
    const tab = {};
    return {
      post: (message) => {
        const others = [...hearers].filter((each) => each.tab !== tab);
        for (const { hear } of others) queueMicrotask(() => hear(structuredClone(message)));
      },
      listen: (hear) => {
        const hearer = { tab, hear };
        hearers.add(hearer);
        return () => hearers.delete(hearer);
      },
      alone: (name, run, signal) => {
        const before = last.get(name) ?? Promise.resolve();
        const ran = before.then(() => {
          signal?.throwIfAborted();
          return run();
        });
        last.set(
          name,
          ran.catch(() => {}),
        );
        return ran;
      },
    };
  };
}
