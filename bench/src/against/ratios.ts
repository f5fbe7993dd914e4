import type { Cost, Row } from "../report.ts";

export type Side = "old" | "new";

/** One figure of a row: the elapsed time, the CPU time of a process group, or the peak memory of a process. */
export interface Line {
  readonly work: string;
  readonly figure: string;
  readonly unit: "s" | "MB";
  readonly pairs: number;
  readonly old: number;
  readonly new: number;
  readonly ratio: { readonly median: number; readonly least: number; readonly most: number };
  readonly verdict: Verdict;
}

/**
 * - empty: no difference is clear, or the figure is not judged, as all but the CPU time
 * - `slower`: the median of the ratios is above 1.05, and all ratios are above 1
 * - `unclear`: the median is above 1.05, but in some pair the new code was not slower
 * - `faster`: the median is below 1 / 1.05, and all ratios are below 1
 */
export type Verdict = "slower" | "unclear" | "faster" | "";

const allowedRatio = 1.05;
/** Figures below are not judged: a resting server and its database use about 0.02 s per second, and a tick of the clock is 10 ms. */
const judgedSeconds = 0.5;
const tickSeconds = 0.01;

/** Alternates the order, so that a drift of the machine is not attributed to one side. @param pair number from 0 */
export function turnsOf(pair: number): readonly [Side, Side] {
  return pair % 2 === 0 ? ["old", "new"] : ["new", "old"];
}

/** Compares rows with a cost that both sides have in each pair. @param measured rows of each pair */
export function linesOf(measured: readonly Readonly<Record<Side, readonly Row[]>>[]): Line[] {
  const works = measured[0]?.old.filter(({ cost }) => cost !== undefined).map(({ work }) => work) ?? [];
  return works.flatMap((work) => {
    const costs = measured.flatMap((rows) => {
      const [before, after] = [costIn(rows.old, work), costIn(rows.new, work)];
      return before === undefined || after === undefined ? [] : [{ old: before, new: after }];
    });
    return costs.length === measured.length ? linesOfWork(work, costs) : [];
  });
}

function costIn(rows: readonly Row[], work: string): Cost | undefined {
  return rows.find((row) => row.work === work)?.cost;
}

interface Figure {
  readonly name: string;
  readonly unit: Line["unit"];
  readonly isJudged: boolean;
  readonly of: (cost: Cost) => number;
}

function linesOfWork(work: string, costs: readonly Readonly<Record<Side, Cost>>[]): Line[] {
  return figuresOf(costs[0]?.old).map(({ name, unit, isJudged, of }) => {
    const { ratio, ...medians } = compare(costs.map((cost) => ({ old: of(cost.old), new: of(cost.new) })));
    const isLarge = Math.max(medians.old, medians.new) >= judgedSeconds;
    const verdict = isJudged && isLarge ? verdictOn(ratio) : "";
    return { work, figure: name, unit, pairs: costs.length, old: medians.old, new: medians.new, ratio, verdict };
  });
}

function figuresOf(cost: Cost | undefined): Figure[] {
  const groups = Object.keys(cost?.cpu ?? {});
  const peaks = Object.keys(cost?.peakMb ?? {});
  return [
    { name: "elapsed", unit: "s", isJudged: false, of: ({ seconds }) => seconds },
    ...groups.map((name): Figure => ({
      name: `CPU ${name}`,
      unit: "s",
      isJudged: true,
      of: ({ cpu }) => cpu[name] ?? 0,
    })),
    { name: "CPU, all", unit: "s", isJudged: true, of: ({ cpu }) => sum(Object.values(cpu)) },
    ...peaks.map((name): Figure => ({
      name: `peak ${name}`,
      unit: "MB",
      isJudged: false,
      of: ({ peakMb }) => peakMb?.[name] ?? 0,
    })),
  ];
}

export function compare(pairs: readonly Readonly<Record<Side, number>>[]): Pick<Line, "old" | "new" | "ratio"> {
  const ratios = pairs.map((pair) => Math.max(pair.new, tickSeconds) / Math.max(pair.old, tickSeconds));
  return {
    old: median(pairs.map((pair) => pair.old)),
    new: median(pairs.map((pair) => pair.new)),
    ratio: { median: median(ratios), least: Math.min(...ratios), most: Math.max(...ratios) },
  };
}

export function verdictOn(ratio: Line["ratio"]): Verdict {
  if (ratio.median > allowedRatio) return ratio.least > 1 ? "slower" : "unclear";
  return ratio.median < 1 / allowedRatio && ratio.most < 1 ? "faster" : "";
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const middle = sorted.slice(Math.ceil(sorted.length / 2) - 1, Math.floor(sorted.length / 2) + 1);
  return sum(middle) / middle.length;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
