import { adminCall, newAdminCommand } from "./admin-call.ts";
import { newGroup, runs } from "./command.ts";
import type { Context } from "./command.ts";

export function devicesAdminCommand(context: Context) {
  const summary = "Devices that rewrote or deleted so much that they may change nothing";
  return newGroup("devices", summary, ["admin devices resume 0198…"], [resume(context)]);
}

function resume(context: Context) {
  const command = newAdminCommand("resume", "Let a suspended device of any account go on", [
    "admin devices resume 0198…",
  ]).argument("<id>", "as the notification names it");
  return runs<[string]>(context, command, async (run, id, { data }) => {
    await adminCall(run, data, "adminResumeDevice", { params: { id } });
    await run.output.result({ id, resumed: true }, () => [
      `${id} may change files again; for an hour nothing of it is counted`,
    ]);
  });
}
