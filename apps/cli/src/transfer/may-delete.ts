import { deletionLimits } from "@holdfast/sync/brakes/judge";
import { changedHere } from "./kept-here.ts";
import { count as counted, formatNumber } from "../output/text.ts";
import type { TransferReport } from "./transfer-report.ts";

/** What `--delete` has to ask. */
export interface Mirroring {
  /** Of very many deletions. @returns undefined where there is nobody to ask */
  readonly confirm: (question: string) => Promise<boolean | undefined>;
  /** By `--yes`. */
  readonly isAnswered: boolean;
  readonly canAsk: boolean;
}

/** What says nothing against the rest: it is here, or there, still. */
const harmless: ReadonlySet<string> = new Set([
  "special_file",
  "not_utf8",
  "control_character",
  "unfit_name",
  changedHere,
]);

/** Whether the source was read and carried over wholly: else nobody knows what is not in it. What speaks against it is listed. */
export function isWhole(report: TransferReport): boolean {
  if (report.problems.every(({ code }) => harmless.has(code))) return true;
  report.problem("", "Nothing was deleted, because there were errors before. Run it again.", "not_deleted");
  return false;
}

/**
 * Whether so many may go: very many only if a person says so, judged as `sync` does.
 * @param known how many stand where they would go
 */
export async function mayDelete(
  report: TransferReport,
  { confirm, isAnswered, canAsk }: Mirroring,
  { count, known }: { readonly count: number; readonly known: number },
): Promise<boolean> {
  if (!deletionLimits(undefined).isTooMany(count, known)) return true;
  const what = `${counted(count, "deletion")} of ${formatNumber(known)} here and below`;
  if (report.isDry) {
    // A run would ask, or fail.
    if (!isAnswered && !canAsk)
      report.problem("", `${what} would wait: a run without --yes deletes none of them.`, "not_deleted");
    return true;
  }
  const answer = await confirm(`${what}: go on?`);
  if (answer === true) return true;
  const advice = answer === undefined ? " List them with --dry-run, then delete them with --yes." : "";
  report.problem("", `${what} need your approval, so nothing was deleted.${advice}`, "not_deleted");
  return false;
}
