/** A source of time, replaced in tests and simulations. */
export interface Clock {
  /** Milliseconds since 1970 (UTC). */
  nowMs(): number;
  /** Microseconds since 1970 (UTC), an integer. Times are stored in this unit. */
  nowMicros(): number;
}

/** Returns random bytes. In production they come from the operating system. */
export type Random = (lengthBytes: number) => Uint8Array;
