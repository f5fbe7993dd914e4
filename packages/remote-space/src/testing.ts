import { randomBytes } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { fixedToken } from "@holdfast/api-client/access-tokens";
import { openHttpTransport } from "@holdfast/api-client/transport";
import type { CodecPool } from "@holdfast/codec/pool";
import { openRemoteSpace, type RemoteSpace, type RemoteSpaceOptions } from "./remote-space.ts";

/** As a command would open it, with the token of a session. */
export function openSpace(
  { url, token, pool }: { readonly url: string; readonly token: string; readonly pool: CodecPool },
  options: Partial<RemoteSpaceOptions> = {},
): Promise<RemoteSpace> {
  return openRemoteSpace({
    transport: openHttpTransport({ server: url, connections: 8 }),
    tokens: fixedToken(token),
    pool,
    clock: { nowMs: () => Date.now(), nowMicros: () => Date.now() * 1000 },
    random: (lengthBytes) => randomBytes(lengthBytes),
    wait: (delayMs, signal) => wait(delayMs, undefined, signal === undefined ? {} : { signal }),
    ...options,
  });
}
