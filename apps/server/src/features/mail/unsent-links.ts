import type { MailId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import { findUserByEmail } from "../accounts/context/directory.ts";
import { type By, isByToken, neededSignedIn } from "../accounts/callers/signed-in-only.ts";
import type { Shards } from "../../base/db/shards.ts";
import type { MailWorld } from "./mail-world.ts";
import { openLink } from "./sealed-link.ts";

export interface UnsentLink {
  readonly id: MailId;
  readonly to: string;
  readonly template: string;
  /** Path below the public URL. */
  readonly link: string;
  readonly at: number;
  readonly expiresAt: number;
}

/**
 * Lists unexpired links that were not mailed, newest first. Rejects tokens, whose thief could set passwords, even an
 * administrator's, or claim addresses with shares.
 * @throws HoldfastError forbidden
 */
export async function listUnsentLinks({ shards, clock, secrets }: MailWorld, by: By): Promise<UnsentLink[]> {
  if (isByToken(by)) throw neededSignedIn("cannot list links that were not e-mailed");
  const pages = await Promise.all(
    shards
      .all()
      .map(({ db }) =>
        db
          .selectFrom("shard.unsent_links")
          .selectAll()
          .where("expires_at", ">", clock.nowMicros())
          .orderBy("id", "desc")
          .limit(limits.listItemsMax)
          .execute(),
      ),
  );
  const rows = pages.flat().toSorted((left, right) => (left.id < right.id ? 1 : -1));
  const held = await addressesHeld(
    shards,
    rows.flatMap(({ template, address }) => (template === "invitation" ? [address] : [])),
  );
  // An invitation is useless once the address has an account.
  const open = rows.filter(({ template, address }) => template !== "invitation" || !held.has(address));
  return open.slice(0, limits.listItemsMax).map(({ id, address, template, sealed_link: sealed, at, expires_at }) => {
    const link = openLink(secrets.mailKey, id, sealed);
    return { id, to: address, template, link, at, expiresAt: expires_at };
  });
}

const addressesAtOnce = 20;

async function addressesHeld(shards: Shards, addresses: readonly string[]): Promise<ReadonlySet<string>> {
  const held = new Set<string>();
  const asked = [...new Set(addresses)];
  for (let start = 0; start < asked.length; start += addressesAtOnce) {
    const some = asked.slice(start, start + addressesAtOnce);
    const users = await Promise.all(some.map((address) => findUserByEmail(shards, address)));
    for (const [index, address] of some.entries()) if (users[index] !== undefined) held.add(address);
  }
  return held;
}
