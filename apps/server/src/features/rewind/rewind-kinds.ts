import { isId, type RewindId } from "@holdfast/core/ids";
import { z } from "zod";
import type { Kind } from "../../base/queue/kind.ts";
import { finishTask } from "../../base/queue/tasks.ts";
import { answerOf } from "./open-rewinds.ts";
import type { RewindsOptions } from "./start-rewind.ts";
import { readRewind } from "./rewind-rows.ts";
import { runRewind } from "./run-rewind.ts";

const rewindPayload = z.object({ rewind_id: z.string().refine((text): text is RewindId => isId(text)) });

/** Finishes a rewind that is large or whose process ended. */
export function rewindKinds(options: () => Pick<RewindsOptions, "shards" | "committer" | "clock">) {
  const rewind: Kind<z.output<typeof rewindPayload>> = {
    schema: rewindPayload,
    // A rewind fills its space's queue, so more would gain nothing.
    concurrency: 2,
    work: async ({ rewind_id: id }, { id: taskId, signal }) => {
      const { shards, committer, clock } = options();
      const { db } = shards.ofId(id);
      const row = await readRewind(db, id);
      if (row === undefined) return;
      const done = await runRewind({ db, committer, clock, signal }, row);
      await finishTask(db, { id: taskId, state: "done", result: answerOf(done), nowMicros: clock.nowMicros() });
    },
  };
  return { rewind };
}
