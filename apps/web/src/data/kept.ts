import type { ApiClient } from "@holdfast/api-client/api-client";
import { hasOpfs } from "../offline/has-opfs.ts";
import type { KeptFiles, KeptView } from "../offline/kept-files.ts";
import type { KeptMark } from "../offline/kept-index.ts";
import type { OpenedKept } from "../offline/open-kept.ts";
import type { News } from "./live.ts";

const nothing: KeptView = { marks: [], files: [], ids: new Set(), isFetching: false, problem: undefined };

export interface KeptDoorParts {
  readonly client: Pick<ApiClient, "call" | "open">;
  /** Whose session it is, or was when this browser last knew. */
  readonly account: () => string | undefined;
}

/** The way to the files that open without the server. What fetches and keeps them is loaded when somebody asks for it: the first list does without. */
export class KeptDoor {
  /** Else nothing is kept, which is said where somebody would. */
  readonly isPossible = hasOpfs();
  readonly #parts: KeptDoorParts;
  readonly #listeners = new Set<() => void>();
  #opened: Promise<OpenedKept> | undefined;
  #now: OpenedKept | undefined;

  constructor(parts: KeptDoorParts) {
    this.#parts = parts;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly getSnapshot = (): KeptView => this.#now?.files.view ?? nothing;

  /** Once more is nothing. @returns undefined where nothing can be kept, or nobody is known */
  async open(): Promise<KeptFiles | undefined> {
    const account = this.#parts.account();
    if (!this.isPossible || account === undefined) return undefined;
    this.#opened ??= this.#load(account);
    return (await this.#opened).files;
  }

  async keep(marks: readonly KeptMark[]): Promise<void> {
    await (await this.open())?.keep(marks);
  }

  /** @param ids undefined for all */
  async drop(ids?: ReadonlySet<string>): Promise<void> {
    await (await this.open())?.drop(ids);
  }

  /** The server can be asked: what is here is made what it has. */
  async sync(): Promise<void> {
    await (await this.open())?.sync();
  }

  hear(news: News): void {
    this.#now?.hear(news);
  }

  /** Of an account that is signed out. Nothing is written after it has resolved. */
  async end(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    this.#now = undefined;
    this.#tell();
    await (await opened?.catch(() => undefined))?.end();
    // What was being opened then may have come meanwhile.
    if (this.#opened !== undefined) return;
    this.#now = undefined;
    this.#tell();
  }

  async #load(account: string): Promise<OpenedKept> {
    const { openKept } = await import("../offline/open-kept.ts");
    const opened = await openKept(this.#parts.client, account, () => this.#tell());
    this.#now = opened;
    this.#tell();
    return opened;
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
