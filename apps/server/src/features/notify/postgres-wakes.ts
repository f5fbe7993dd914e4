import { backoffMs } from "@holdfast/core/backoff";
import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type pg from "pg";
import { bucketOf } from "@holdfast/core/ids";
import type { ChangingShards, Shard } from "../../base/db/shards.ts";
import type { Log } from "../../base/operation/log.ts";
import { OutageLog } from "../../base/db/outage-log.ts";
import { openClient } from "../../base/db/primary/open-client.ts";
import {
  dispatchWakes,
  encodeWakes,
  queueWake,
  type Wake,
  type WakeBus,
  type WakeListener,
  WakeOutbox,
} from "./wakes.ts";

export interface PostgresWakesOptions {
  readonly shards: ChangingShards;
  readonly listener: WakeListener;
  readonly log: Log;
}

const channel = "holdfast_wake";
const backoff = { firstMs: 100, maxMs: 2000 };
/** A connection with a slower statement counts as dead. */
const statementTimeoutMs = 5000;

export function openPostgresWakes({ shards, listener, log }: PostgresWakesOptions): WakeBus {
  const origin = randomBytes(8).toString("hex");
  const lines = new Map<Shard, Line>();
  let isClosed = false;
  const begin = (shard: Shard) => {
    if (!isClosed && !lines.has(shard)) lines.set(shard, new Line(shard, origin, listener, log));
  };
  for (const shard of shards.all()) begin(shard);
  shards.onAdded(begin);
  return {
    publish: (spaceId) => lines.get(shards.lastOf(bucketOf(spaceId)))?.outbox.add(spaceId),
    ring: (shard) => lines.get(shard)?.outbox.add(queueWake(shard.id)),
    close: async () => {
      isClosed = true;
      await Promise.all([...lines.values()].map((line) => line.close()));
    },
  };
}

class Line {
  readonly outbox: WakeOutbox;
  readonly #shard: Shard;
  readonly #origin: string;
  readonly #listener: WakeListener;
  readonly #log: Log;
  readonly #closed = new AbortController();
  readonly #kept: Promise<void>;
  #client: pg.Client | undefined;

  constructor(shard: Shard, origin: string, listener: WakeListener, log: Log) {
    this.#shard = shard;
    this.#origin = origin;
    this.#listener = listener;
    this.#log = log;
    this.outbox = new WakeOutbox((wakes) => this.#notify(wakes));
    this.#kept = this.#keep();
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await this.#client?.end();
    await this.#kept;
  }

  async #keep(): Promise<void> {
    const { signal } = this.#closed;
    const message = "the connection for wake-ups was lost; polls and the queue may be late";
    const over = "the connection for wake-ups is back";
    const outage = new OutageLog(this.#log, { level: "warn", message, over });
    for (let failures = 1; !signal.aborted; failures += 1) {
      const reason = await this.#listen(() => {
        failures = 1;
        outage.worked();
      });
      if (signal.aborted) return;
      outage.failed({ shard: this.#shard.id, reason });
      await delay(backoffMs(backoff, failures), undefined, { signal }).catch(() => {});
    }
  }

  /** @returns reason of the connection's end */
  async #listen(onConnected: () => void): Promise<string> {
    const client = openClient(this.#shard.connection, {
      application_name: `holdfast wakes ${this.#shard.id}`,
      keepAlive: true,
      keepAliveInitialDelayMillis: 10_000,
      connectionTimeoutMillis: statementTimeoutMs,
      query_timeout: statementTimeoutMs,
    });
    let reason = "it was closed";
    client.on("error", (error) => (reason = error.message));
    client.on("notification", ({ payload }) => {
      dispatchWakes(this.#origin, payload ?? "", this.#listener);
    });
    const ended = new Promise<void>((resolve) => client.once("end", resolve));
    try {
      await client.connect();
      // A notification's commit record need not be durable: the journal already contains the change.
      await client.query("set synchronous_commit = off");
      await client.query(`listen ${channel}`);
    } catch (error) {
      await client.end().catch(() => {});
      return (error as Error).message;
    }
    onConnected();
    this.#client = client;
    if (this.#closed.signal.aborted) void client.end();
    else {
      this.#listener.connected();
      this.outbox.resume();
    }
    await ended;
    this.#client = undefined;
    return reason;
  }

  /** @returns false without a connection; its restoration resumes the outbox */
  async #notify(wakes: readonly Wake[]): Promise<boolean> {
    const client = this.#client;
    if (client === undefined) return false;
    try {
      const messages = encodeWakes(this.#origin, wakes);
      await client.query("select pg_notify($1, message) from unnest($2::text[]) as message", [channel, messages]);
      return true;
    } catch (error) {
      this.#log.warn({ shard: this.#shard.id, reason: (error as Error).message }, "a wake-up is sent later");
      await client.end().catch(() => {});
      return false;
    }
  }
}
