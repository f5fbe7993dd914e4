import { IgnorePatterns } from "./ignore-patterns.ts";

/** Patterns for one run, in ignore file syntax. */
export class Patterns {
  readonly #all: IgnorePatterns;
  /** Patterns without a match so far. */
  readonly #unused: Map<string, IgnorePatterns>;

  constructor(texts: readonly string[]) {
    const each = texts.map((text) => text.normalize("NFC"));
    this.#all = new IgnorePatterns(each);
    this.#unused = new Map(
      each.filter((text) => !text.startsWith("!")).map((text) => [text, new IgnorePatterns([text])]),
    );
  }

  /** @param path relative to the transferred folder, with `/` between names */
  names(path: string, isFolder: boolean): boolean {
    const normal = path.normalize("NFC");
    for (const [text, one] of this.#unused) if (one.ignores(normal, isFolder) === true) this.#unused.delete(text);
    return this.#all.ignores(normal, isFolder) === true;
  }

  /** Patterns that matched nothing. */
  get unused(): string[] {
    return [...this.#unused.keys()];
  }
}
