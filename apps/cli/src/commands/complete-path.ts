import { runs } from "./command.ts";
import type { CommandMaker } from "./command.ts";
import { Command } from "commander";

/** Somebody waits with a finger on the key. */
const patienceMs = 2000;
const shownMax = 1000;

/** Paths on the server, or in its trash, with the given beginning, one a line, for the scripts of `completion`. Errors are not reported. */
export const completePathCommand: CommandMaker = (context) => {
  const command = new Command("__complete")
    .argument("[beginning]")
    .option("--trash")
    .option("--quiet")
    .helpOption(false);
  return runs<[string | undefined]>(context, command, async (run, beginning = "", { trash }) => {
    // Whatever it waits for then would go on for a minute.
    const timer = setTimeout(() => process.exit(0), patienceMs);
    try {
      const paths = await (trash === true ? trashedFrom(run, beginning) : pathsFrom(run, beginning));
      await run.output.result(paths, () => paths);
    } catch {
      // Who is not signed in, or names no folder, gets nothing to choose from.
    } finally {
      clearTimeout(timer);
    }
  });
};

type Run = Parameters<Parameters<typeof runs>[2]>[0];

async function pathsFrom(run: Run, beginning: string): Promise<string[]> {
  const [{ lookUpFolder }, { nameKey }] = await Promise.all([
    import("../remote/look-up.ts"),
    import("@holdfast/core/names"),
  ]);
  const folder = beginning.slice(0, beginning.lastIndexOf("/") + 1);
  const begun = nameKey(beginning.slice(folder.length));
  const { client } = await run.connect();
  const { id } = await lookUpFolder(client, folder === "" ? "/" : folder);
  const query = { limit: shownMax, sort: "name" };
  const { items } = await client.call("listFolder", { params: { id }, query });
  return items
    .filter(({ name }) => nameKey(name).startsWith(begun))
    .map(({ name, kind }) => `${folder}${name}${kind === "folder" || kind === "mount" ? "/" : ""}`);
}

/** Paths as they were, among the newest in the trash. */
async function trashedFrom(run: Run, beginning: string): Promise<string[]> {
  const { nameKey } = await import("@holdfast/core/names");
  const { client } = await run.connect();
  const { items } = await client.call("listTrash", { query: { limit: shownMax } });
  const paths = new Set(items.map(({ path }) => path));
  return [...paths].filter((path) => nameKey(path).startsWith(nameKey(beginning)));
}
