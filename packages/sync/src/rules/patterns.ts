import { IgnorePatterns } from "./ignore-patterns.ts";

/** Patterns that are given for one run, in the language of the ignore file. */
export class Patterns {
  readonly #all: IgnorePatterns;
  /** Each by itself, until something is found that it names. */
  readonly #unused: Map<string, IgnorePatterns>;

  constructor(texts: readonly string[]) {
    const each = texts.map((text) => text.normalize("NFC"));
    this.#all = new IgnorePatterns(each);
    this.#unused = new Map(
      each.filter((text) => !text.startsWith("!")).map((text) => [text, new IgnorePatterns([text])]),
    );
  }

  /** @param path relative to the folder that is transferred, `/` between names */
  names(path: string, isFolder: boolean): boolean {
    const normal = path.normalize("NFC");
    for (const [text, one] of this.#unused) if (one.ignores(normal, isFolder) === true) this.#unused.delete(text);
    return this.#all.ignores(normal, isFolder) === true;
  }

  /** Those that named nothing that was asked about. */
  get unused(): string[] {
    return [...this.#unused.keys()];
  }
}
