import { newCommand, runs } from "./command.ts";
import type { Context } from "../output/context.ts";

export function setupLinkCommand(context: Context) {
  const command = newCommand(
    "setup-link",
    "Print a new one-time link for creating the first administrator, on the server itself; older links stop working",
    ["admin setup-link", "admin setup-link --data /srv/holdfast"],
  ).option("--data <folder>", "data folder of the server; default is HOLDFAST_DATA or the platform's");
  return runs<[]>(context, command, async (run, { data }) => {
    const { renewSetupLink, setupLines } = await import("@holdfast/server/admin");
    const dataFolder = typeof data === "string" ? data : undefined;
    const link = await renewSetupLink(dataFolder, context.environment);
    await run.output.result(link, () => setupLines(link.url, dataFolder, context.stdout));
    run.output.note("Earlier links no longer work.");
  });
}
