import type { HashHex, NodeId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { Outgoing } from "./proposal.ts";
import type { SendContext } from "./send-context.ts";

/** Sending fewer bytes costs less than asking. */
const queryBytesMin = 64 * 1024;

/** Returns blocks by space and hash: a block of one space is not available in another. */
export async function findMissingBlocks(
  { server, earlyBlocks }: SendContext,
  outgoing: readonly Pick<Outgoing, "proposal">[],
): Promise<Set<string>> {
  const missing = new Set<string>();
  // Small files do not wait for large ones.
  if (outgoing.some(({ proposal }) => proposal !== undefined && proposal.unsure.length > 1))
    await earlyBlocks?.settled();
  for (const [into, some] of Map.groupBy(outgoing, ({ proposal }) => proposal?.into)) {
    const unsure = new Map<HashHex, number>();
    for (const { proposal } of some)
      for (const { hash, size } of proposal?.unsure ?? [])
        if (earlyBlocks?.has(hash, into) !== true) unsure.set(hash, size);
    const hashes = [...unsure.keys()];
    const sizeBytes = [...unsure.values()].reduce((sum, size) => sum + size, 0);
    for (const hash of sizeBytes < queryBytesMin ? hashes : await queryMissing(server, hashes, into))
      missing.add(blockKeyOf(hash, into));
  }
  return missing;
}

export function blockKeyOf(hash: HashHex, into: NodeId | undefined): string {
  return `${hash} ${into ?? ""}`;
}

async function queryMissing(
  server: SendContext["server"],
  hashes: readonly HashHex[],
  into: NodeId | undefined,
): Promise<HashHex[]> {
  const missing: HashHex[] = [];
  for (let start = 0; start < hashes.length; start += limits.queryHashesMax) {
    missing.push(...(await server.missingBlocks(hashes.slice(start, start + limits.queryHashesMax), into)));
  }
  return missing;
}
