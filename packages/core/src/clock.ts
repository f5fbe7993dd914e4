/** The time, given from outside so that a test or a simulation decides it. */
export interface Clock {
  /** Milliseconds since 1970 (UTC). */
  nowMs(): number;
  /** Microseconds since 1970 (UTC), a whole number: the unit in which times are stored. */
  nowMicros(): number;
}

/** That many random bytes, given from outside; in production those of the operating system's generator. */
export type Random = (lengthBytes: number) => Uint8Array;
