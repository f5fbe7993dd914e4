import ignore, { type Ignore } from "ignore";

/** Patterns that are given for one run, in the language of the ignore file. */
export class Patterns {
  readonly #all: Ignore;
  /** Each by itself, until something is found that it names. */
  readonly #unused: Map<string, Ignore>;

  constructor(texts: readonly string[]) {
    const each = texts.map((text) => text.normalize("NFC"));
    this.#all = ignore(options).add(each);
    this.#unused = new Map(
      each.filter((text) => !text.startsWith("!")).map((text) => [text, ignore(options).add(text)]),
    );
  }

  /** @param path relative to the folder that is transferred, `/` between names */
  names(path: string, isFolder: boolean): boolean {
    const normal = path.normalize("NFC");
    const asked = isFolder ? `${normal}/` : normal;
    for (const [text, one] of this.#unused) if (one.ignores(asked)) this.#unused.delete(text);
    return this.#all.ignores(asked);
  }

  /** Those that named nothing that was asked about. */
  get unused(): string[] {
    return [...this.#unused.keys()];
  }
}

const options = { ignorecase: false, allowRelativePaths: true };
