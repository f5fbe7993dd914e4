import type { UploadPace } from "@holdfast/api-client/upload-pace";
import type { Random } from "@holdfast/core/clock";
import type { JobStore } from "../store/job-store.ts";
import type { ByteLimit } from "./byte-limit.ts";
import type { Cutter } from "./cutter.ts";
import type { Problem } from "./job.ts";
import type { Patience } from "./patience.ts";
import type { Slots } from "./slots.ts";
import type { UploadServer } from "./upload-server.ts";

export interface UploadWork {
  readonly server: UploadServer;
  readonly cutter: Cutter;
  readonly store: JobStore;
  readonly patience: Patience;
  /** Limits concurrent requests with content. */
  readonly slots: Slots;
  readonly limit: ByteLimit;
  readonly pace: UploadPace;
  readonly random: Random;
  readonly nowMs: () => number;
  /** Call after visible changes. */
  readonly changed: () => void;
  /** Call after queuing. */
  readonly pump: () => void;
  /** Stops everything until the person acts. */
  readonly stop: (problem: Problem) => void;
}
