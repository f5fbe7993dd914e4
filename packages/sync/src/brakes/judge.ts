import { type Braked, brakeKey, type BrakeRecord, type BrakeSide, isRewriteSide } from "../model/brake-record.ts";

/** From when on many changes are more often an accident than a wish. */
export interface BrakeLimits {
  /** Within this time, done or waiting. */
  readonly windowMs: number;
  readonly isTooMany: (count: number, known: number) => boolean;
}

const hourMs = 3600_000;

/** Limits of deletions: 500, or a quarter of the tree and at least `least`. Somebody's own number stands alone. */
export function deletionLimits(brake: number | undefined, least = 50): BrakeLimits {
  const isTooMany = (count: number, known: number): boolean =>
    brake === undefined ? count >= 500 || (count >= least && count >= known / 4) : count >= brake;
  return { windowMs: hourMs, isTooMany };
}

/** Deletions inside a mount take files from somebody else: 10 and a quarter of that mount are too many. */
export const leastInMount = 10;

/** Deletions found beside a restored backup, and of what something else replaced: each of them waits. */
export const eachDeletion: BrakeLimits = { windowMs: hourMs, isTooMany: (count) => count > 0 };

/** Within this time rewritten files, and files that links replaced, count together. */
export const rewriteWindowMs = 600_000;
/** From so many on it is more often an accident. Tools that go back on purpose, as git does, give files new times. */
const [oldFilesMin, rolledBackMin, damagedMin] = [3, 10, 5];
/** Files replaced by links that make their deletions wait: so many are more often moved to another disk than deleted. */
export const linkedFilesMin = damagedMin;

/**
 * Limits of known files rewritten here: 500 and a quarter of them, as by programs that take files hostage; 10 and a tenth of them with earlier
 * contents, or 3 if these have old times too; 5 that look damaged.
 * @param rollbacks of that side, planned or done within the time
 */
export function rewriteLimits(
  side: BrakeSide,
  rollbacks: readonly Pick<BrakeRecord, "isOldByTime">[] = [],
): BrakeLimits {
  const windowMs = rewriteWindowMs;
  if (side === "damage") return { windowMs, isTooMany: (count) => count >= damagedMin };
  if (side === "rollback") {
    const isOld = rollbacks.filter(({ isOldByTime }) => isOldByTime === true).length >= oldFilesMin;
    return { windowMs, isTooMany: (count, known) => isOld || (count >= rolledBackMin && count >= known / 10) };
  }
  return { windowMs, isTooMany: (count, known) => count >= 500 && count >= known / 4 };
}

export interface Judgement {
  readonly held: readonly Braked[];
  /** Undefined: the record goes. */
  readonly changes: ReadonlyMap<string, BrakeRecord | undefined>;
}

/**
 * Which of the planned changes of one side wait. What waits once waits until a person approves exactly it, or until it is not
 * planned any more; what was approved does not count. Once there are too many, all that come wait.
 * @param known how many nodes both sides have agreed on
 */
export function judge(
  side: BrakeSide,
  planned: readonly Braked[],
  records: ReadonlyMap<string, BrakeRecord>,
  { limits, nowMs, known }: { readonly limits: BrakeLimits; readonly nowMs: number; readonly known: number },
): Judgement {
  const own = new Map([...records].filter(([, record]) => record.side === side && record.standing !== "undone"));
  const changes = new Map<string, BrakeRecord | undefined>();
  const byKey = new Map(planned.map((each) => [brakeKey(each), each]));
  const released = [...own].filter(([, { standing }]) => standing === "released");
  // It counts from now on if the clock was set back since: else it would until that time comes again.
  const ahead = released.filter(([, { atMs }]) => atMs > nowMs);
  for (const [key, record] of ahead) changes.set(key, { ...record, atMs: nowMs });
  const counted = new Set(released.flatMap(([key, { atMs }]) => (atMs > nowMs - limits.windowMs ? [key] : [])));
  for (const [key, { standing, atMs }] of own) {
    const isOver = standing === "released" ? atMs <= nowMs - limits.windowMs : !byKey.has(key);
    if (isOver) changes.set(key, undefined);
  }
  // What is done stands no more in the tree of which it was a part.
  const gone = isRewriteSide(side) ? 0 : [...counted].filter((key) => !byKey.has(key)).length;
  const open = [...byKey].filter(([key, each]) => !isApproved(own.get(key), each));
  for (const [key] of open) counted.add(key);
  const holdsAll = limits.isTooMany(counted.size, known + gone);
  const held: Braked[] = [];
  for (const [key, each] of open) {
    const record = own.get(key);
    const waits = holdsAll || record?.standing === "waiting" || record?.standing === "approved";
    if (waits) held.push(each);
    const standing = waits ? "waiting" : "released";
    const isKept = record?.standing === standing && record.base === each.base;
    if (!isKept) changes.set(key, { ...each, standing, atMs: nowMs });
  }
  return { held, changes };
}

function isApproved(record: BrakeRecord | undefined, { base }: Braked): boolean {
  return record?.standing === "approved" && record.base === base;
}
