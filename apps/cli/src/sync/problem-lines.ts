import type { Problem } from "../output/output.ts";
import { count, formatNumber } from "../output/text.ts";

/** Above this number, problems of one kind share one line. */
const eachMax = 3;
/** Factor of growth after which a line is repeated. */
const growth = 10;

/** A problem is reported again only after it has ended. Many files with one problem share one line. */
export class ProblemLines {
  #reported = new Set<string>();
  #counts = new Map<string, number>();

  unreported(problems: readonly Problem[]): Problem[] {
    return problems.filter((problem) => !this.#reported.has(problemKey(problem)));
  }

  /** @returns problems to report; many of one kind become one without a path */
  after(problems: readonly Problem[]): Problem[] {
    const fresh: Problem[] = [];
    const reported = new Set<string>();
    const counts = new Map<string, number>();
    for (const [sized, alike] of byKind(problems)) {
      const kind = withoutSizes(sized);
      for (const problem of alike) reported.add(problemKey(problem));
      const wasReported = alike.some((problem) => this.#reported.has(problemKey(problem)));
      if (!isOneLine(alike)) {
        fresh.push(...alike.filter((problem) => !this.#reported.has(problemKey(problem))));
        continue;
      }
      const before = this.#counts.get(kind) ?? 0;
      const isNews = before === 0 || alike.length >= before * growth;
      counts.set(kind, isNews ? alike.length : before);
      if (isNews)
        fresh.push({ path: "", code: alike[0].code, message: lineOfMany(alike, listedByStatus, wasReported) });
    }
    this.#reported = reported;
    this.#counts = counts;
    return fresh;
  }
}

/** Equal for the same problem at different times. */
export function problemKey(problem: Problem): string {
  return withoutSizes(problemLine(problem));
}

/** Removes sizes, because the free space of a disk changes constantly. */
function withoutSizes(text: string): string {
  return text.replaceAll(/\d[\d.,]* (?:bytes|[KMGTP]iB|B)\b/g, "");
}

const listedByStatus = "; 'holdfast status --all' lists them";

/** @param where reference to the full list */
export function groupedProblems(problems: readonly Problem[], where = listedByStatus): Problem[] {
  return [...byKind(problems)].flatMap(([, alike]) =>
    !isOneLine(alike) ? alike : [{ path: "", code: alike[0].code, message: lineOfMany(alike, where) }],
  );
}

/** Messages of one code that are separate kinds if several files share them. */
const sentencesMax = 8;

/** Kinds are in the order of their first problems. Problems of the whole folder stay separate. */
export function problemKinds(problems: readonly Problem[]): [Problem, ...Problem[]][] {
  return [...byKind(problems).values()];
}

/**
 * Messages that several files share are kinds, so that different causes with one code stay visible. Other messages may
 * contain the file's name, and are grouped by code. Problems of the whole folder are separate.
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

/** A long message that several files share is shown once. */
function isOneLine(alike: readonly [Problem, ...Problem[]]): boolean {
  return alike.length > eachMax || (alike.length > 1 && isSharedParagraph(alike));
}

function isSharedParagraph(alike: readonly [Problem, ...Problem[]]): boolean {
  const [{ message }] = alike;
  return message.length > sentenceCharactersMax && alike.every((each) => each.message === message);
}

const sentenceCharactersMax = 200;

/** @param wasReported the whole message was shown, so its first sentence suffices */
function lineOfMany(alike: readonly [Problem, ...Problem[]], where = listedByStatus, wasReported = false): string {
  const [{ message }] = alike;
  const [first = message] = message.split(/(?<=\.) /);
  const named = alike.slice(0, eachMax).map(({ path }) => path);
  const rest = alike.length - named.length;
  const more = rest === 0 ? "" : ` and ${formatNumber(rest)} more${where}`;
  return `${count(alike.length, "file")}: ${wasReported && isSharedParagraph(alike) ? first : message} (${named.join(", ")}${more})`;
}
