import { parseArgs } from "node:util";
import { type PairedRowName, pairedRowNames, type RowName, rowNames } from "./row-names.ts";
import { fullScale, quickScale, type Scale } from "./scales.ts";

export interface Options {
  readonly wants: (name: RowName) => boolean;
  readonly scale: Scale;
  /** Measured programs: `holdfast` and peers. */
  readonly by: ReadonlySet<string>;
  readonly json: string | undefined;
  readonly keep: boolean;
  readonly against: Against | undefined;
}

export interface Against {
  readonly revision: string;
  readonly pairs: number;
  readonly names: readonly PairedRowName[];
  /** Requested rows that cannot be compared. */
  readonly leftOut: readonly RowName[];
}

const pairsUsual = 3;

/** @throws Error with a message for the user */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: "boolean", default: false },
      only: { type: "string" },
      by: { type: "string" },
      million: { type: "boolean", default: false },
      json: { type: "string" },
      keep: { type: "boolean", default: false },
      against: { type: "string" },
      pairs: { type: "string" },
    },
  });
  const { against, pairs } = values;
  if (against === undefined && pairs !== undefined) throw new Error("--pairs needs --against COMMIT.");
  if (against !== undefined && (values.by !== undefined || values.million))
    throw new Error(
      "--against measures only Holdfast and has no rows of a million files: leave out --by and --million.",
    );
  const scale = values.quick ? quickScale : fullScale;
  const wanted = wantedNames(values.only);
  return {
    wants: (name) => wanted.has(name),
    scale: values.million ? { ...scale, sync: { ...scale.sync, manyFiles: 1_000_000, manyTwice: true } } : scale,
    by: new Set(values.by?.split(",") ?? ["holdfast", ...scale.peers]),
    json: values.json,
    keep: values.keep,
    against: against === undefined ? undefined : comparison(against, pairs, wanted),
  };
}

function comparison(revision: string, pairs: string | undefined, wanted: ReadonlySet<RowName>): Against {
  if (pairs !== undefined && !/^[1-9]\d?$/.test(pairs)) throw new Error(`--pairs must be 1 to 99, not ${pairs}.`);
  const names = pairedRowNames.filter((name) => wanted.has(name));
  if (names.length === 0)
    throw new Error(`None of these rows can be compared. --against measures ${pairedRowNames.join(", ")}.`);
  const leftOut = [...wanted.difference(new Set(names))];
  return { revision, pairs: Number(pairs ?? pairsUsual), names, leftOut };
}

/** Names of groups: `kept` is `kept-shrink` and `kept-backup`. */
const families = new Set(["kept", "sync", "share", "web"]);

function wantedNames(only: string | undefined): ReadonlySet<RowName> {
  if (only === undefined) return new Set(rowNames);
  const wanted = only.split(",");
  const known = new Set<string>([...families, ...rowNames]);
  const unknown = wanted.filter((name) => !known.has(name));
  if (unknown.length > 0) throw new Error(`No rows are named ${unknown.join(", ")}; there are ${rowNames.join(", ")}.`);
  const isWanted = (name: RowName) =>
    wanted.some((one) => one === name || (families.has(one) && name.startsWith(`${one}-`)));
  return new Set(rowNames.filter(isWanted));
}
