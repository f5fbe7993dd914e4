import type { Wire } from "./wire.ts";

/** One side of a pair: a folder that is kept equal, and who keeps it. */
export interface Device {
  readonly folder: string;
  readonly pid: number;
  readonly wire: Wire;
}

/** Two devices that keep a folder equal, by whatever program; both run and have heard of each other. */
export interface Pair {
  readonly by: string;
  readonly a: Device;
  readonly b: Device;
  /** Processes between them, such as a server. */
  readonly between: readonly number[];
  /** Where data is made that is then moved into a folder at once: on the same filesystem. */
  readonly staging: string;
  stop(): Promise<void>;
}
