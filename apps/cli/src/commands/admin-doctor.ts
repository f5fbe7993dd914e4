import type { RouteAnswer, routes } from "@holdfast/protocol/routes";
import { printable } from "@holdfast/core/printable";
import { indented } from "../output/text.ts";
import { adminCall, newAdminCommand } from "./admin-call.ts";
import { runs } from "./command.ts";
import type { Context } from "../output/context.ts";

type Finding = RouteAnswer<typeof routes.adminDoctor>["items"][number];

export function doctorCommand(context: Context) {
  const command = newAdminCommand(
    "doctor",
    "Check disks, keys, clock, store, database and jobs, and report what to do; exit code 1 if a check fails",
    ["admin doctor", "admin doctor --data /srv/holdfast"],
  );
  return runs<[]>(context, command, async (run, { data }) => {
    const diagnosis = await adminCall(run, data, "adminDoctor", {});
    await run.output.result(diagnosis, () =>
      diagnosis.items.flatMap((finding) => linesOf(finding, run.output.columns ?? Infinity)),
    );
    if (diagnosis.state === "fail") context.exitCode = 1;
  });
}

function linesOf({ check, state, detail, advice }: Finding, columns: number): string[] {
  const head = `${state.padEnd(4)}  ${check.padEnd(10)}  `;
  return [
    ...indented(printable(detail), columns, head),
    ...(advice === null ? [] : indented(printable(advice), columns, "      ")),
  ];
}
