import { type Agent, request as httpRequest } from "node:http";
import type { Route } from "@holdfast/protocol/route";
import { routes, routeUrl } from "@holdfast/protocol/routes";
import { z } from "zod";

export interface MalformedRequest {
  readonly route: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/**
 * Each request has several errors: ids, queries, headers, JSON of wrong types and shapes, and random bytes. The same
 * seed produces the same requests.
 * @param authorization sent with most requests, so that they pass authentication
 */
export function* malformedRequests(seed: number, count: number, authorization: string): Generator<MalformedRequest> {
  const dice = new Dice(seed);
  const table = Object.entries(routes) as [string, Route][];
  for (let at = 0; at < count; at++) {
    const [name, route] = table[at % table.length] as [string, Route];
    yield malform(name, route, dice, authorization);
  }
}

/** @returns 0 if the connection was closed without a response */
export function sendMalformed(
  origin: string,
  { method, path, headers, body }: MalformedRequest,
  agent: Agent,
): Promise<number> {
  return new Promise((resolve) => {
    const { hostname, port } = new URL(origin);
    const request = httpRequest({ hostname, port, method, path, headers, agent, timeout: 20_000 }, (response) => {
      response.resume();
      response.once("close", () => resolve(response.statusCode ?? 0));
    });
    request.once("error", () => resolve(0));
    request.once("timeout", () => request.destroy());
    request.end(body);
  });
}

const nastyTexts = [
  "",
  "root",
  "..",
  "\0",
  "a/b",
  "'; drop table shard.nodes; --",
  "\ud800",
  "💥".repeat(50),
  "x".repeat(5000),
  "-1",
  "1e309",
  "NaN",
  "__proto__",
  "constructor",
  "0".repeat(64),
  "00000000-0000-8000-8000-000000000000",
  "FFFFFFFF-ffff-8fff-bfff-ffffffffffff",
  "2026-02-30T25:61:61Z",
  "%00",
  "../../etc/passwd",
] as const;

const nastyHeaders = [
  ["if-match", '"a'],
  ["if-match", "*,*"],
  ["if-none-match", "\u00ff"],
  ["idempotency-key", "ü"],
  ["idempotency-key", "x".repeat(300)],
  ["content-range", "bytes 5-1/3"],
  ["content-range", "bytes 0-99999999999999999999/*"],
  ["range", "bytes=9-1,-,--"],
  ["range", `bytes=${"0-0,".repeat(500)}`],
  ["content-type", "application/vnd.holdfast.batch"],
  ["content-type", "text/html; charset"],
  ["content-encoding", "gzip"],
  ["content-encoding", "zstd"],
  ["accept-encoding", "zstd;q=\u0080"],
  ["timeout", "1e9"],
  ["authorization", "Bearer "],
  ["authorization", `Bearer ${"A".repeat(9000)}`],
  ["x-forwarded-for", "1.1.1.1,".repeat(50)],
  ["accept", "\u0080"],
] as const;

function malform(name: string, route: Route, dice: Dice, authorization: string): MalformedRequest {
  const path =
    routeUrl(route).replaceAll(/:[a-z_]+/g, () => encodeLoosely(dice.pick(nastyTexts), dice)) +
    malformQuery(route, dice);
  const headers: Record<string, string> = dice.chance(0.9) ? { authorization } : {};
  if (route.body !== undefined && dice.chance(0.9)) headers["content-type"] = "application/json";
  for (let more = dice.below(3); more > 0; more--) {
    const [header, value] = dice.pick(nastyHeaders);
    headers[header] = value;
  }
  const body = route.method === "GET" ? Buffer.alloc(0) : malformBody(route, dice);
  return {
    route: name,
    method: route.method,
    path,
    headers: { ...headers, "content-length": String(body.length) },
    body,
  };
}

/** Encodes a path as badly as Node's client allows. */
function encodeLoosely(text: string, dice: Dice): string {
  if (dice.chance(0.1)) return "%zz";
  return encodeURIComponent(text.toWellFormed()) || "%20";
}

function malformQuery(route: Route, dice: Dice): string {
  const names = [...Object.keys(route.query?.shape ?? {}), "unknown"];
  const pairs: string[] = [];
  for (let more = dice.below(4); more > 0; more--) {
    pairs.push(`${dice.pick(names)}=${encodeLoosely(dice.pick(nastyTexts), dice)}`);
  }
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
}

function malformBody(route: Route, dice: Dice): Buffer {
  if (route.body === undefined || dice.chance(0.15)) return dice.bytes(dice.below(200));
  const text = JSON.stringify(malformShape(route.body, dice, 0));
  if (dice.chance(0.1)) return Buffer.from(text.slice(0, dice.below(text.length + 1)));
  const bytes = Buffer.from(text);
  if (dice.chance(0.1) && bytes.length > 0) bytes[dice.below(bytes.length)] = dice.below(256);
  return bytes;
}

/** Follows the schema, so that wrong values reach deep into it. */
function malformShape(schema: unknown, dice: Dice, depth: number): unknown {
  if (depth > 6 || dice.chance(0.3)) return nastyValue(dice);
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable)
    return malformShape(schema.unwrap(), dice, depth);
  if (schema instanceof z.ZodDiscriminatedUnion || schema instanceof z.ZodUnion) {
    return malformShape(dice.pick(schema.options), dice, depth + 1);
  }
  if (schema instanceof z.ZodArray) {
    return Array.from({ length: dice.below(4) }, () => malformShape(schema.element, dice, depth + 1));
  }
  if (schema instanceof z.ZodLiteral) return [...schema.values][0];
  if (schema instanceof z.ZodEnum) return dice.pick(schema.options);
  if (!(schema instanceof z.ZodObject)) return nastyValue(dice);
  const members = Object.entries(schema.shape).filter(() => dice.chance(0.8));
  return Object.fromEntries(members.map(([name, member]) => [name, malformShape(member, dice, depth + 1)]));
}

function nastyValue(dice: Dice): unknown {
  const values: readonly unknown[] = [
    dice.pick(nastyTexts),
    dice.pick(nastyTexts),
    dice.below(2 ** 31),
    -1,
    0.5,
    1e300,
    Number.MAX_SAFE_INTEGER + 2,
    null,
    true,
    [],
    {},
    [[[[]]]],
    { toString: 1, length: -1 },
    Array.from({ length: 300 }, () => null),
  ];
  return dice.pick(values);
}

/** mulberry32, https://gist.github.com/tommyettinger/46a874533244883189143505d203312c */
class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)] as Item;
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.below(256)));
  }
}
