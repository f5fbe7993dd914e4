import { endFor } from "../output/listing.ts";
import type { Run } from "../invocation/run.ts";

/** Writes to stderr, because standard output contains only the secret. */
export function noteEnd(run: Run, endsAt: string | null | undefined): void {
  if (endsAt != null && !run.output.json) run.output.note(`It expires ${endFor(run.output, endsAt)}.`);
}
