import { runs } from "./command.ts";
import type { CommandMaker } from "./command.ts";
import { Command, type OptionValues } from "commander";

/** Short, because a person waits for the completion. */
const patienceMs = 2000;
const shownMax = 1000;

/**
 * Prints one candidate per line: paths on the server or in its trash, devices, or synced folders. Errors are not
 * reported.
 */
export const completePathCommand: CommandMaker = (context) => {
  const command = new Command("__complete")
    .argument("[beginning]")
    .option("--trash")
    .option("--devices")
    .option("--syncs")
    .option("--quiet")
    .helpOption(false);
  return runs<[string | undefined]>(context, command, async (run, beginning = "", options) => {
    // Ends pending requests, which would otherwise continue for a minute.
    const timer = setTimeout(() => process.exit(0), patienceMs);
    try {
      const paths = await listOf(options)(run, beginning);
      await run.output.result(paths, () => paths);
    } catch {
      // Without a login or a matching folder there are no candidates.
    } finally {
      clearTimeout(timer);
    }
  });
};

type List = (run: Run, beginning: string) => Promise<string[]>;

function listOf({ trash, devices, syncs }: OptionValues): List {
  if (trash === true) return trashedFrom;
  if (devices === true) return devicesFrom;
  return syncs === true ? syncsFrom : pathsFrom;
}

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

async function trashedFrom(run: Run, beginning: string): Promise<string[]> {
  const { nameKey } = await import("@holdfast/core/names");
  const { client } = await run.connect();
  const { items } = await client.call("listTrash", { query: { limit: shownMax } });
  const paths = new Set(items.map(({ path }) => path));
  return [...paths].filter((path) => nameKey(path).startsWith(nameKey(beginning)));
}

async function devicesFrom(run: Run, beginning: string): Promise<string[]> {
  const { client } = await run.connect();
  const { items } = await client.call("listDevices");
  const names = items.map(({ name }) => name);
  const isOnly = (name: string): boolean => names.indexOf(name) === names.lastIndexOf(name);
  const shared = items.filter(({ name }) => name.startsWith(beginning) && !isOnly(name));
  const ids = beginning === "" ? [] : items.filter(({ id }) => id.startsWith(beginning));
  const named = names.filter((name) => name.startsWith(beginning) && isOnly(name));
  return [...named, ...new Set([...shared, ...ids].map(({ id }) => id))];
}

async function syncsFrom(run: Run, beginning: string): Promise<string[]> {
  const [{ thisConfigFolder }, { readKnownSyncs }, { homedir }] = await Promise.all([
    import("../config/connection.ts"),
    import("../sync/known-syncs.ts"),
    import("node:os"),
  ]);
  const roots = (await readKnownSyncs(thisConfigFolder(run.context.environment))).map(({ record }) => record.root);
  const home = `${homedir()}/`;
  const typed = (root: string): string =>
    beginning.startsWith("~/") && root.startsWith(home) ? `~/${root.slice(home.length)}` : root;
  return roots.map(typed).filter((root) => root.startsWith(beginning));
}
