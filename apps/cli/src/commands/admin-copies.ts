import type { RouteAnswer, routes } from "@holdfast/protocol/routes";
import { Listing, sizeFor, timeFor } from "../output/listing.ts";
import type { Output } from "../output/output.ts";
import { count, formatNumber } from "../output/text.ts";
import { adminCall, newAdminCommand, polled, reportedOnSignals } from "./admin-call.ts";
import { newGroup, runs } from "./command.ts";
import type { Run } from "../invocation/run.ts";
import type { Context } from "../output/context.ts";

type Copies = RouteAnswer<typeof routes.adminGetCopies>;
type Copy = Copies["copies"][number];

export function copiesCommand(context: Context) {
  return newGroup(
    "copies",
    "Compare the two stores of a server",
    ["admin copies status", "admin copies verify --json"],
    [status(context), verify(context)],
  );
}

function status(context: Context) {
  const command = newAdminCommand("status", "List the stores, whether they are reachable, and what each is missing", [
    "admin copies status",
  ]);
  return runs<[]>(context, command, async (run, { data }) => {
    const report = await adminCall(run, data, "adminGetCopies", {});
    await run.output.result(report, () => [...copyLines(report.copies, run.output), lastVerified(report, run.output)]);
  });
}

function verify(context: Context) {
  const command = newAdminCommand(
    "verify",
    "Reread and compare everything in the stores; exit code 1 unless they are equal and undamaged",
    ["admin copies verify", "admin copies verify --json"],
  );
  return runs<[]>(context, command, async (run, { data }) => {
    const words = { name: "the verification", later: "'holdfast admin copies status' shows when it is done." };
    const { verification } = await reportedOnSignals(run, data, words, () => verified(run, data));
    const { copies } = verification;
    const isProblem = verification.state === "failed" || !copies.every(isWhole);
    await run.output[isProblem ? "result" : "done"]({ copies, verification }, () => [
      ...copyLines(copies, run.output),
      verification.state === "failed"
        ? "The verification failed; the server's log has the reason. Are both stores reachable?"
        : `${count(verification.objects, "object")} reread`,
      ...(copies.every(isWhole) ? [] : [advice]),
    ]);
    if (isProblem) context.exitCode = 1;
  });
}

const advice =
  'The server automatically repairs missing or damaged data in one store from the other. Check again in a moment; see docs/operation.md, "Two stores".';

async function verified(run: Run, data: unknown): Promise<Copies> {
  const started = await adminCall(run, data, "adminVerifyCopies", {});
  return polled(
    started,
    ({ verification }) => verification.state !== "running",
    () => adminCall(run, data, "adminGetCopies", {}),
  );
}

function isWhole({ state, lag_objects, damaged_objects = 0 }: Copy): boolean {
  return state === "ok" && lag_objects === 0 && damaged_objects === 0;
}

const columns = [
  { title: "STORE" },
  { title: "STATE" },
  { title: "LACKS", word: "lacks" },
  { title: "SIZE" },
  { title: "DAMAGED", word: "damaged" },
] as const;

function copyLines(copies: readonly Copy[], output: Output): string[] {
  return new Listing(output, columns, "There are no stores.").lines(copies.map((copy) => rowOf(copy, output)));
}

function rowOf({ store, state, lag_objects, lag_bytes, damaged_objects }: Copy, output: Output): string[] {
  const damaged = damaged_objects === undefined ? [] : [`${formatNumber(damaged_objects)} damaged`];
  return [store, state, `is missing ${count(lag_objects, "object")}`, sizeFor(output, lag_bytes), ...damaged];
}

function lastVerified({ verification: { state, finished_at } }: Copies, output: Output): string {
  if (state === "never") return "The stores have not been verified yet. To verify them: holdfast admin copies verify";
  if (state === "running") return "A verification is running.";
  return `Last verification: ${timeFor(output, finished_at)}${state === "failed" ? ", failed" : ""}.`;
}
