import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The specification, the engine's documentation and the proofs. A test's short name may be explained in another of them. */
const pages = ["docs/sync.md", "packages/sync/engine.md", "packages/simulator/findings.md"];
const plantedBugs = "packages/simulator/src/planted-bugs/*-bugs.ts";

interface Names {
  /** Path from the repository's root -> names of its tests and their stories. */
  readonly tests: ReadonlyMap<string, readonly string[]>;
  readonly bugs: readonly string[];
}

/**
 * Finds missing names in a text:
 * - test files, by path or its end
 * - quoted tests after the file or its short name (`_world_: "…"`, `_world_ ("…", "…")`), complete or the start of a
 *   part with ` …`
 * - planted bugs (`bug "…"`)
 * @returns one line each
 */
export function missingNames(text: string, { tests, bugs }: Names): string[] {
  const filesOf = (end: string): string[] =>
    [...tests.keys()].filter((path) => path === end || path.endsWith(`/${end}`));
  const shortNames = new Map<string, string[]>();
  for (const [, name = "", files = ""] of text.matchAll(
    /_(\w+)_\s+(?:is\s+)?\(?((?:`[^`]+\.test\.ts`(?:,\s+|\s+and\s+)?)+)/g,
  )) {
    shortNames.set(
      name,
      [...files.matchAll(/`([^`]+)`/g)].flatMap(([, file = ""]) => filesOf(file)),
    );
  }
  const named = [...text.matchAll(/`([^`\s]*\.test\.ts)`/g)].map(([, file = ""]) => file);
  const quoting = /(?:`([^`\s]*\.test\.ts)`|_(\w+)_)(?::|\s+\()\s*((?:"[^"]+"(?:,\s+|\s+and\s+)?)+)/gi;
  return [
    ...[...new Set(named)].filter((file) => filesOf(file).length === 0).map((file) => `there is no ${file}`),
    ...[...text.matchAll(quoting)].flatMap(([, file, shortName = "", quotes = ""]) => {
      const files = file === undefined ? (shortNames.get(shortName.toLowerCase()) ?? []) : filesOf(file);
      const there = files.flatMap((each) => tests.get(each) ?? []);
      return quoted(quotes).flatMap((name) =>
        there.some((each) => isMeant(name, each))
          ? []
          : `there is no test "${name}" in ${files.join(" or ") || shortName}`,
      );
    }),
    ...[...text.matchAll(/\bbugs?\s+((?:"[^"]+"(?:,\s+|\s+and\s+)?)+)/gi)].flatMap(([, quotes = ""]) =>
      quoted(quotes).flatMap((name) => (name === "…" || bugs.includes(name) ? [] : `no bug "${name}" can be planted`)),
    ),
  ];
}

function quoted(text: string): string[] {
  return [...text.matchAll(/"([^"]+)"/g)].map(([, name = ""]) => name.replaceAll(/\s+/g, " "));
}

function isMeant(name: string, test: string): boolean {
  return test.includes(name.replace(/ ?…$/, ""));
}

function readNames(root: string): Names {
  const patterns = ["{apps,examples,packages}/*/{src,build}/**/*.test.ts", "{bench,tools}/src/**/*.test.ts"];
  const titles = /\b(?:(?:test|longTest)(?:\.\w+)?\(|what:|title:)\s*(?:"((?:[^"\\]|\\.)+)"|`([^`]+)`)/g;
  const tests = globSync(patterns, { cwd: root }).map((path) => {
    const source = readFileSync(join(root, path), "utf8");
    return [path, [...source.matchAll(titles)].map(([, plain, template]) => plain ?? template ?? "")] as const;
  });
  const bugs = globSync(plantedBugs, { cwd: root }).flatMap((path) =>
    Array.from(readFileSync(join(root, path), "utf8").matchAll(/^ {2}"([^"]+)": \[$/gm), ([, name = ""]) => name),
  );
  return { tests: new Map(tests), bugs };
}

if (import.meta.main) {
  const text = pages.map((page) => readFileSync(page, "utf8")).join("\n");
  const missing = missingNames(text, readNames("."));
  for (const line of missing) console.log(`${pages.join(", ")}: ${line}`);
  if (missing.length > 0) process.exitCode = 1;
}
