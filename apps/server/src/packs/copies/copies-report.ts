import type { CopiesJson, CopyJson } from "@holdfast/protocol/admin-routes";
import { twoOf } from "@holdfast/object-store/two-stores";
import type { BlockCell } from "../cells/block-cell.ts";
import { readFact, writeFact } from "../facts/cell-facts.ts";
import { shownAddress } from "../../base/config/shown-address.ts";
import { readLag } from "./debts.ts";
import { readKnownCopies } from "./known-copies.ts";

export interface PlacedCell {
  readonly cell: BlockCell;
  readonly places: readonly string[];
}

export type Verification = CopiesJson["verification"];

/** Reads the state of all cells' stores and the result of the last verification. */
export async function readCopies(cells: readonly PlacedCell[]): Promise<CopiesJson> {
  const copies = await Promise.all(cells.map(readCell));
  const verifications = await Promise.all(cells.map(({ cell }) => readVerification(cell)));
  return { copies: copies.flat(), verification: joinVerifications(verifications) };
}

async function readCell({ cell, places }: PlacedCell): Promise<CopyJson[]> {
  const copies = twoOf(cell.store);
  if (copies === undefined) return places.map((place) => copyJson(place, { state: "ok", objects: 0, bytes: 0 }));
  const [lag, known] = await Promise.all([readLag(cell.db), readKnownCopies(cell.db)]);
  await Promise.all(copies.map((copy) => copy.look()));
  return copies.map(({ name, isAway }) => {
    const { objects, bytes } = lag.get(name) ?? { objects: 0, bytes: 0 };
    const isBehind = objects > 0 || (known.get(name) ?? null) === null;
    const found = isBehind ? "behind" : "ok";
    return copyJson(name, { state: isAway ? "away" : found, objects, bytes });
  });
}

export function copyJson(
  place: string,
  { state, objects, bytes }: { readonly state: CopyJson["state"]; readonly objects: number; readonly bytes: number },
): CopyJson {
  return { store: shownAddress(place), state, lag_objects: objects, lag_bytes: bytes };
}

export async function writeVerification({ db }: BlockCell, verification: Verification): Promise<void> {
  await writeFact(db, factName, verification);
}

export async function readVerification({ db }: BlockCell): Promise<Verification> {
  return ((await readFact(db, factName)) as Verification | undefined) ?? neverVerified;
}

const factName = "copies_verified";
const neverVerified: Verification = { state: "never", started_at: null, finished_at: null, objects: 0, copies: [] };

function joinVerifications(all: readonly Verification[]): Verification {
  const states = new Set(all.map(({ state }) => state));
  const state = (["running", "failed", "never"] as const).find((each) => states.has(each)) ?? "done";
  const times = (pick: (each: Verification) => string | null) => all.flatMap((each) => pick(each) ?? []).toSorted();
  return {
    state,
    started_at: times(({ started_at }) => started_at)[0] ?? null,
    finished_at: state === "running" ? null : (times(({ finished_at }) => finished_at).at(-1) ?? null),
    objects: all.reduce((sum, { objects }) => sum + objects, 0),
    copies: all.flatMap(({ copies }) => copies),
  };
}
