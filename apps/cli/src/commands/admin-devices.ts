import { adminCall, newAdminCommand } from "./admin-call.ts";
import { newGroup, runs } from "./command.ts";
import type { Context } from "../output/context.ts";

export function devicesAdminCommand(context: Context) {
  const summary = "Devices that were suspended because they rewrote or deleted unusually many files";
  return newGroup("devices", summary, ["admin devices resume 0198…"], [resume(context)]);
}

function resume(context: Context) {
  const command = newAdminCommand("resume", "Resume a suspended device of any account", [
    "admin devices resume 0198…",
  ]).argument("<id>", "ID from the notification");
  return runs<[string]>(context, command, async (run, id, { data }) => {
    await adminCall(run, data, "adminResumeDevice", { params: { id } });
    await run.output.done({ id, resumed: true }, () => [
      `${id} can change files again; its changes are not counted for an hour`,
    ]);
  });
}
