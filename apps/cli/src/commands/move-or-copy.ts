import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError } from "@holdfast/core/errors";
import { joinPath, splitPath } from "@holdfast/core/names";
import type { NodeJson } from "@holdfast/protocol/values";
import { findNode, lookUpAll, lookUpFolder, placeFor } from "../remote/look-up.ts";
import { parseNewPath } from "../remote/remote-path.ts";
import { inTurn } from "./in-turn.ts";
import type { Run } from "../invocation/run.ts";

type Place = Awaited<ReturnType<typeof placeFor>>;

interface Acting {
  readonly act: (client: ApiClient, node: NodeJson, place: Place) => Promise<NodeJson>;
  readonly done: "moved" | "copied";
}

/** Looks up all sources first, so that a missing source or a taken name changes nothing. */
export async function moveOrCopy(
  run: Run,
  sources: readonly string[],
  target: string,
  { act, done }: Acting,
): Promise<void> {
  const destination = parseNewPath(target);
  const { client } = await run.connect();
  const nodes = await lookUpAll(client, sources);
  const own = nodes.find(({ path }) => path === joinPath(splitPath(destination)));
  if (done === "moved" && own !== undefined) {
    const message = `${own.path} is the source itself, so nothing was moved.`;
    // Moving a file onto itself is allowed.
    if (own.kind === "folder") throw new HoldfastError("conflict", message);
    run.output.note(message);
  }
  if (sources.length > 1) await lookUpFolder(client, destination);
  const steps: { node: NodeJson; place: Place }[] = [];
  for (const node of nodes) {
    const place = await placeFor(client, destination, node.name);
    if (done === "copied") assertElsewhere(node, place.path);
    // With one source, the server reports it.
    const isTaken = sources.length > 1 && (await findNode(client, place.path)) !== undefined;
    if (isTaken || steps.some((step) => step.place.path === place.path)) throw taken(place.path);
    steps.push({ node, place });
  }
  const items = await inTurn(
    steps,
    ({ node, place }) => `${node.path} to ${place.path}`,
    ({ node, place }) => withPath(place.path, act(client, node, place)),
  );
  await run.output.result({ items, next_cursor: null }, () => []);
}

/**
 * Rejects copying a folder into itself. The API would copy its earlier state, which nobody expects on a command line.
 * @throws HoldfastError conflict
 */
function assertElsewhere({ kind, path }: NodeJson, target: string): void {
  if (path === target)
    throw new HoldfastError("conflict", `${path} and ${target} are the same, so nothing was copied.`);
  if (kind === "folder" && target.startsWith(path === "/" ? path : `${path}/`))
    throw new HoldfastError(
      "conflict",
      `${path} cannot be copied into itself (${target}). Choose a target outside of it.`,
    );
}

async function withPath(path: string, acting: Promise<NodeJson>): Promise<NodeJson> {
  try {
    return await acting;
  } catch (thrown) {
    if (!(thrown instanceof HoldfastError) || thrown.code !== "exists") throw thrown;
    throw taken(path, thrown);
  }
}

function taken(path: string, cause?: HoldfastError): HoldfastError {
  const message = `${path} already exists on the server. Remove it first or choose another name.`;
  return new HoldfastError("exists", message, cause === undefined ? {} : { cause, body: cause.body });
}
