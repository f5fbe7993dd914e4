import { backoffMs } from "@holdfast/core/backoff";
import type { NodeId } from "@holdfast/core/ids";
import type { LocalOperation } from "../../plan/plan-types.ts";
import { type DiskPlace, nameOnDisk } from "../../model/trees.ts";
import { isTransientHere, type Problem } from "../reports/problems.ts";

/** Each attempt costs a scan of the whole disk. */
const backoff = { firstMs: 30_000, maxMs: 3600_000 };
const soonMs = 60_000;
/** A busy server does not concern the disk. */
const transientSoon: ReadonlySet<string> = new Set(["rate_limited", "request_timeout"]);

interface Refused {
  readonly digest: string;
  readonly times: number;
  readonly notBeforeMs: number;
  readonly problem: Problem;
}

interface Due {
  readonly isInPlan: (id: NodeId) => boolean;
  readonly slotKey: (name: string) => string;
  readonly nowMs: number;
}

/** Changes that the disk refused, retried at growing intervals until they succeed or change. */
export class DiskRetries {
  readonly #refused = new Map<NodeId, Refused>();

  /**
   * @param isInPlan true if the plan covers the node; a portion does not cover the others
   * @param slotKey equal keys: names that are equal on this disk
   * @returns operations to try now, without those that depend on waiting ones
   */
  dueAmong(planned: readonly LocalOperation[], { isInPlan, slotKey, nowMs }: Due): readonly LocalOperation[] {
    const byId = new Map(planned.map((operation) => [operation.id, operation]));
    for (const [id, { digest }] of this.#refused) {
      const operation = byId.get(id);
      const isAsBefore = operation === undefined ? !isInPlan(id) : digestOf(operation) === digest;
      if (!isAsBefore) this.#refused.delete(id);
    }
    const waits = ({ id }: LocalOperation): boolean => {
      const refused = this.#refused.get(id);
      return refused !== undefined && isAhead(refused, nowMs);
    };
    let due: readonly LocalOperation[] = planned.filter((operation) => !waits(operation));
    // Operations that depend on a waiting one also wait, and nothing need be parked for a waiting one.
    for (let before = planned.length; due.length < before;) {
      before = due.length;
      due = withoutDependent(due, planned, slotKey);
    }
    return due;
  }

  note(operation: LocalOperation, problem: Problem, nowMs: number): void {
    const digest = digestOf(operation);
    const before = this.#refused.get(operation.id);
    const times = before?.digest === digest ? before.times + 1 : 1;
    const grownMs = backoffMs(backoff, times);
    const waitMs = transientSoon.has(problem.code) ? backoff.firstMs : grownMs;
    const shown = times === 1 ? problem : { ...problem, message: `${problem.message} ${nextAttempt(times, waitMs)}` };
    this.#refused.set(operation.id, { digest, times, notBeforeMs: nowMs + waitMs, problem: shown });
  }

  forget(id: NodeId): void {
    this.#refused.delete(id);
  }

  get problems(): Problem[] {
    return [...this.#refused.values()].map(({ problem }) => problem);
  }

  /** Due times in Unix milliseconds. */
  untilMs(nowMs: number): number[] {
    return [...this.#refused.values()].flatMap((each) => (isAhead(each, nowMs) ? [each.notBeforeMs] : []));
  }

  retriesSoon(nowMs: number): boolean {
    return [...this.#refused.values()].some(
      ({ problem, notBeforeMs }) => isTransientHere(problem.code) && notBeforeMs - nowMs <= soonMs,
    );
  }

  forgetAll(): void {
    this.#refused.clear();
  }
}

/** Removes operations that need others: a folder, a name, an empty folder or an earlier step. */
function withoutDependent(
  due: readonly LocalOperation[],
  planned: readonly LocalOperation[],
  slotKey: (name: string) => string,
): readonly LocalOperation[] {
  const keyOf = (place: DiskPlace): string => `${place.parent}/${slotKey(nameOnDisk(place))}`;
  const going = new Set(due);
  const waiting = planned.filter((operation) => !going.has(operation));
  const ids = new Set(waiting.map(({ id }) => id));
  const places = waiting.flatMap((operation) => ("local" in operation ? [operation.local] : []));
  const names = new Set(places.map(keyOf));
  const full = new Set(places.map(({ parent }) => parent));
  return due.filter((operation) => {
    const { id, op } = operation;
    const place = "place" in operation ? operation.place : undefined;
    const isInto = place !== undefined && (ids.has(place.parent) || names.has(keyOf(place)));
    return !ids.has(id) && !isInto && !(op === "delete" && full.has(id));
  });
}

/** A longer wait means that the clock was set back. */
function isAhead({ notBeforeMs }: Refused, nowMs: number): boolean {
  return notBeforeMs > nowMs && notBeforeMs - nowMs <= backoff.maxMs;
}

function nextAttempt(times: number, waitMs: number): string {
  const minutes = Math.max(1, Math.round(waitMs / 60_000));
  const wait = minutes === 1 ? "a minute" : `${minutes} minutes`;
  return `Tried ${times} times; the next attempt is in ${wait}, or immediately after 'holdfast pause' and 'holdfast resume'.`;
}

/** Digest without the file times, which an undone attempt changes. */
function digestOf(operation: LocalOperation): string {
  const local = "local" in operation ? operation.local : undefined;
  const remote = "remote" in operation ? operation.remote : undefined;
  const place = "place" in operation ? operation.place : undefined;
  const from = [local?.parent, local?.name, local?.alias, local?.content, local?.executable, local?.isPrivate];
  return JSON.stringify([operation.op, from, place?.parent, place?.name, place?.alias, remote?.revision]);
}
