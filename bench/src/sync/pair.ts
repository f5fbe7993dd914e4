import type { Wire } from "./wire.ts";

export interface Device {
  readonly folder: string;
  readonly pid: number;
  readonly wire: Wire;
}

/** Two connected devices that sync a folder by any program. */
export interface Pair {
  readonly by: string;
  readonly a: Device;
  readonly b: Device;
  /** Process of the server between them. */
  readonly serverPid?: number;
  /** Folder on the same filesystem for data that is moved in atomically. */
  readonly staging: string;
  stop(): Promise<void>;
}
