import type { FileItem, FolderItem, Job, JobCounts, Problem, Top } from "./job.ts";

/** One dropped file, or one dropped folder with all that is in it. */
export interface LineSnapshot {
  readonly name: string;
  readonly kind: "file" | "folder";
  readonly counts: JobCounts;
  readonly isCancelled: boolean;
  readonly isActive: boolean;
  readonly problemCount: number;
  readonly clashCount: number;
  /** Problem of the file or folder itself, not of its content. */
  readonly problem: Problem | undefined;
}

const linesMax = 100;

/** Lines in the order of the drop. Of more than a hundred, those that matter most now. */
export function linesOf(job: Job): LineSnapshot[] {
  const active = countPerTop(job.active);
  const problems = countPerTop([...job.problems.values()].map(({ item }) => item));
  const clashes = countPerTop([...job.clashes.values()].map(({ item }) => item));
  const rank = (top: Top): 0 | 1 | 2 | 3 => {
    if (problems.has(top.name) || clashes.has(top.name)) return 0;
    if (active.has(top.name)) return 1;
    return top.ended.signal.aborted || top.counts.filesDone === top.counts.filesTotal ? 3 : 2;
  };
  return firstTops(job.tops, rank).map((top) => ({
    name: top.name,
    kind: top.kind,
    counts: { ...top.counts },
    isCancelled: top.ended.signal.aborted,
    isActive: active.has(top.name),
    problemCount: problems.get(top.name) ?? 0,
    clashCount: clashes.get(top.name) ?? 0,
    problem: job.problems.get(top.name)?.problem,
  }));
}

/** Sorting a hundred thousand lines takes half of the time between two snapshots. */
function firstTops(tops: Job["tops"], rank: (top: Top) => 0 | 1 | 2 | 3): readonly Top[] {
  if (tops.size <= linesMax) return [...tops.values()];
  const ranks: [Top[], Top[], Top[], Top[]] = [[], [], [], []];
  for (const top of tops.values()) {
    const same = ranks[rank(top)];
    if (same.length < linesMax) same.push(top);
  }
  const first = new Set(ranks.flat().slice(0, linesMax));
  return [...tops.values()].filter((top) => first.has(top));
}

function countPerTop(items: Iterable<FileItem | FolderItem>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { path } of items) {
    const end = path.indexOf("/");
    const name = end === -1 ? path : path.slice(0, end);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}
