import { endFor } from "../output/listing.ts";
import type { Run } from "./command.ts";

/** The end that was set, beside a secret that stands alone on standard output. */
export function noteEnd(run: Run, endsAt: string | null | undefined): void {
  if (endsAt != null && !run.output.json) run.output.note(`It ends ${endFor(run.output, endsAt)}.`);
}
