import { registerHooks } from "node:module";
import { engineFolder, plantedSource } from "./patch.ts";
import { plantedBugs, type PlantedBug } from "./planted-bugs.ts";

const mark = "planted";
const simulatorFolder = new URL("../", import.meta.url).href;

/**
 * Loads a module of the simulator with a copy of the engine that has a bug. All sources of both are loaded again under
 * URLs that contain the bug's name. Everything else is shared, and the original engine stays available.
 * @param path below packages/simulator/src
 */
export async function plantedIn<Module>(bug: PlantedBug, path: string): Promise<Module> {
  return (await import(marked(new URL(path, simulatorFolder).href, bug))) as Module;
}

function marked(url: string, bug: PlantedBug): string {
  return `${url}?${mark}=${encodeURIComponent(bug)}`;
}

function bugIn(url: string | undefined): PlantedBug | undefined {
  const bug = url?.startsWith("file:") === true ? new URL(url).searchParams.get(mark) : null;
  return bug === null ? undefined : (bug as PlantedBug);
}

registerHooks({
  resolve(specifier, context, nextResolve) {
    const resolved = nextResolve(specifier, context);
    const bug = bugIn(context.parentURL);
    const isCopied = resolved.url.startsWith(engineFolder) || resolved.url.startsWith(simulatorFolder);
    return bug === undefined || !isCopied ? resolved : { ...resolved, url: marked(resolved.url, bug) };
  },
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    const bug = bugIn(url);
    if (bug === undefined || !url.startsWith(engineFolder)) return loaded;
    const [file = ""] = url.slice(engineFolder.length).split("?");
    const source = plantedSource(file, plantedBugs[bug]);
    return source === undefined ? loaded : { ...loaded, source };
  },
});
