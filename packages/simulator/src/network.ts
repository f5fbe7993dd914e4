import { HoldfastError } from "@holdfast/core/errors";
import { sha256 } from "@holdfast/core/hash";
import type { ArrivedBlock, Server } from "@holdfast/sync-ports/ports";
import type { ModelServer } from "./model-server.ts";
import type { Decision } from "./chances.ts";
import type { Life, Scheduler } from "./scheduler.ts";

export interface Trouble {
  /** Probability for each call, from 0 to 1. */
  readonly rate: () => number;
  /** `silent`: a call never gets a response. */
  readonly outage: () => "none" | "unreachable" | "silent";
  readonly next: (kind: string) => Decision;
  /** Called before anything goes wrong. */
  readonly happens: (key: string) => boolean;
  readonly notice: (what: string) => void;
}

/** Small, so that a file needs several responses. */
const blocksAtOnce = 3;

/** Connection of one device to the server: delayed, interrupted before or after the request, repeated, or corrupted. */
export function makeNetwork(
  model: ModelServer,
  scheduler: Scheduler,
  {
    device,
    account,
    life,
    world,
    trouble,
  }: {
    readonly device: string;
    readonly account: string;
    readonly life: Life;
    readonly world: Life;
    readonly trouble: Trouble;
  },
): Server {
  const latencyMicros = 15_000;
  const cut = (when: string, name: string): never => {
    trouble.notice(`the network cuts ${name} of ${device} ${when}`);
    throw new HoldfastError("unreachable", `The server cannot be reached: ${name} was cut ${when}.`);
  };
  const call = async <Result>(name: string, act: () => Result, repeats = false): Promise<Result> => {
    const { isLate, chance, laterMicros } = fateOf(trouble, `${name} of ${device}`, repeats);
    const rate = trouble.rate();
    await scheduler.work(life, isLate ? latencyMicros * 40 : latencyMicros);
    if (trouble.outage() === "silent") await new Promise<never>(() => undefined);
    if (trouble.outage() === "unreachable") cut("for as long as it lasts", name);
    if (chance < rate * 0.3) cut("on the way out", name);
    if (repeats && chance < rate * 0.5) {
      // The request is still on its way after its sender has given up.
      void scheduler.sleep(world, laterMicros).then(() => attempt(act));
      if (chance < rate * 0.4) cut("for a while", name);
    }
    const result = act();
    await scheduler.work(life, latencyMicros);
    if (chance > 1 - rate * (repeats ? 2 : 0.4)) cut("on the way back", name);
    return result;
  };
  const mayDamage = (bytes: Uint8Array): Uint8Array => {
    const { key, tape } = trouble.next(`damage for ${device}`);
    if (tape() >= trouble.rate() * 0.1 || !trouble.happens(key)) return bytes;
    trouble.notice(`the network damages a download of ${device}`);
    return bytes.map((byte, index) => (index === 0 ? byte ^ 1 : byte));
  };
  return {
    ...questions(model, account, call),
    commit: (epoch, operations, blocks) =>
      call("commit", () => model.commit(device, epoch, operations, blocks, account), true),
    putBlocks: (blocks, into) => call("putBlocks", () => model.putBlocks(blocks, account, into)),
    async *fetchBlocks(wanted) {
      for (let start = 0; start < wanted.length; start += blocksAtOnce) {
        const some = wanted.slice(start, start + blocksAtOnce);
        const arrived = await call("fetchBlocks", () => some.map((each) => model.readBlock(each, account)));
        for (const [index, bytes] of arrived.entries()) {
          const { hash, base } = some[index] ?? {};
          if (base !== undefined && sha256(await base.read()) === base.hash) model.savings.bases += 1;
          if (hash !== undefined) yield releasable(hash, mayDamage(bytes));
        }
      }
    },
    async poll(token, timeoutMs) {
      let isChanged = false;
      const changed = call("poll", () => model.waitBeyond(token)).then(() => (isChanged = true));
      await Promise.race([changed, scheduler.sleep(life, timeoutMs * 1000)]);
      return isChanged;
    },
  };
}

type Call = <Result>(name: string, act: () => Result) => Promise<Result>;

/** The real server's answers use released memory again. */
function releasable(hash: ArrivedBlock["hash"], answer: Uint8Array): ArrivedBlock {
  const bytes = Uint8Array.from(answer);
  return { hash, bytes, release: () => void bytes.fill(0xff) };
}

function questions(
  model: ModelServer,
  account: string,
  call: Call,
): Pick<
  Server,
  | "whoAnswers"
  | "listChanges"
  | "snapshot"
  | "queryNodes"
  | "listBelow"
  | "versionWith"
  | "changersOf"
  | "manifests"
  | "missingBlocks"
> {
  return {
    // Has no trouble, because a failure would repeat the listing as well.
    whoAnswers: () => Promise.resolve({ serverId: "model", accountId: account }),
    listChanges: (token) => call("listChanges", () => model.listChanges(token, account)),
    snapshot: (cursor) => call("snapshot", () => model.snapshot(cursor, account)),
    queryNodes: (ids) => call("queryNodes", () => model.queryNodes(ids, account)),
    listBelow: (id) => call("listBelow", () => model.listBelow(id, account)),
    versionWith: (id, contentId) => call("versionWith", () => model.versionWith(id, contentId, account)),
    changersOf: (id, versionId) => call("changersOf", () => model.changersOf(id, versionId)),
    manifests: (wanted) => call("manifests", () => model.manifests(wanted, account)),
    missingBlocks: (hashes, into, growthBytes) =>
      call("missingBlocks", () => model.missingBlocks(hashes, account, into, growthBytes)),
  };
}

/** Returns the result of one call; 0.5 means no trouble. */
function fateOf(
  trouble: Trouble,
  kind: string,
  repeats: boolean,
): { isLate: boolean; chance: number; laterMicros: number } {
  const rate = trouble.rate();
  const { key, tape } = trouble.next(kind);
  const [late, chance, laterMicros] = [tape(), tape(), tape() * 20_000_000];
  const isCut = chance < rate * (repeats ? 0.5 : 0.3) || chance > 1 - rate * (repeats ? 2 : 0.4);
  if ((late >= rate && !isCut) || !trouble.happens(key)) return { isLate: false, chance: 0.5, laterMicros };
  return { isLate: late < rate, chance, laterMicros };
}

/** Ignores refusals of late requests, because nobody waits for them. */
function attempt(act: () => unknown): void {
  try {
    act();
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
  }
}
