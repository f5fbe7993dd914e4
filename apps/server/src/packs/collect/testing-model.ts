import assert from "node:assert/strict";
import type { HashHex } from "@holdfast/core/ids";
import { sql } from "kysely";
import { adoptOrphans } from "../repair/adopt-orphans.ts";
import type { IncomingBlock } from "../format/incoming-block.ts";
import { type PackId, packKey } from "../format/pack-format.ts";
import { rebuildIndex } from "../repair/rebuild-index.ts";
import type { ReleasedHolder } from "../index/release-holders.ts";
import { scrubCell } from "../repair/scrub.ts";
import type { CollectCrashPoint } from "./collect-ports.ts";
import { pinPacks, unpinPacks } from "./pack-pins.ts";
import { settleCells } from "./settle-cells.ts";
import { bothForms, type CollectWorld, dayMs, type TestSpace } from "./testing-collect.ts";

export interface PlantedBugs {
  readonly release?: (story: CollectStory, space: TestSpace, holders: readonly ReleasedHolder[]) => Promise<void>;
  readonly pin?: (story: CollectStory) => Promise<void>;
  readonly beforeCollect?: (story: CollectStory) => Promise<void>;
  readonly afterCollect?: (story: CollectStory, packs: ReadonlySet<string>) => Promise<void>;
}

interface Message {
  readonly space: number;
  readonly holders: readonly ReleasedHolder[];
}

const crashPoints = [
  "blocks doomed",
  "rows gone",
  "rewritten pack durable",
  "rewritten rows",
  "object deleted",
] as const;
const spaceCount = 4;
const contentCount = 24;
const lanes = 3;

/** Spaces store, share and release blocks while all jobs run. Everything held must stay readable. */
export class CollectStory {
  readonly world: CollectWorld;
  readonly random: () => number;
  readonly spaces: TestSpace[] = [];
  readonly trace: string[] = [];
  readonly #bugs: PlantedBugs;
  readonly #contents = Array.from({ length: contentCount }, () => bothForms());
  /** By space: the codec in which each held block is served; undefined if a lost index made it uncertain. */
  readonly #held = Array.from({ length: spaceCount }, () => new Map<HashHex, "raw" | "zstd" | undefined>());
  /** By space: blocks that may have a row from an interrupted store. */
  readonly #unsure = Array.from({ length: spaceCount }, () => new Set<HashHex>());
  readonly #ever = Array.from({ length: spaceCount }, () => new Set<HashHex>());
  #outbox: Message[] = [];
  #delivered: Message[] = [];
  #rotten = new Set<HashHex>();
  #pinned: ReadonlySet<string> | undefined;

  constructor(world: CollectWorld, random: () => number, bugs: PlantedBugs) {
    this.world = world;
    this.random = random;
    this.#bugs = bugs;
  }

  async start(): Promise<void> {
    for (let index = 0; index < spaceCount; index += 1) this.spaces.push(await this.world.space());
  }

  async step(): Promise<void> {
    const draw = this.random();
    if (draw < 0.4) await this.#together();
    else if (draw < 0.7) await this.#passTime();
    else if (draw < 0.77) await this.#pinOrUnpin();
    else if (draw < 0.86) await this.#rot();
    else if (draw < 0.89) await this.#rebuild();
    else await this.#deliver(0);
    await this.check();
  }

  async end(): Promise<void> {
    this.#note("end");
    const all = this.#contents.map(({ raw }) => raw.hash);
    for (let space = 0; space < spaceCount; space += 1) await this.#drop(space, all);
    for (const message of [...this.#outbox, ...this.#delivered, ...this.#outbox]) await this.#release(message);
    await unpinPacks(this.world.cell.db, "backup");
    this.#pinned = undefined;
    for (let round = 0; round < 10; round += 1) {
      this.world.clock.forwardMs(9 * dayMs);
      await this.#adopt();
      await settleCells(this.world.ports);
      await this.world.collect();
    }
    await this.world.assertEmpty();
  }

  async check(): Promise<void> {
    for (const [index, held] of this.#held.entries()) {
      const space = this.spaces[index] ?? assert.fail();
      const hashes = [...held.keys()];
      const read = await this.world.read(space, hashes);
      for (const [at, hash] of hashes.entries()) {
        const form = read[at];
        const expected = this.#rotten.has(hash) ? undefined : held.get(hash);
        assert.ok(form === "raw" || form === "zstd", `space ${index} has lost ${hash}`);
        assert.equal(form, expected ?? form, `space ${index} is served another's copy of ${hash}`);
      }
      await this.#assertHolders(index, hashes);
    }
    for (const key of this.#pinned ?? [])
      assert.ok((await this.world.store.stat(key)) !== undefined, `${key} went under a pin`);
  }

  /** The holder's stamp may be later than the row's. */
  async #assertHolders(index: number, hashes: readonly HashHex[]): Promise<void> {
    const { rows } = await sql<{ hash: string }>`
      select encode(block.hash, 'hex') as hash from shard.space_blocks as block
      where space_id = ${this.spaces[index]?.spaceId ?? ""} and not exists (select from cell.holders as holder
        where holder.hash = block.hash and holder.space_id = block.space_id and holder.stamp >= block.stamp)`.execute(
      this.world.cell.db,
    );
    const lacking = rows.filter(({ hash }) => hashes.includes(hash as HashHex));
    assert.deepEqual(lacking, [], `of space ${index} holders are gone`);
  }

  async #together(): Promise<void> {
    const calls: (() => Promise<void>)[] = [];
    const count = this.#below(4) + 1;
    for (let lane = 0; lane < Math.min(count, lanes); lane += 1) calls.push(this.#drawCall(lane));
    if (this.random() < 0.3) calls.push(this.#drawJob());
    const ends =
      this.random() < 0.15 ? (["pack durable", "cell rows", "shard rows"] as const)[this.#below(3)] : undefined;
    this.#note(`together ${ends ?? ""}`);
    this.world.crashPoint = (reached) => {
      if (reached === ends) throw new EndedHere();
    };
    await Promise.all(calls.map((call) => call()));
    this.world.crashPoint = () => {};
  }

  /** Draws before anything runs, so that a seed reproduces its story. */
  #drawCall(lane: number): () => Promise<void> {
    const draw = this.random();
    const space = this.#below(spaceCount);
    if (draw < 0.45) return this.#drawPut(space, lane);
    if (draw < 0.6) return this.#drawHold(space, lane);
    if (draw < 0.9) {
      const hashes = this.#someHeld(space, lane);
      this.#note(`drop ${space} ${hashes.length}`);
      return () => this.#drop(space, hashes);
    }
    return () => this.#deliver(lane);
  }

  #drawPut(space: number, lane: number): () => Promise<void> {
    const all = this.#contents.filter((_, index) => index % lanes === lane);
    const blocks = all.filter(() => this.random() < 0.4).map((forms) => (this.random() < 0.5 ? forms.raw : forms.zstd));
    this.#note(`put ${space} ${blocks.length}`);
    return () => this.#put(space, blocks);
  }

  async #put(space: number, blocks: readonly IncomingBlock[]): Promise<void> {
    const [held, unsure] = [this.#held[space] ?? assert.fail(), this.#unsure[space] ?? assert.fail()];
    for (const { hash } of blocks) this.#ever[space]?.add(hash);
    try {
      await this.world.put(this.spaces[space] ?? assert.fail(), ...blocks);
    } catch (error) {
      assert.equal((error as { code?: string }).code, "unavailable", String(error));
      // Blocks of an interrupted store may be served in either form.
      for (const { hash } of blocks) {
        unsure.add(hash);
        if (held.has(hash)) held.set(hash, undefined);
      }
      return;
    }
    for (const { hash, codec } of blocks) {
      if (!held.has(hash)) held.set(hash, unsure.has(hash) ? undefined : codec);
    }
  }

  #drawHold(to: number, lane: number): () => Promise<void> {
    const from = (to + 1 + this.#below(spaceCount - 1)) % spaceCount;
    const hashes = this.#someHeld(from, lane);
    this.#note(`hold ${to} from ${from} ${hashes.length}`);
    return async () => {
      const [held, source] = [this.#held[to] ?? assert.fail(), this.#held[from] ?? assert.fail()];
      const forms = new Map(hashes.map((hash) => [hash, source.get(hash)]));
      const sizes = new Map(hashes.map((hash) => [hash, this.#sizeOf(hash)]));
      await this.world.hold(this.spaces[to] ?? assert.fail(), this.spaces[from] ?? assert.fail(), sizes);
      for (const [hash, form] of forms) {
        if (!held.has(hash)) held.set(hash, this.#ever[to]?.has(hash) === true ? undefined : form);
        this.#ever[to]?.add(hash);
      }
    };
  }

  #drawJob(): () => Promise<void> {
    const jobs: Record<string, () => Promise<unknown>> = {
      collect: () => this.world.collect(),
      adopt: () => this.#adopt(),
      settle: () => settleCells(this.world.ports),
      scrub: () => this.#scrub(),
    };
    const [name, run] = Object.entries(jobs)[this.#below(4)] ?? assert.fail();
    this.#note(`meanwhile ${name}`);
    return async () => void (await run());
  }

  #someHeld(space: number, lane: number): HashHex[] {
    const mine = new Set(this.#contents.filter((_, index) => index % lanes === lane).map(({ raw }) => raw.hash));
    return [...(this.#held[space] ?? [])].flatMap(([hash]) => (mine.has(hash) && this.random() < 0.5 ? [hash] : []));
  }

  async #drop(space: number, hashes: readonly HashHex[]): Promise<void> {
    for (const hash of hashes) {
      this.#held[space]?.delete(hash);
      this.#unsure[space]?.delete(hash);
    }
    const holders = await this.world.drop(this.spaces[space] ?? assert.fail(), hashes);
    if (holders.length > 0) this.#outbox.push({ space, holders });
  }

  async #deliver(lane: number): Promise<void> {
    const again = lane === 0 && this.#delivered.length > 0 && this.random() < 0.2;
    const from = again ? this.#delivered : this.#outbox;
    const [message] = from.splice(this.#below(from.length), 1);
    if (message === undefined) return;
    this.#note(`deliver ${message.space} ${message.holders.length}`);
    this.#delivered.push(message);
    await this.#release(message);
  }

  async #release({ space, holders }: Message): Promise<void> {
    const to = this.spaces[space] ?? assert.fail();
    if (this.#bugs.release === undefined) await this.world.release(to, holders);
    else await this.#bugs.release(this, to, holders);
  }

  async #passTime(): Promise<void> {
    const days = [0.05, 1, 2, 8, 8][this.#below(5)] ?? 1;
    this.#note(`forward ${days}`);
    this.world.clock.forwardMs(days * dayMs);
    if (this.random() < 0.8) await this.#collect();
  }

  async #collect(): Promise<void> {
    const at = this.random() < 0.3 ? crashPoints[this.#below(crashPoints.length)] : undefined;
    this.#note(`collect ${at ?? ""}`);
    const ends: CollectCrashPoint = (reached) => {
      if (reached === at) throw new EndedHere();
    };
    const packs = new Set(await this.world.packKeys());
    await this.#bugs.beforeCollect?.(this);
    await this.world.collect(ends).catch((error: unknown) => assert.ok(error instanceof EndedHere, String(error)));
    await this.#bugs.afterCollect?.(this, packs);
  }

  async #adopt(): Promise<void> {
    const { cell, clock, log } = this.world.ports;
    await adoptOrphans({ cell, clock, log }, { graceMs: 3600_000 });
  }

  async #scrub(): Promise<void> {
    const { cell, shards, pool, clock, random, log } = this.world.ports;
    await scrubCell({ cell, shards, pool, clock, random, log });
  }

  async #pinOrUnpin(): Promise<void> {
    const { cell, clock } = this.world;
    if (this.#pinned !== undefined) {
      if (this.random() < 0.7) return;
      this.#note("unpin");
      this.#pinned = undefined;
      return unpinPacks(cell.db, "backup");
    }
    this.#note("pin");
    if (this.#bugs.pin === undefined) await pinPacks(cell.db, "backup", clock.nowMicros() + 1000 * dayMs * 1000);
    else await this.#bugs.pin(this);
    const { rows } = await sql<{ id: PackId }>`select distinct pack_id as id from cell.blocks`.execute(cell.db);
    this.#pinned = new Set(rows.map(({ id }) => packKey(id)));
  }

  /** Damages a copy whose block has another live copy. A block gets at most one bad copy. */
  async #rot(): Promise<void> {
    const copies = (await this.world.copies()).filter(({ state, hash }) => state === "live" && !this.#rotten.has(hash));
    const twice = copies.filter(({ hash }, index) => copies.findIndex((each) => each.hash === hash) !== index);
    const one = twice[this.#below(twice.length)];
    this.#note(`rot ${one?.hash.slice(0, 8) ?? "nothing"}`);
    if (one === undefined) return;
    this.#rotten.add(one.hash);
    const key = packKey(one.packId as PackId);
    const bytes = Uint8Array.from(await this.world.store.get(key));
    bytes[one.offset + 3] = (bytes[one.offset + 3] ?? 0) ^ 1;
    await this.world.store.put(key, bytes);
  }

  async #rebuild(): Promise<void> {
    const isLost = this.random() < 0.5;
    this.#note(`rebuild ${isLost ? "a lost index" : ""}`);
    const { cell, cells, shards, pool, clock, log } = this.world.ports;
    if (isLost) {
      // Messages that were not delivered before the index was lost are obsolete.
      await sql`truncate cell.packs, cell.blocks, cell.holders, cell.facts`.execute(cell.db);
      for (const held of this.#held) for (const hash of held.keys()) held.set(hash, undefined);
    }
    await rebuildIndex({ cells, shards, pool, clock, log });
  }

  #sizeOf(hash: HashHex): number {
    return this.#contents.find(({ raw }) => raw.hash === hash)?.raw.sizeBytes ?? assert.fail();
  }

  #below(count: number): number {
    return Math.floor(this.random() * count);
  }

  #note(what: string): void {
    this.trace.push(what);
  }
}

class EndedHere extends Error {}
