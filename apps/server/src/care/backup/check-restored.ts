import { sql } from "kysely";
import { checkStoredPack, type CheckedPack, type CheckPorts } from "../../packs/repair/check-stored-pack.ts";
import { findFilesTouching } from "../../packs/index/files-touching.ts";
import { packKey } from "../../packs/format/pack-format.ts";
import type { HashHex } from "@holdfast/core/ids";
import type { Shards } from "../../base/db/shards.ts";
import { forEachBounded } from "@holdfast/core/task-group";
import { type StepProgress, totalOf } from "./step-progress.ts";

export interface CheckReport {
  /** Includes the trash. */
  readonly files: number;
  readonly bytes: number;
  readonly packs: number;
  readonly problems: readonly string[];
}

export interface CheckRequest {
  /** Only some of the packs exist. */
  readonly isSample: boolean;
  /** True: problems name affected files, for people who can read the whole restored server anyway. */
  readonly namesFiles: boolean;
}

/** Compares every block of the restored packs with its hash. */
export async function checkRestored(
  ports: CheckPorts & { readonly shards: Shards; readonly progress?: StepProgress | undefined },
  { isSample, namesFiles }: CheckRequest,
): Promise<CheckReport> {
  const { cell, shards, progress } = ports;
  const lost = new Map<HashHex, string>();
  let packs = 0;
  const check = async (pack: CheckedPack): Promise<void> => {
    if (isSample && (await cell.store.stat(packKey(pack.id))) === undefined) return;
    const found = await checkStoredPack(ports, pack);
    if (found === undefined) return;
    packs += 1;
    for (const [index, { hex }] of found.rows.entries()) {
      const fault = found.faults[index];
      if (fault !== undefined) lost.set(hex, `a block of pack ${pack.id} is lost: ${fault}`);
    }
  };
  const stored = await allPacks(ports);
  progress?.begin("checking the restored packs", totalOf(stored));
  await forEachBounded(stored, atOnceMax, async (pack) => {
    await check(pack);
    progress?.done(pack.size);
  });
  progress?.begin("counting files");
  const touched = await findFilesTouching(shards, cell.db, [...lost.keys()]);
  const problems = [...lost].flatMap(([hash, what]) => {
    const files = touched.get(hash) ?? [];
    if (namesFiles) return files.map(({ owner, path, version }) => `${owner}: ${path} (version ${version}): ${what}`);
    const versions = files.length === 1 ? "one file version uses it" : `${files.length} file versions use it`;
    return files.length === 0 ? [] : [`${what} (${versions})`];
  });
  return { ...(await countFiles(shards)), packs, problems };
}

const atOnceMax = 4;

async function allPacks({ cell }: CheckPorts): Promise<(CheckedPack & { readonly size: number })[]> {
  const { rows } = await sql<CheckedPack & { readonly size: number }>`
    select id, epoch, size from cell.packs where state <> 'doomed' order by id`.execute(cell.db);
  return rows;
}

async function countFiles(shards: Shards): Promise<{ files: number; bytes: number }> {
  let [files, bytes] = [0, 0];
  for (const { db } of shards.all()) {
    const { rows } = await sql<{ files: number; bytes: number }>`
      select count(*) as files, coalesce(sum(size), 0)::int8 as bytes from shard.nodes where kind = 'file'`.execute(db);
    files += rows[0]?.files ?? 0;
    bytes += rows[0]?.bytes ?? 0;
  }
  return { files, bytes };
}
