import { HoldfastError } from "@holdfast/core/errors";
import type { Phase } from "./control.ts";
import type { CycleOutcome } from "../reports/cycle-outcome.ts";
import { needsPerson, type Problem } from "../reports/problems.ts";
import { StateUnwritten } from "../../state/manifests.ts";
import { RootAway } from "../access/root.ts";

export interface OnceResult {
  /** Skipped items do not count. */
  readonly inSync: boolean;
  readonly problems: readonly Problem[];
  readonly deletionsWaiting: number;
}

/** Longest waits of one run for an unreachable server, a changing file, and the end of a refusal. */
const waitMaxMs = { unreachable: 30_000, unstable: 60_000, stuck: 5_000, refused: 100_000 };

export class OnceCompletion {
  readonly #nowMs: () => number;
  #since: { readonly atMs: number; readonly why: keyof typeof waitMaxMs } | undefined;
  #seen: CycleOutcome | undefined;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** @returns undefined: continue */
  judge(
    phase: Phase,
    outcome: CycleOutcome | undefined,
    failure: HoldfastError | undefined,
  ): Omit<OnceResult, "deletionsWaiting"> | undefined {
    if (phase === "refused") throw failure ?? new HoldfastError("failed", "A different folder was synced here before.");
    if (phase === "paused") return { inSync: false, problems: [paused] };
    if (phase === "stopped") return { inSync: false, problems: outcome?.problems ?? [] };
    if (failure !== undefined && phase === "backing_off") {
      // These need a person, not time.
      const isPersistent = [
        "unauthenticated",
        "second_factor_required",
        "address_not_allowed",
        "forbidden",
        "failed",
        "store_full",
      ].includes(failure.code);
      if (isPersistent || this.#isOver("unreachable")) throw isLocal(failure) ? asFailed(failure) : failure;
      return undefined;
    }
    this.#notice(outcome);
    if (failure !== undefined || phase !== "waiting" || outcome === undefined) return undefined;
    if (outcome.isTransferring) return undefined;
    if (outcome.isUnstable && !this.#isOver(outcome.isStuck ? "stuck" : "unstable")) return undefined;
    if (!outcome.isUnstable && outcome.retriesSoon && !this.#isOver("refused")) return undefined;
    const isDone = !outcome.isUnstable && !outcome.retriesSoon && outcome.deletionsWaiting === 0;
    return { inSync: isDone && !outcome.problems.some(needsPerson), problems: outcome.problems };
  }

  /**
   * A successful cycle ends the wait for the server, unless bytes of a file are missing. Progress restarts every wait.
   */
  #notice(outcome: CycleOutcome | undefined): void {
    if (outcome === this.#seen || outcome === undefined) return;
    this.#seen = outcome;
    const isReached = this.#since?.why === "unreachable" && !outcome.isTransferring;
    if (outcome.isFruitful || isReached) this.#since = undefined;
  }

  #isOver(why: keyof typeof waitMaxMs): boolean {
    if (this.#since?.why !== why) this.#since = { atMs: this.#nowMs(), why };
    return this.#nowMs() - this.#since.atMs >= waitMaxMs[why];
  }
}

function isLocal(failure: HoldfastError): boolean {
  return failure instanceof RootAway || failure instanceof StateUnwritten;
}

/** The code is `failed`, because `unreachable` would mean the server. */
function asFailed(failure: HoldfastError): HoldfastError {
  return new HoldfastError("failed", failure.message, { cause: failure });
}

const paused: Problem = {
  path: "",
  code: "paused",
  message: "This sync is paused. To continue: holdfast resume",
};
