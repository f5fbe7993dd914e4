import type { ApiClient } from "@holdfast/api-client/api-client";
import { hasOpfs } from "../offline/has-opfs.ts";
import type { KeptFiles, KeptView } from "../offline/kept-files.ts";
import type { KeptMark } from "../offline/kept-index.ts";
import type { OpenedKept } from "../offline/open-kept.ts";
import type { News } from "./live.ts";

const nothing: KeptView = { marks: [], files: [], ids: new Set(), isFetching: false, problem: undefined };

export interface KeptDoorParts {
  readonly client: Pick<ApiClient, "call" | "open">;
  /** Account of the session, or the last known one. */
  readonly account: () => string | undefined;
}

/** Access to the offline files. Their code is loaded on first use, to keep it out of the first script. */
export class KeptDoor {
  /** If false, no offline files can be kept, and the screen says so. */
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

  /** Loads the code and opens the files once. @returns undefined if no files can be kept or no account is known */
  async open(): Promise<KeptFiles | undefined> {
    const account = this.#parts.account();
    if (!this.isPossible || account === undefined) return undefined;
    this.#opened ??= this.#load(account);
    return (await this.#opened).files;
  }

  async keep(marks: readonly KeptMark[]): Promise<void> {
    await (await this.open())?.keep(marks);
  }

  /** @param ids undefined: all files */
  async drop(ids?: ReadonlySet<string>): Promise<void> {
    await (await this.open())?.drop(ids);
  }

  /** Updates the offline files from the server, which must be reachable. */
  async sync(): Promise<void> {
    await (await this.open())?.sync();
  }

  hear(news: News): void {
    this.#now?.hear(news);
  }

  /** Closes the files after sign-out. After it resolves, nothing is written. */
  async end(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    this.#now = undefined;
    this.#tell();
    await (await opened?.catch(() => undefined))?.end();
    // The aborted `open` may have finished in the meantime and set `#now`.
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
