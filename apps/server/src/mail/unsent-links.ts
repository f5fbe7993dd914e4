import type { MailId } from "@holdfast/core/ids";
import { limits } from "@holdfast/core/limits";
import type { MailWorld } from "./mail-world.ts";
import { openLink } from "./sealed-link.ts";

export interface UnsentLink {
  readonly id: MailId;
  readonly to: string;
  readonly template: string;
  /** Below the public address. */
  readonly link: string;
  readonly at: number;
  readonly expiresAt: number;
}

/** What would have been mailed and leads somewhere still, the newest first. */
export async function listUnsentLinks({ shards, clock, secrets }: MailWorld): Promise<UnsentLink[]> {
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
  return rows.slice(0, limits.listItemsMax).map(({ id, address, template, sealed_link: sealed, at, expires_at }) => {
    const link = openLink(secrets.mailKey, id, sealed);
    return { id, to: address, template, link, at, expiresAt: expires_at };
  });
}
