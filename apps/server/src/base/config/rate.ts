/**
 * Each key has a bucket, which refills evenly up to its burst. A call passes if the bucket is not empty, and its cost
 * may make the bucket negative, so a large batch is never rejected for its size alone.
 */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

export const limitNames = ["calls", "address", "sign_in", "operations", "uploads", "bytes"] as const;
/** Limits that have a setting, and sign-ups, which count by network. */
export type LimitName = (typeof limitNames)[number] | "sign_up";

/** undefined: no limit */
export type Rates = Readonly<Record<LimitName, Rate | undefined>>;
