import type { Clock } from "@holdfast/core/clock";
import type { HashHex } from "@holdfast/core/ids";
import { formatTime } from "@holdfast/core/times";
import type { Shards } from "../../base/db/shards.ts";
import type { BlockCell } from "../cells/block-cell.ts";
import type { BlockLog } from "../facts/block-log.ts";
import { findWholeElsewhere } from "../index/block-rows.ts";
import type { PackCheck } from "./check-stored-pack.ts";
import { findFilesTouching } from "../index/files-touching.ts";
import type { PackId } from "../format/pack-format.ts";
import type { Repair } from "./repair-pack.ts";
import type { CellScrubReport } from "./scrub-report.ts";
import type { MendedCopy } from "./settle-pack.ts";

export interface FindingPorts {
  readonly cell: BlockCell;
  readonly shards: Shards;
  readonly clock: Clock;
  readonly log: BlockLog;
}

type Finding = CellScrubReport["damaged"][number];

/** Blocks with another whole copy are only counted. */
export class ScrubFindings {
  readonly report: CellScrubReport;
  readonly #ports: FindingPorts;
  readonly #earlier: ReadonlyMap<string, string>;

  constructor(ports: FindingPorts, report: CellScrubReport, last: CellScrubReport | undefined) {
    this.report = report;
    this.#ports = ports;
    this.#earlier = new Map(
      (last?.damaged ?? []).flatMap((each) => (each.found_at === undefined ? [] : [[keyOf(each), each.found_at]])),
    );
  }

  /** @param repair result for its header and footer, if they are wrong */
  async addPack(packId: PackId, check: PackCheck, repair: Repair): Promise<void> {
    const { report } = this;
    const { rows, faults, footer } = check;
    for (const copy of check.mended) this.addMended(packId, copy);
    for (const { store, reason } of check.unmended) {
      this.#ports.log.error({ store, pack_id: packId, reason }, "the two stores have different versions of a pack");
    }
    const isRepaired = repair !== "impossible";
    report.blocks += rows.length;
    report.revived += rows.filter(({ damaged }, index) => damaged && faults[index] === undefined).length;
    if (footer !== undefined && repair === "repaired" && report.repaired.length < damagedMax)
      report.repaired.push({ pack_id: packId, reason: footer });
    const bad = rows.flatMap((row, index) => (faults[index] === undefined ? [] : [{ row, reason: faults[index] }]));
    const hashes = (footer !== undefined && !isRepaired ? rows : bad.map(({ row }) => row)).map(({ hex }) => hex);
    const whole = await findWholeElsewhere(this.#ports.cell.db, packId, hashes);
    // No index is needed if all blocks exist elsewhere.
    if (footer !== undefined && !isRepaired && !rows.every(({ hex }) => whole.has(hex))) {
      this.#note({ hash: null, pack_id: packId, reason: footer, files: [] }, null);
    }
    report.healed += bad.filter(({ row }) => whole.has(row.hex)).length;
    await this.#addBlocks(
      packId,
      bad
        .filter(({ row }) => !whole.has(row.hex))
        .map(({ row, reason }) => ({ hash: row.hex, reason, damagedAt: row.damagedAt })),
    );
  }

  addMended(packId: PackId, { store, reason }: MendedCopy): void {
    this.#ports.log.warn({ store, pack_id: packId, reason }, "a pack was copied from one store to the other");
    if (this.report.mended.length < damagedMax) this.report.mended.push({ store, pack_id: packId, reason });
  }

  async addUnknownPack(packId: PackId, faults: readonly { hash: HashHex | null; reason: string }[]): Promise<void> {
    this.report.without_rows += 1;
    for (const { hash, reason } of faults) {
      if (hash === null)
        this.#note({ hash, pack_id: packId, reason: `The pack is not in the index. ${reason}`, files: [] }, null);
    }
    const hashes = faults.flatMap(({ hash }) => (hash === null ? [] : [hash]));
    const whole = await findWholeElsewhere(this.#ports.cell.db, packId, hashes);
    await this.#addBlocks(
      packId,
      faults.flatMap(({ hash, reason }) =>
        hash === null || whole.has(hash) ? [] : [{ hash, reason, damagedAt: null }],
      ),
    );
  }

  async #addBlocks(
    packId: PackId,
    blocks: readonly { hash: HashHex; reason: string; damagedAt: number | null }[],
  ): Promise<void> {
    if (blocks.length === 0) return;
    const hashes = blocks.map(({ hash }) => hash);
    const touched = await findFilesTouching(this.#ports.shards, this.#ports.cell.db, hashes);
    for (const { hash, reason, damagedAt } of blocks) {
      this.#note(
        {
          hash,
          pack_id: packId,
          reason,
          files: (touched.get(hash) ?? []).map(({ node_id, path, owner, version }) => ({
            node_id,
            path,
            owner,
            version,
          })),
        },
        damagedAt,
      );
    }
  }

  #note(finding: Omit<Finding, "found_at">, damagedAt: number | null): void {
    const { log, clock } = this.#ports;
    log.error(finding, "the scrub found damage");
    if (this.report.damaged.length >= damagedMax) return;
    const now = formatTime(clock.nowMicros());
    const found_at = damagedAt === null ? (this.#earlier.get(keyOf(finding)) ?? now) : formatTime(damagedAt);
    this.report.damaged.push({ ...finding, found_at });
  }
}

/** With more damage, administrators restore from a backup. */
const damagedMax = 1000;

function keyOf({ hash, pack_id }: Pick<Finding, "hash" | "pack_id">): string {
  return `${pack_id} ${hash}`;
}
