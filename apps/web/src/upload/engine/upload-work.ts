import type { UploadPace } from "@holdfast/api-client/upload-pace";
import type { Random } from "@holdfast/core/clock";
import type { JobStore } from "../store/job-store.ts";
import type { ByteLimit } from "./byte-limit.ts";
import type { Cutter } from "./cutter.ts";
import type { Problem } from "./job.ts";
import type { Patience } from "./patience.ts";
import type { Slots } from "./slots.ts";
import type { UploadServer } from "./upload-server.ts";

/** What all steps of all uploads share. */
export interface UploadWork {
  readonly server: UploadServer;
  readonly cutter: Cutter;
  readonly store: JobStore;
  readonly patience: Patience;
  /** Requests with bytes that are under way at once. */
  readonly slots: Slots;
  readonly limit: ByteLimit;
  readonly pace: UploadPace;
  readonly random: Random;
  readonly nowMs: () => number;
  /** Something that people see is different. */
  readonly changed: () => void;
  /** Something is queued that may begin. */
  readonly pump: () => void;
  /** Nothing of anything can go on before the person does something. */
  readonly stop: (problem: Problem) => void;
}
