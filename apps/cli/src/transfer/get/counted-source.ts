import type { ApiClient } from "@holdfast/api-client/api-client";
import { fetchRangeInto, newAskPace } from "@holdfast/api-client/fetch-range";
import type { NodeJson } from "@holdfast/protocol/values";
import { type BlockSource, type WantedBlock, writeFrame } from "./block-source.ts";
import { zipSource } from "./zip-source.ts";

/**
 * Counted links serve no blocks. One `get` counts as one download: a file is fetched in consecutive ranges, and a
 * folder as one zip.
 * @param spoolFolder folder for the zip while the source is open
 * @returns undefined if downloads are not counted
 */
export async function countedSource(
  client: ApiClient,
  node: NodeJson,
  spoolFolder: string,
): Promise<BlockSource | undefined> {
  const { downloads_left: left } = await client.call("getCurrentLink");
  if (left === null) return undefined;
  const source = node.kind === "folder" ? zipSource(client, node, spoolFolder) : rangeSource(client);
  return { ...source, hopeless: usedUp };
}

const usedUp: ReadonlySet<string> = new Set(["forbidden"]);

function rangeSource(client: ApiClient): BlockSource {
  const pace = newAskPace();
  return {
    async fetch(wanted, target) {
      let end = 0;
      for (const run of runsOf(wanted)) end += await fetchRun(run, target.subarray(end));
      return end;
    },
    close: async () => {},
  };

  async function fetchRun(run: readonly WantedBlock[], target: Uint8Array): Promise<number> {
    const [first] = run;
    if (first === undefined) return 0;
    const { node, offset } = first;
    const plain = new Uint8Array(run.reduce((sum, { size }) => sum + size, 0));
    const range = { nodeId: node.id, versionId: node.version_id ?? undefined, startByte: offset };
    await fetchRangeInto(client, range, plain, pace);
    let end = 0;
    for (const block of run) {
      const from = block.offset - offset;
      end += writeFrame(block, plain.subarray(from, from + block.size), target.subarray(end));
    }
    return end;
  }
}

function runsOf(wanted: readonly WantedBlock[]): WantedBlock[][] {
  const runs: WantedBlock[][] = [];
  for (const block of wanted) {
    const run = runs.at(-1);
    const last = run?.at(-1);
    if (last?.node === block.node && last.offset + last.size === block.offset) run?.push(block);
    else runs.push([block]);
  }
  return runs;
}
