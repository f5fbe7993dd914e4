import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { NodeId } from "@holdfast/core/ids";
import type { ContentKey, SyncedRow } from "../model/trees.ts";
import { pack } from "./packed.ts";
import type { Staged } from "./row-table.ts";

/** Newest contents kept per file. */
const contentsMax = 30;

/** Contents before the agreed one distinguish a restored backup from new work. */
export class PastContents {
  readonly #has: StatementSync;
  readonly #put: StatementSync;
  readonly #removeOldest: StatementSync;

  constructor(database: DatabaseSync) {
    database.exec(`create table if not exists past_contents
      (node any not null, content any not null, number integer not null, primary key (node, content)) strict, without rowid`);
    database.exec("delete from past_contents where not exists (select 1 from synced_rows where key = node)");
    this.#has = database.prepare("select 1 from past_contents where node = ? and content = ?");
    this.#put = database.prepare(`insert into past_contents (node, content, number)
      values (?1, ?2, (select coalesce(max(number), 0) + 1 from past_contents where node = ?1))
      on conflict (node, content) do update set number = excluded.number`);
    this.#removeOldest = database.prepare(`delete from past_contents where node = ?1
      and number <= (select max(number) from past_contents where node = ?1) - ${contentsMax}`);
  }

  has(node: NodeId, content: ContentKey): boolean {
    return this.#has.get(pack(node), pack(content)) !== undefined;
  }

  /** Runs in the caller's transaction. */
  store(past: Iterable<readonly [NodeId, ContentKey]>): void {
    for (const [node, content] of past) {
      this.#put.run(pack(node), pack(content));
      this.#removeOldest.run(pack(node));
    }
  }
}

/** Contents replaced by a newly agreed one. A file with a single version has none. */
export function replacedContents(
  before: ReadonlyMap<NodeId, SyncedRow>,
  after: Pick<Staged<SyncedRow>, "ids" | "get">,
): (readonly [NodeId, ContentKey])[] {
  return [...after.ids].flatMap((id) => {
    const row = after.get(id);
    if (row?.kind !== "file" || row.versionIds.length < 2) return [];
    const content = before.get(id)?.content;
    return content === undefined || content === row.content ? [] : [[id, content] as const];
  });
}
