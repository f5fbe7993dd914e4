import type { ApiClient } from "@holdfast/api-client/api-client";
import { makeListeners } from "../browser/listeners.ts";
import { hasOpfs } from "../offline/has-opfs.ts";
import type { KeptFiles, KeptView } from "../offline/kept-files.ts";
import type { KeptMark } from "../offline/kept-index.ts";
import type { OpenedKept } from "../offline/open-kept.ts";
import type { News } from "./live.ts";

const nothing: KeptView = { marks: [], files: [], ids: new Set(), isFetching: false, problem: undefined };

export interface KeptDoorParts {
  readonly client: Pick<ApiClient, "call" | "open">;
  readonly account: () => string | undefined;
}

/** Offline files, whose code is loaded on first use. */
export class KeptDoor {
  /** If false, the browser cannot store offline files. */
  readonly isPossible = hasOpfs();
  readonly #parts: KeptDoorParts;
  readonly #listeners = makeListeners();
  #opened: Promise<OpenedKept> | undefined;
  #now: OpenedKept | undefined;

  constructor(parts: KeptDoorParts) {
    this.#parts = parts;
  }

  readonly subscribe = this.#listeners.add;

  readonly getSnapshot = (): KeptView => this.#now?.files.view ?? nothing;

  /** @returns undefined if files cannot be stored or no account is known */
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

  /** Requires a reachable server. */
  async sync(): Promise<void> {
    await (await this.open())?.sync();
  }

  hear(news: News): void {
    const opened = this.#now;
    if (opened === undefined) return;
    const isAbout =
      news.kind === "reread" ||
      (news.kind === "changes" && news.changes.some((change) => opened.files.concerns(change)));
    if (isAbout) opened.settle();
  }

  /** After it resolves, nothing is written. */
  async end(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    this.#now = undefined;
    this.#notify();
    await (await opened?.catch(() => undefined))?.end();
    // An `open` in progress may have set `#now`.
    if (this.#opened !== undefined) return;
    this.#now = undefined;
    this.#notify();
  }

  async #load(account: string): Promise<OpenedKept> {
    const { openKept } = await import("../offline/open-kept.ts");
    const opened = await openKept(this.#parts.client, account, () => this.#notify());
    this.#now = opened;
    this.#notify();
    return opened;
  }

  #notify(): void {
    this.#listeners.call();
  }
}
