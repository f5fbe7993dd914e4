import type { Random } from "@holdfast/core/clock";
import { HoldfastError } from "@holdfast/core/errors";
import type { NodeId } from "@holdfast/core/ids";
import { ensureOwnFolders, recover } from "../execute/recover.ts";
import type { Hands } from "../execute/hands.ts";
import type { Faults } from "../faults.ts";
import type { LocalDisk, Server } from "../ports.ts";
import type { SyncState } from "../state/sync-state.ts";
import { type Event, type Phase, transitions } from "./control.ts";
import { type Brake, type CycleOutcome, runCycle } from "./cycle.ts";
import { checkRoot, RootMismatch } from "./root.ts";

export interface EngineOptions {
  readonly disk: LocalDisk;
  readonly server: Server;
  readonly state: SyncState;
  readonly random: Random;
  readonly nowMs: () => number;
  readonly sleep: (durationMs: number) => Promise<void>;
  readonly makeNodeId: () => NodeId;
  readonly device: string;
  /** Under one key two names are one on this disk. */
  readonly slotKey: (name: string) => string;
  readonly brake: Brake | undefined;
  readonly faults: Faults;
}

const rescanAfterMs = 3600_000;
const backoffMs = { first: 500, last: 60_000 };
/** Held between 30 and 55 s: proxies cut at 60. */
const pollMs = { least: 30_000, most: 55_000 };

/** One synced folder. `run` ends when it is stopped, or refuses because the folder is not the one that it knows. */
export class Engine {
  readonly #options: EngineOptions;
  readonly #hands: Hands;
  #phase: Phase = "starting";
  #failures = 0;
  #restless = 0;
  #last: CycleOutcome | undefined;
  #poll: Promise<void> | undefined;
  #wake: () => void = () => undefined;
  #isHinted = false;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#hands = { ...options, doubt: { isOpen: true } };
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** What the last cycle left; undefined before the first. */
  get outcome(): CycleOutcome | undefined {
    return this.#last;
  }

  /** Something may have changed on the disk, or somebody wants it to look now. */
  hint(): void {
    this.#isHinted = true;
    // What failed is not tried more often because something else changes.
    if (this.#phase === "waiting") this.#wake();
  }

  pause(): void {
    this.#turn("paused");
  }

  resume(): void {
    this.#turn("resumed");
  }

  stop(): void {
    this.#turn("stopped");
  }

  async run(): Promise<void> {
    while (this.#phase !== "stopped" && this.#phase !== "refused") this.#turn(await this.#step());
  }

  #turn(event: Event): void {
    this.#phase = transitions[this.#phase][event];
    this.#wake();
  }

  async #step(): Promise<Event> {
    switch (this.#phase) {
      case "starting":
        return this.#attempt(async () => {
          await ensureOwnFolders(this.#hands);
          await checkRoot(this.#hands);
          await recover(this.#hands);
          return "recovered";
        });
      case "syncing":
        return this.#attempt(async () => {
          this.#isHinted = false;
          this.#last = await runCycle({ ...this.#hands, ...this.#options });
          this.#failures = 0;
          this.#restless = this.#last.isRestless && !this.#last.hasProgressed ? this.#restless + 1 : 0;
          return this.#last.hasProgressed ? "progressed" : "rested";
        });
      case "waiting":
        return this.#wait(this.#untilNextLookMs(), true);
      case "backing_off":
        return this.#wait(this.#backoffMs(), false);
      case "paused":
        await new Promise<void>((resolve) => (this.#wake = resolve));
        return "progressed";
      default:
        return "stopped";
    }
  }

  async #attempt(act: () => Promise<Event>): Promise<Event> {
    try {
      return await act();
    } catch (error) {
      if (error instanceof RootMismatch) return "mismatched";
      if (!(error instanceof HoldfastError)) throw error;
      this.#failures += 1;
      this.#hands.doubt.isOpen = true;
      return "failed";
    }
  }

  async #wait(durationMs: number, listens: boolean): Promise<Event> {
    if (this.#isHinted && listens) return "woken";
    const woken = new Promise<void>((resolve) => (this.#wake = resolve));
    const signals = [woken, this.#options.sleep(durationMs)];
    if (listens) signals.push(this.#listen());
    await Promise.race(signals);
    return "woken";
  }

  /** One poll at a time, as long as nothing changes. Its answer is only a wake-up: the journal is the truth. */
  #listen(): Promise<void> {
    this.#poll ??= this.#pollUntilChanged().finally(() => (this.#poll = undefined));
    return this.#poll;
  }

  async #pollUntilChanged(): Promise<void> {
    const { state, server, random, sleep } = this.#options;
    while (this.#phase === "waiting") {
      const [byte = 0] = random(1);
      const timeoutMs = pollMs.least + ((pollMs.most - pollMs.least) * byte) / 255;
      try {
        if (await server.poll(state.cursor?.token ?? "", timeoutMs)) return;
      } catch (error) {
        if (!(error instanceof HoldfastError)) throw error;
        await sleep(this.#backoffMs());
      }
    }
  }

  #untilNextLookMs(): number {
    const wantedMs = this.#last?.lookAgainMs ?? rescanAfterMs;
    // What stays unreadable is looked at less and less often.
    const patienceMs = this.#last?.isRestless === true ? wantedMs * 2 ** Math.min(this.#restless, 7) : wantedMs;
    return Math.max(10, Math.min(patienceMs, rescanAfterMs));
  }

  /** Full jitter: many devices that lost one server do not come back at once. */
  #backoffMs(): number {
    const [byte = 0] = this.#options.random(1);
    return Math.min(backoffMs.last, backoffMs.first * 2 ** this.#failures) * ((byte + 1) / 256);
  }
}
