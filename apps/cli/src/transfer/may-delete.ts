import { deletionLimits } from "@holdfast/sync/brakes/judge";
import { changedHere } from "./kept-here.ts";
import { count as counted, formatNumber } from "../output/text.ts";
import type { TransferReport } from "./transfer-report.ts";

export interface Mirroring {
  /** @returns undefined if there is no one to ask */
  readonly confirm: (question: string) => Promise<boolean | undefined>;
  readonly isAnswered: boolean;
  readonly canAsk: boolean;
}

/** The item exists on one side, so these do not prevent deletions. */
const harmless: ReadonlySet<string> = new Set([
  "special_file",
  "not_utf8",
  "control_character",
  "unfit_name",
  changedHere,
]);

/** Missing items of an incomplete source or transfer are unknown, so nothing is deleted. */
export function isWhole(report: TransferReport): boolean {
  if (report.problems.every(({ code }) => harmless.has(code))) return true;
  report.problem("", "Nothing was deleted, because of earlier errors. Run the command again.", "not_deleted");
  return false;
}

/**
 * Returns true if the deletions may proceed. Very many need a confirmation, under the same rule as in `sync`.
 * @param known number of items in the target
 */
export async function mayDelete(
  report: TransferReport,
  { confirm, isAnswered, canAsk }: Mirroring,
  { count, known }: { readonly count: number; readonly known: number },
): Promise<boolean> {
  if (!deletionLimits(undefined).isTooMany(count, known)) return true;
  const what = `${counted(count, "deletion")} of ${formatNumber(known)} here and below`;
  if (report.isDry) {
    // A real run would ask, or fail without an answer.
    if (!isAnswered && !canAsk)
      report.problem("", `${what} would wait: a run without --yes deletes none of them.`, "not_deleted");
    return true;
  }
  const answer = await confirm(`${what}: continue?`);
  if (answer === true) return true;
  const advice = answer === undefined ? " List them with --dry-run, then delete them with --yes." : "";
  report.problem("", `${what} need your approval, so nothing was deleted.${advice}`, "not_deleted");
  return false;
}
