import { IgnorePatterns } from "./ignore-patterns.ts";

/** Patterns of one run, in ignore file syntax. */
export class Patterns {
  readonly #all: IgnorePatterns;
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

  get unused(): string[] {
    return [...this.#unused.keys()];
  }
}
