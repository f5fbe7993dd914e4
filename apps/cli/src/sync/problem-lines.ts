import type { Problem } from "../output/output.ts";

/** So many of one kind are named each; more are one line. */
const eachMax = 3;
/** A line about many is said again once they are so many times as many. */
const growth = 10;

/**
 * What is new of problems, as lines. Each is told once, until it is gone and comes again; a kind that hits many files, as a full disk does, is one
 * line with their number and the first of them.
 */
export class ProblemLines {
  #told = new Set<string>();
  /** By code: how many the last line spoke of. */
  #counts = new Map<string, number>();

  /** @returns what is to be told; of many of a kind one without a path */
  after(problems: readonly Problem[]): Problem[] {
    const fresh: Problem[] = [];
    const told = new Set<string>();
    const counts = new Map<string, number>();
    for (const [code, alike] of byKind(problems)) {
      for (const problem of alike) told.add(problemLine(problem));
      if (alike.length <= eachMax) {
        fresh.push(...alike.filter((problem) => !this.#told.has(problemLine(problem))));
        continue;
      }
      const before = this.#counts.get(code) ?? 0;
      const isNews = before === 0 || alike.length >= before * growth;
      counts.set(code, isNews ? alike.length : before);
      if (isNews) fresh.push({ path: "", code, message: lineOfMany(alike) });
    }
    this.#told = told;
    this.#counts = counts;
    return fresh;
  }
}

/** All of them, at the end of a run. */
export function groupedProblems(problems: readonly Problem[]): Problem[] {
  return [...byKind(problems)].flatMap(([code, alike]) =>
    alike.length <= eachMax ? alike : [{ path: "", code, message: lineOfMany(alike) }],
  );
}

/** Those of one kind together, in the order of their first. What is about all of the folder stands alone. */
export function problemKinds(problems: readonly Problem[]): [Problem, ...Problem[]][] {
  return [...byKind(problems).values()];
}

/** What is about all of the folder is no kind of a file's problem. */
function byKind(problems: readonly Problem[]): Map<string, [Problem, ...Problem[]]> {
  const kinds = new Map<string, [Problem, ...Problem[]]>();
  for (const problem of problems) {
    const kind = problem.path === "" ? `${problem.code} of all: ${problem.message}` : problem.code;
    const alike = kinds.get(kind);
    if (alike === undefined) kinds.set(kind, [problem]);
    else alike.push(problem);
  }
  return kinds;
}

export function problemLine({ path, message }: Problem): string {
  return path === "" ? message : `${path}: ${message}`;
}

function lineOfMany(alike: readonly Problem[]): string {
  const named = alike.slice(0, eachMax).map(({ path }) => path);
  return `${alike.length} files: ${alike[0]?.message ?? ""} (${named.join(", ")} and ${alike.length - named.length} more; 'holdfast status' lists them)`;
}
