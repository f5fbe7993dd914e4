import { toHoldfastError } from "@holdfast/core/errors";
import type { SpaceId } from "@holdfast/core/ids";
import type { CredentialWorld } from "../features/accounts/context/overdue.ts";
import { type Config, isAlone } from "../base/config/read-config.ts";
import type { ChangingShards, Shard } from "../base/db/shards.ts";
import { HeldPolls } from "../features/notify/held-polls.ts";
import { openPostgresWakes } from "../features/notify/postgres-wakes.ts";
import type { WakeBus, WakeListener } from "../features/notify/wakes.ts";
import type { Metrics } from "../base/operation/metrics.ts";
import type { Log } from "../base/operation/log.ts";
import type { Closers } from "./closers.ts";
import { systemClock } from "./system-clock.ts";

export interface Notifier {
  readonly polls: HeldPolls;
  readonly committed: (spaceId: SpaceId) => void;
  /** Notifies the queue's processes of a new message on the shard. */
  readonly ring: (shard: Shard) => void;
  /** Sets the callback for a certain or possible ring of another process. */
  readonly setOnRung: (onRung: (shard: Shard) => void) => void;
}

export interface NotifierParts {
  readonly shards: ChangingShards;
  readonly accounts: Pick<CredentialWorld, "issuerBound">;
  readonly metrics: Pick<Metrics, "pollHeld" | "pollReleased" | "newsDelivered">;
  readonly log: Log;
}

/** Processes wake each other by Redis, or else by the shards' databases. */
export async function openNotifier(config: Config, parts: NotifierParts, closers: Closers): Promise<Notifier> {
  const { shards, accounts, metrics, log } = parts;
  const polls = new HeldPolls({
    shards,
    issuerBound: accounts.issuerBound,
    clock: systemClock,
    random: Math.random,
    log,
    onHeld: metrics.pollHeld,
    onReleased: metrics.pollReleased,
    onDelivered: metrics.newsDelivered,
  });
  let onRung: (shard: Shard) => void = () => {};
  const listener: WakeListener = {
    wake: (spaceId) => polls.wake(spaceId),
    rung: (shardId) => {
      const shard = shards.all().find(({ id }) => id === shardId);
      if (shard !== undefined) onRung(shard);
    },
    connected: () => {
      for (const shard of shards.all()) onRung(shard);
      polls.compareAll().catch((error: unknown) => {
        log.warn({ reason: toHoldfastError(error).message }, "polls could not be compared with the journal");
      });
    },
  };
  const bus = await openBus(config, parts, listener);
  // Polls of accounts that have moved now wait for another shard.
  shards.onAdded(() => setImmediate(() => listener.connected()));
  if (bus !== undefined) closers.add("wake-ups", () => bus.close());
  return {
    polls,
    committed: (spaceId) => {
      polls.wake(spaceId);
      bus?.publish(spaceId);
    },
    ring: (shard) => bus?.ring(shard),
    setOnRung: (given) => (onRung = given),
  };
}

async function openBus(
  config: Config,
  { shards, log }: NotifierParts,
  listener: WakeListener,
): Promise<WakeBus | undefined> {
  if (isAlone(config)) return undefined;
  if (config.redisUrl !== undefined) {
    const { openRedisWakes } = await import("../features/notify/redis-wakes.ts");
    return openRedisWakes({ url: config.redisUrl, listener, log });
  }
  return openPostgresWakes({ shards, listener, log });
}
