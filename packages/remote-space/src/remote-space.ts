import type { AccessTokens } from "@holdfast/api-client/access-tokens";
import { readBySchemas } from "@holdfast/api-client/answer-schemas";
import { ApiClient } from "@holdfast/api-client/api-client";
import { missingBlocks } from "@holdfast/api-client/block-upload";
import { compressJson } from "@holdfast/api-client/compressed-json";
import type { Transport } from "@holdfast/api-client/transport";
import { UploadPace } from "@holdfast/api-client/upload-pace";
import type { CodecPool } from "@holdfast/codec/pool";
import type { Clock, Random } from "@holdfast/core/clock";
import { bucketOf, makeId, type NodeId, toBucket } from "@holdfast/core/ids";
import type { Server } from "@holdfast/sync-ports/ports";
import { changersOf } from "./changers.ts";
import { commit, jsonBytesWished } from "./commit.ts";
import { fetchBlocks } from "./fetch-blocks.ts";
import { HeardLists } from "./heard-lists.ts";
import { listChanges } from "./list-changes.ts";
import { manifests } from "./manifests.ts";
import { closed, type Meter, meteredTransport, type Traffic } from "./metered-transport.ts";
import { OwnChanges } from "./own-changes.ts";
import { poll } from "./poll.ts";
import { RateLimit } from "./rate-limit.ts";
import { listBelow, queryNodes, SnapshotReader, versionWith } from "./read-tree.ts";
import { sendBlocks } from "./send-blocks.ts";

export interface RemoteSpaceOptions {
  readonly transport: Transport;
  readonly tokens: AccessTokens;
  readonly pool: CodecPool;
  readonly clock: Clock;
  readonly random: Random;
  /** Resolves after `delayMs`; rejects when the signal aborts. */
  readonly wait: (delayMs: number, signal?: AbortSignal) => Promise<unknown>;
  readonly limitUpBytesPerSecond?: number | undefined;
  readonly limitDownBytesPerSecond?: number | undefined;
  /** Attempts per call, including the first; default 3, because the sync retries anyway. */
  readonly attemptsMax?: number;
  /** Retry period if a server that has answered before refuses connections; default 2.5 s. */
  readonly patienceMs?: number;
  /**
   * Longest time from the end of a short request to the start of its response. Later, the connection counts as broken.
   * Default: 30 s.
   */
  readonly answerTimeoutMs?: number;
}

/** undefined: unlimited */
export interface RateLimits {
  readonly upBytesPerSecond: number | undefined;
  readonly downBytesPerSecond: number | undefined;
}

/** Caller's own space on a server. */
export interface RemoteSpace extends Server {
  readonly rootId: NodeId;
  readonly serverId: string;
  readonly accountId: string;
  readonly email: string;
  /** undefined for a personal access token, which belongs to no device */
  readonly deviceId: string | undefined;
  readonly traffic: Readonly<Traffic>;
  /** Makes an id for a node of this account, or of a folder's space. */
  makeNodeId(beside?: NodeId): NodeId;
  /** Applies to later requests; current waits continue. */
  changeLimits(limits: RateLimits): void;
  /** Aborts pending requests, including polls, with HoldfastError failed, and closes the connections. */
  close(): Promise<void>;
}

/** @throws HoldfastError unreachable, unauthenticated; nothing stays open then */
export async function openRemoteSpace(options: RemoteSpaceOptions): Promise<RemoteSpace> {
  const closing = new AbortController();
  const traffic = { sentBytes: 0, receivedBytes: 0 };
  const { clock, wait } = options;
  const up = new RateLimit({ clock, wait, bytesPerSecond: options.limitUpBytesPerSecond });
  const down = new RateLimit({ clock, wait, bytesPerSecond: options.limitDownBytesPerSecond });
  const client = openClient(options, { traffic, up, down, closing: closing.signal });
  const close = async (): Promise<void> => {
    closing.abort(closed());
    await client.close();
  };
  try {
    const account = await client.call("getAccount");
    return {
      ...serverOf(options, client, account.root_id, closing.signal),
      ...identityOf(options, account),
      traffic,
      changeLimits: ({ upBytesPerSecond, downBytesPerSecond }) => {
        up.change(upBytesPerSecond);
        down.change(downBytesPerSecond);
      },
      close,
    };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

function openClient(options: RemoteSpaceOptions, meter: Pick<Meter, "traffic" | "up" | "down" | "closing">): ApiClient {
  const {
    transport,
    tokens,
    clock,
    random,
    wait,
    attemptsMax = 3,
    patienceMs = 2500,
    answerTimeoutMs = 30_000,
  } = options;
  return new ApiClient({
    // Compresses before counting, so that meter and limits see the transferred bytes.
    transport: compressJson(meteredTransport(transport, { ...meter, wait, answerTimeoutMs })),
    tokens,
    random,
    retry: { clock, wait: waitUntilClosed(wait, meter.closing), attemptsMax, patienceMs },
    readAnswer: readBySchemas,
  });
}

function waitUntilClosed(wait: RemoteSpaceOptions["wait"], closing: AbortSignal): RemoteSpaceOptions["wait"] {
  return async (delayMs, signal) => {
    const either = signal === undefined ? closing : AbortSignal.any([signal, closing]);
    try {
      return await wait(delayMs, either);
    } catch (thrown) {
      throw closing.aborted ? closed() : thrown;
    }
  };
}

function identityOf(
  { clock, random }: RemoteSpaceOptions,
  account: { id: string; server_id: string; email: string; root_id: string; bucket: number; device_id: string | null },
): Pick<RemoteSpace, "rootId" | "serverId" | "accountId" | "email" | "deviceId" | "makeNodeId"> {
  const bucket = toBucket(account.bucket);
  return {
    rootId: account.root_id as NodeId,
    serverId: account.server_id,
    accountId: account.id,
    email: account.email,
    deviceId: account.device_id ?? undefined,
    makeNodeId: (beside) => makeId<NodeId>(beside === undefined ? bucket : bucketOf(beside), clock.nowMs(), random(8)),
  };
}

function serverOf({ pool, wait }: RemoteSpaceOptions, client: ApiClient, rootId: string, signal: AbortSignal): Server {
  const snapshots = new SnapshotReader(client);
  const [heard, own] = [new HeardLists(), new OwnChanges()];
  const sending = {
    client,
    pool,
    rootId,
    signal,
    wait,
    pace: new UploadPace(),
    jsonPace: new UploadPace(jsonBytesWished),
  };
  return {
    whoAnswers: async () => {
      const account = await client.call("getAccount");
      return { serverId: account.server_id, accountId: account.id };
    },
    listChanges: (sinceToken) => listChanges({ client, heard, own }, sinceToken),
    snapshot: (cursor) => snapshots.page(cursor),
    queryNodes: (ids) => queryNodes(client, ids),
    listBelow: (id) => listBelow(client, id),
    versionWith: (id, contentId) => versionWith(client, id, contentId),
    changersOf: (id, versionId) => changersOf(client, id, versionId),
    manifests: (wanted) => manifests(client, heard, wanted),
    missingBlocks: (hashes, into, growthBytes) =>
      missingBlocks({ client, into: into ?? rootId }, hashes, { growthBytes }),
    putBlocks: (blocks, into) => sendBlocks({ ...sending, rootId: into ?? rootId }, blocks),
    commit: async (epoch, operations, blocks) => {
      const answer = await commit(sending, epoch, operations, blocks);
      own.note(answer.results);
      return answer;
    },
    fetchBlocks: (wanted) => fetchBlocks({ client, pool }, wanted),
    poll: (sinceToken, timeoutMs) => {
      heard.rest();
      own.rest();
      return poll({ client, wait, signal }, sinceToken, timeoutMs);
    },
  };
}
