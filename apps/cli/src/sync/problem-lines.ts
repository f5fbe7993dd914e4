import type { Problem } from "../output/output.ts";
import { count, formatNumber } from "../output/text.ts";

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
  /** By kind: how many the last line spoke of. */
  #counts = new Map<string, number>();

  /** @returns those of which no line has spoken that still holds */
  untold(problems: readonly Problem[]): Problem[] {
    return problems.filter((problem) => !this.#told.has(problemKey(problem)));
  }

  /** @returns what is to be told; of many of a kind one without a path */
  after(problems: readonly Problem[]): Problem[] {
    const fresh: Problem[] = [];
    const told = new Set<string>();
    const counts = new Map<string, number>();
    for (const [sized, alike] of byKind(problems)) {
      const kind = withoutSizes(sized);
      for (const problem of alike) told.add(problemKey(problem));
      const wasTold = alike.some((problem) => this.#told.has(problemKey(problem)));
      if (!isOneLine(alike)) {
        fresh.push(...alike.filter((problem) => !this.#told.has(problemKey(problem))));
        continue;
      }
      const before = this.#counts.get(kind) ?? 0;
      const isNews = before === 0 || alike.length >= before * growth;
      counts.set(kind, isNews ? alike.length : before);
      if (isNews) fresh.push({ path: "", code: alike[0].code, message: lineOfMany(alike, listedByStatus, wasTold) });
    }
    this.#told = told;
    this.#counts = counts;
    return fresh;
  }
}

/** Equal for one problem at two moments. */
export function problemKey(problem: Problem): string {
  return withoutSizes(problemLine(problem));
}

/** How much is free on a disk changes all the time, and is no news of a problem. */
function withoutSizes(text: string): string {
  return text.replaceAll(/\d[\d.,]* (?:bytes|[KMGTP]iB|B)\b/g, "");
}

const listedByStatus = "; 'holdfast status --all' lists them";

/** All of them, at the end of a run. @param where the others of many are listed */
export function groupedProblems(problems: readonly Problem[], where = listedByStatus): Problem[] {
  return [...byKind(problems)].flatMap(([, alike]) =>
    !isOneLine(alike) ? alike : [{ path: "", code: alike[0].code, message: lineOfMany(alike, where) }],
  );
}

/** So many sentences of one code that several files share are each a kind of their own. */
const sentencesMax = 8;

/** Those of one kind together, in the order of their first. What is about all of the folder stands alone. */
export function problemKinds(problems: readonly Problem[]): [Problem, ...Problem[]][] {
  return [...byKind(problems).values()];
}

/**
 * By the sentence where several share it, so that no cause hides behind another one of the same code; and by the code where each has its own, as
 * where it names the file. What is about all of the folder is no kind of a file's problem.
 */
function byKind(problems: readonly Problem[]): Map<string, [Problem, ...Problem[]]> {
  const shared = sharedSentences(problems);
  const kinds = new Map<string, [Problem, ...Problem[]]>();
  for (const problem of problems) {
    const { path, code, message } = problem;
    const sentence = `${code}: ${message}`;
    const ofFile = shared.has(sentence) ? sentence : code;
    const kind = path === "" ? `${code} of all: ${message}` : ofFile;
    const alike = kinds.get(kind);
    if (alike === undefined) kinds.set(kind, [problem]);
    else alike.push(problem);
  }
  return kinds;
}

function sharedSentences(problems: readonly Problem[]): ReadonlySet<string> {
  const seen = new Set<string>();
  const shared = new Set<string>();
  const counts = new Map<string, number>();
  for (const { path, code, message } of problems) {
    if (path === "") continue;
    const sentence = `${code}: ${message}`;
    const ofCode = counts.get(code) ?? 0;
    if (seen.has(sentence) && !shared.has(sentence) && ofCode < sentencesMax) {
      shared.add(sentence);
      counts.set(code, ofCode + 1);
    }
    seen.add(sentence);
  }
  return shared;
}

export function problemLine({ path, message }: Problem): string {
  return path === "" ? message : `${path}: ${message}`;
}

/** A paragraph stands once for several files, however few. */
function isOneLine(alike: readonly [Problem, ...Problem[]]): boolean {
  return alike.length > eachMax || (alike.length > 1 && isSharedParagraph(alike));
}

function isSharedParagraph(alike: readonly [Problem, ...Problem[]]): boolean {
  const [{ message }] = alike;
  return message.length > sentenceCharactersMax && alike.every((each) => each.message === message);
}

const sentenceCharactersMax = 200;

/** @param wasTold a line has had the whole paragraph: its first sentence is enough */
function lineOfMany(alike: readonly [Problem, ...Problem[]], where = listedByStatus, wasTold = false): string {
  const [{ message }] = alike;
  const [first = message] = message.split(/(?<=\.) /);
  const named = alike.slice(0, eachMax).map(({ path }) => path);
  const rest = alike.length - named.length;
  const more = rest === 0 ? "" : ` and ${formatNumber(rest)} more${where}`;
  return `${count(alike.length, "file")}: ${wasTold && isSharedParagraph(alike) ? first : message} (${named.join(", ")}${more})`;
}
