import { hash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { readBearer } from "./authentication.ts";
import { addressGroup, type Peer } from "./peer.ts";

export interface CallerKey {
  /** Account or address. */
  readonly key: string;
  readonly isStranger: boolean;
}

/** Names the client of a request before its token is checked: the account of a known one, or the address. */
export class CallerKeys {
  /** By digest of the token, the least recently used first. */
  readonly #accounts = new Map<string, string>();
  readonly #rememberedMax: number;

  constructor(rememberedMax = 50_000) {
    this.#rememberedMax = rememberedMax;
  }

  keyOf(headers: IncomingHttpHeaders, { address }: Pick<Peer, "address">): CallerKey {
    const digest = digestOf(headers);
    const account = digest === undefined ? undefined : this.#accounts.get(digest);
    if (digest === undefined || account === undefined) return { key: addressGroup(address), isStranger: true };
    this.#use(digest, account);
    return { key: account, isStranger: false };
  }

  /** Called after the token was checked. */
  remember(headers: IncomingHttpHeaders, account: string): void {
    const digest = digestOf(headers);
    if (digest !== undefined) this.#use(digest, account);
  }

  /** Called if the token is not valid, or no longer. */
  forget(headers: IncomingHttpHeaders): void {
    const digest = digestOf(headers);
    if (digest !== undefined) this.#accounts.delete(digest);
  }

  #use(digest: string, account: string): void {
    this.#accounts.delete(digest);
    this.#accounts.set(digest, account);
    if (this.#accounts.size <= this.#rememberedMax) return;
    const [oldest] = this.#accounts.keys();
    if (oldest !== undefined) this.#accounts.delete(oldest);
  }
}

/** Bearer tokens only: basic credentials have many spellings, which would push out those of others. */
function digestOf(headers: IncomingHttpHeaders): string | undefined {
  const token = readBearer(headers.authorization);
  return token === undefined ? undefined : hash("sha256", token, "base64");
}
