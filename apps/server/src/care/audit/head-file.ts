import { join } from "node:path";
import type { Random } from "@holdfast/core/clock";
import { HoldfastError } from "@holdfast/core/errors";
import type { Disk } from "@holdfast/disk/disk";
import { isNotFound } from "@holdfast/disk/disk-error";
import { writeFileDurably } from "@holdfast/disk/write-durably";
import { z } from "zod";
import type { Witness } from "./verify-audit.ts";

const fileName = "audit-heads.json";
const shape = z.record(z.string(), z.object({ seq: z.int(), hash: z.string().regex(/^[0-9a-f]{64}$/) }));

/**
 * Outside the database, the ends of the chains reveal deleted newest entries, even if the chain's row was changed to
 * match.
 */
export async function readHeads(disk: Disk, dataFolder: string): Promise<Witness[]> {
  let text: string;
  try {
    text = Buffer.from(await disk.readFile(join(dataFolder, fileName))).toString();
  } catch (error) {
    if (isNotFound(error)) return [];
    throw error;
  }
  return Object.entries(readShape(text)).map(([chain, { seq, hash }]) => ({ chain, seq, hash }));
}

function readShape(text: string): z.output<typeof shape> {
  try {
    return shape.parse(JSON.parse(text));
  } catch (error) {
    const message = `${fileName} in the data folder was changed or damaged. If nobody tampered with it, delete it: the server creates it again.`;
    throw new HoldfastError("damaged", message, { cause: error });
  }
}

export async function writeHeads(
  disk: Disk,
  dataFolder: string,
  heads: readonly Witness[],
  random: Random,
): Promise<void> {
  const ends = Object.fromEntries(heads.map(({ chain, seq, hash }) => [chain, { seq, hash }]));
  const bytes = Buffer.from(`${JSON.stringify(ends)}\n`);
  await writeFileDurably(disk, join(dataFolder, fileName), bytes, { mode: 0o600, random });
}
