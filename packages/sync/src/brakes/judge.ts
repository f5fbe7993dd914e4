import { type Braked, brakeKey, type BrakeRecord, type BrakeSide, isRewriteSide } from "../model/brake-record.ts";

export interface BrakeLimits {
  /** Made and held changes count for this long. */
  readonly windowMs: number;
  readonly isTooMany: (count: number, known: number) => boolean;
}

const hourMs = 3600_000;

/** 500, or a quarter of the tree and at least `least`. A custom number replaces both. */
export function deletionLimits(brake: number | undefined, least = 50): BrakeLimits {
  const isTooMany = (count: number, known: number): boolean =>
    brake === undefined ? count >= 500 || (count >= least && count >= known / 4) : count >= brake;
  return { windowMs: hourMs, isTooMany };
}

/** Deletions in a mount affect other people: 10 and a quarter of the mount. */
export const leastInMount = 10;

/** Holds every deletion: for restored backups and replaced items. */
export const eachDeletion: BrakeLimits = { windowMs: hourMs, isTooMany: (count) => count > 0 };

/** Rewritten files, and files replaced by links, count together for this long. */
export const rewriteWindowMs = 600_000;
/** An accident is likely from these counts. Tools that go back on purpose, such as git, give files new times. */
const [oldFilesMin, rolledBackMin, damagedMin] = [3, 10, 5];
/** This many files replaced by links were probably moved to another disk. */
export const linkedFilesMin = damagedMin;

/**
 * Limits for known files rewritten here.
 * - any: 500 and a quarter of them, as ransomware does
 * - rollbacks: 10 and a tenth of them, or 3 if these also have old times
 * - damaged: 5
 * @param rollbacks planned or made within the period
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
  /** undefined: the record is removed */
  readonly changes: ReadonlyMap<string, BrakeRecord | undefined>;
}

/**
 * Returns the changes to hold. A held change stays held until a person approves exactly it, or until it is no longer
 * planned. Approved changes do not count. Above the limit, all unapproved changes are held.
 * @param known number of agreed nodes
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
  // If the clock was set back, a later time would count until then. It counts from now instead.
  const ahead = released.filter(([, { atMs }]) => atMs > nowMs);
  for (const [key, record] of ahead) changes.set(key, { ...record, atMs: nowMs });
  const counted = new Set(released.flatMap(([key, { atMs }]) => (atMs > nowMs - limits.windowMs ? [key] : [])));
  for (const [key, { standing, atMs }] of own) {
    const isOver = standing === "released" ? atMs <= nowMs - limits.windowMs : !byKey.has(key);
    if (isOver) changes.set(key, undefined);
  }
  // Deleted nodes are missing from the known tree, so they are added.
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
