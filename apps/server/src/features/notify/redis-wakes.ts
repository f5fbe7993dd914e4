import { randomBytes } from "node:crypto";
import { Redis } from "ioredis";
import type { Log } from "../../base/operation/log.ts";
import { dispatchWakes, encodeWakes, queueWake, type WakeBus, type WakeListener, WakeOutbox } from "./wakes.ts";

export interface RedisWakesOptions {
  readonly url: string;
  readonly listener: WakeListener;
  readonly log: Log;
}

const channel = "holdfast:wake";
const callTimeoutMs = 500;

/** Two connections, because a subscribed connection cannot send. */
export function openRedisWakes({ url, listener, log }: RedisWakesOptions): WakeBus {
  const origin = randomBytes(8).toString("hex");
  const options = {
    connectTimeout: callTimeoutMs,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    retryStrategy: (times: number) => Math.min(times * 100, 2000),
    connectionName: "holdfast wakes",
  };
  const sender = new Redis(url, { ...options, commandTimeout: callTimeoutMs });
  const receiver = new Redis(url, { ...options, autoResubscribe: false });
  let reachable = true;
  const note = (now: boolean, reason: string) => {
    if (now !== reachable)
      log.warn(
        { reason },
        now ? "wake-ups use Redis again" : "Redis does not deliver wake-ups; polls and the queue may be late",
      );
    reachable = now;
  };
  sender.on("error", (error) => note(false, error.message));
  receiver.on("error", (error) => note(false, error.message));
  receiver.on("message", (_, message) => {
    dispatchWakes(origin, message, listener);
  });
  const listen = async () => {
    try {
      await receiver.subscribe(channel);
      note(true, "connected");
      listener.connected();
    } catch (error) {
      note(false, (error as Error).message);
    }
  };
  receiver.on("ready", () => void listen());
  const outbox = new WakeOutbox((wakes) => send(sender, encodeWakes(origin, wakes), note));
  sender.on("ready", () => outbox.resume());
  return {
    publish: (spaceId) => outbox.add(spaceId),
    ring: (shard) => outbox.add(queueWake(shard.id)),
    close: async () => {
      sender.disconnect();
      receiver.disconnect();
    },
  };
}

/** @returns false without a connection; a message that times out on a live one is dropped */
async function send(
  sender: Redis,
  messages: readonly string[],
  note: (now: boolean, reason: string) => void,
): Promise<boolean> {
  try {
    await Promise.all(messages.map((message) => sender.publish(channel, message)));
    return true;
  } catch (error) {
    note(false, (error as Error).message);
    return sender.status === "ready";
  }
}
