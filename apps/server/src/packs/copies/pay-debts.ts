import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import { assertWanted, type Sleep } from "@holdfast/object-store/call-signal";
import type { StoreCopy } from "@holdfast/object-store/store-copy";
import type { BlockCell } from "../cells/block-cell.ts";
import { packIdOfKey } from "../format/pack-format.ts";
import { markPackMissing } from "../index/block-rows.ts";
import { settlePack } from "../repair/settle-pack.ts";
import { keyringKey } from "../keys/wrapped-keys.ts";
import { copyObject } from "./copy-object.ts";
import { dueDebts, type OwedRow, postponeDebt, settleDebt } from "./debts.ts";
import type { Pace } from "./pace.ts";
import type { Clock } from "@holdfast/core/clock";
import type { BlockLog } from "../facts/block-log.ts";
import type { BlockPool } from "../format/block-tasks.ts";

export interface PayPorts extends KeeperPorts {
  readonly cell: BlockCell;
  readonly copies: readonly [StoreCopy, StoreCopy];
  readonly pace: Pace;
  readonly signal: AbortSignal | undefined;
}

/** Pays debts one by one until none is due or a store becomes unavailable. */
export async function payDebts(ports: PayPorts): Promise<void> {
  const { cell, copies, clock, signal, log } = ports;
  const upTo = clock.nowMicros();
  for (;;) {
    const debts = await dueDebts(cell.db, upTo, debtsAtOnce);
    if (debts.length === 0) return;
    for (const debt of debts) {
      assertWanted(signal);
      if (copies.some(({ isAway }) => isAway)) return;
      try {
        await payDebt(ports, debt);
        await settleDebt(cell.db, debt);
      } catch (error) {
        assertWanted(signal);
        const { code, message } = toHoldfastError(error);
        log.warn(
          { store: debt.store, key: debt.key, code, reason: message },
          "a missing object could not be copied to a store; retrying later",
        );
        await postponeDebt(cell.db, debt, clock.nowMicros() + againInMicros);
      }
    }
  }
}

const debtsAtOnce = 50;
const againInMicros = 60_000_000;

async function payDebt(ports: PayPorts, { store, key, deed, sizeBytes }: OwedRow): Promise<void> {
  const { cell, copies, pool, clock, pace, signal, log } = ports;
  const copy = copies.find(({ name }) => name === store);
  // A store that is not in use is compared when it is used again.
  if (copy === undefined) return;
  const options = signal === undefined ? {} : { signal };
  if (deed === "delete") return copy.delete(key, options);
  if (key === keyringKey) return cell.keyring.writeAgain();
  const packId = packIdOfKey(key);
  if (packId === undefined) {
    const other = copies.find((each) => each !== copy);
    const bytes = other && (await copyObject(key, { from: other, to: copy, signal }));
    return pace(2 * (bytes ?? 0), signal);
  }
  const { mended, unmended, withheld, bytes } = await settlePack({ cell, pool, signal }, packId);
  if (bytes === undefined && withheld === undefined) return markPackMissing(cell.db, packId, clock.nowMicros());
  for (const each of mended) log.warn({ ...each, pack_id: packId }, "a pack was copied from one store to the other");
  const [failed] = unmended;
  if (failed !== undefined) throw new HoldfastError("unavailable", failed.reason);
  if (withheld !== undefined) throw new HoldfastError("unavailable", withheld.reason);
  await pace(2 * Math.max(sizeBytes, bytes?.length ?? 0), signal);
}

export interface KeeperPorts {
  readonly pool: BlockPool;
  readonly clock: Clock;
  /** Milliseconds of a monotonic clock. */
  readonly monotonicMs: () => number;
  readonly sleep: Sleep;
  readonly log: BlockLog;
}
