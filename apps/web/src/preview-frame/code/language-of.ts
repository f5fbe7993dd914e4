import { type LanguageName, languages } from "./languages.ts";

interface LanguageFacts {
  readonly endings: string;
  readonly names?: string;
  readonly programs?: RegExp;
}

const all = Object.entries(languages) as unknown as readonly (readonly [LanguageName, LanguageFacts])[];
const byEnding = mapOf(({ endings }) => endings);
const byName = mapOf(({ names }) => names ?? "");

const beginCharacters = 1000;

/** Detects the language by name, otherwise by content. @returns undefined for plain text */
export function languageOf(name: string, text: string): LanguageName | undefined {
  const small = name.toLowerCase();
  return byName.get(small) ?? byEnding.get(endingOf(small)) ?? (isProse(small) ? undefined : byContent(text));
}

/** Word after a Markdown fence: a language or a file ending. */
export function languageCalled(word: string): LanguageName | undefined {
  const small = word.toLowerCase();
  return Object.hasOwn(languages, small) ? (small as LanguageName) : (byEnding.get(small) ?? aliases.get(small));
}

const aliases = new Map<string, LanguageName>([
  ["console", "shell"],
  ["shellscript", "shell"],
  ["c++", "cpp"],
  ["c#", "csharp"],
  ["docker", "dockerfile"],
  ["golang", "go"],
  ["latex", "tex"],
  ["postgresql", "sql"],
]);

function endingOf(name: string): string {
  return name.includes(".") ? name.slice(name.lastIndexOf(".") + 1) : "";
}

function isProse(name: string): boolean {
  return /\.(txt|text|log|csv|tsv)$/.test(name);
}

function byContent(text: string): LanguageName | undefined {
  const begin = text.slice(0, beginCharacters).replace(/^\uFEFF/, "");
  const program = /^#![^\n]*?([^/\s]+)[ \t]*(?:-[^\n]*)?$/m.exec(begin.split("\n", 1)[0] ?? "")?.[1];
  if (program !== undefined) return all.find(([, { programs }]) => programs?.test(program) === true)?.[0];
  if (/^\s*<(!doctype\s+html|html)\b/i.test(begin)) return "html";
  if (/^\s*<(\?xml|svg|rss|!DOCTYPE)\b/i.test(begin)) return "xml";
  if (/^\s*(\{\s*("|\})|\[\s*([[{"\d-]|true|false|null|\]))/.test(begin)) return "json";
  if (/^<\?php\b/.test(begin)) return "php";
  if (/^(diff --git |--- [^\n]+\n\+\+\+ )/m.test(begin)) return "diff";
  return undefined;
}

function mapOf(wordsOf: (facts: LanguageFacts) => string): ReadonlyMap<string, LanguageName> {
  return new Map(
    all.flatMap(([language, facts]) =>
      wordsOf(facts)
        .split(" ")
        .filter((word) => word !== "")
        .map((word) => [word, language] as const),
    ),
  );
}
