import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError } from "@holdfast/core/errors";
import type { NodeJson } from "@holdfast/protocol/values";
import { lookUp, lookUpFolder, placeFor } from "../remote/look-up.ts";
import { usage } from "./command.ts";
import type { Run } from "./command.ts";

type Place = Awaited<ReturnType<typeof placeFor>>;

/** Does `act` to each path but the last, which says where to. */
export async function moveOrCopy(
  run: Run,
  paths: readonly string[],
  act: (client: ApiClient, node: NodeJson, place: Place) => Promise<NodeJson>,
): Promise<void> {
  const sources = paths.slice(0, -1);
  const destination = paths.at(-1);
  if (destination === undefined || sources.length === 0) throw usage("Name at least one source and a destination.");
  const { client } = await run.connect();
  if (sources.length > 1) await lookUpFolder(client, destination);
  const items: NodeJson[] = [];
  for (const source of sources) {
    const node = await lookUp(client, source);
    const place = await placeFor(client, destination, node.name);
    items.push(await withPath(place.path, act(client, node, place)));
  }
  await run.output.result({ items, next_cursor: null }, () => []);
}

async function withPath(path: string, acting: Promise<NodeJson>): Promise<NodeJson> {
  try {
    return await acting;
  } catch (thrown) {
    if (!(thrown instanceof HoldfastError) || thrown.code !== "exists") throw thrown;
    const message = `${path} exists on the server already. Remove it first or choose another name.`;
    throw new HoldfastError("exists", message, { cause: thrown, body: thrown.body });
  }
}
