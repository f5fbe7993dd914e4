import { newCommand, runs } from "./command.ts";
import { usage } from "../output/usage.ts";
import type { CommandMaker } from "./command.ts";

const shownByDefault = 50;

export const logCommand: CommandMaker = (context) => {
  const command = newCommand("log", "List the activity of the syncs on this machine, newest last", [
    "log",
    "log ~/Drive",
    "log ~/Drive --last 1000",
  ])
    .argument("[folder]", "synced folder; default is all")
    .option("--last <count>", `number of entries; default ${shownByDefault}`);
  return runs<[string | undefined]>(context, command, async (run, folder, { last }) => {
    const [{ thisConfigFolder }, { chooseSyncs }, { logLines, readSyncLog }] = await Promise.all([
      import("../config/connection.ts"),
      import("../sync/choose-syncs.ts"),
      import("../sync/sync-log.ts"),
    ]);
    const countMax = parseLast(last);
    const syncs = await chooseSyncs(thisConfigFolder(context.environment), folder);
    const logs = await Promise.all(
      syncs.map(async ({ folder: kept, record: { root } }) =>
        (await readSyncLog(kept, countMax)).map((entry) => Object.assign({ root }, entry)),
      ),
    );
    const items = logs.flat().toSorted((one, other) => (one.at < other.at ? -1 : Number(one.at > other.at)));
    const newest = items.slice(-countMax);
    const isOne = syncs.length === 1;
    await run.output.result({ items: newest, next_cursor: null }, () =>
      newest.length === 0 && run.output.isTerminal
        ? ["Nothing has been synced yet."]
        : newest.flatMap((entry) => logLines(run.output, entry, isOne ? "" : ` (${entry.root})`)),
    );
  });
};

function parseLast(text: unknown): number {
  if (text === undefined) return shownByDefault;
  const parsed = Number(text);
  if (!Number.isInteger(parsed) || parsed < 1) throw usage("--last is a whole number, such as 100.");
  return parsed;
}
