import type { GroupId } from "@holdfast/core/ids";
import { sql } from "kysely";
import type { AccessRuleRow } from "../../../base/db/account-tables.ts";
import type { Shards } from "../../../base/db/shards.ts";
import { wholeServer } from "../callers/access-rules.ts";
import { changingShared, inOrder, insertRule, readSharedRules } from "./change-access-rules.ts";

/**
 * Makes rules of groups and the server equal on all shards, after a shard's database lost changes. In doubt, the
 * stricter rule: a rule counts even if only one shard still has it.
 * @returns number of rules that differed
 * @throws HoldfastError locked during another change
 */
export function repairAccessRules(shards: Shards, isDry: boolean): Promise<number> {
  return changingShared(shards, async () => {
    const dbs = inOrder(shards);
    const all = await Promise.all(dbs.map(readSharedRules));
    const bySubject = Map.groupBy(all.flat(), (row) => row.subject_id);
    let count = 0;
    for (const [id, rows] of bySubject) {
      const rule = rows.reduce(strictest);
      if (rows.length === dbs.length && rows.every((row) => isEqual(row, rule))) continue;
      if (id !== wholeServer && !(await hasGroup(shards, id))) continue;
      count += 1;
      for (const db of isDry ? [] : dbs) await insertRule(db, rule);
    }
    return count;
  });
}

/** Networks cannot be intersected, so the first shard's count. */
function strictest(left: AccessRuleRow, right: AccessRuleRow): AccessRuleRow {
  const due = Math.min(left.factor_due_at ?? Infinity, right.factor_due_at ?? Infinity);
  return {
    ...left,
    factor_due_at: due === Infinity ? null : due,
    addresses: left.addresses.length > 0 ? left.addresses : right.addresses,
  };
}

function isEqual(left: AccessRuleRow, right: AccessRuleRow): boolean {
  return left.factor_due_at === right.factor_due_at && left.addresses.join() === right.addresses.join();
}

/** Rules of other groups apply to nobody. */
async function hasGroup(shards: Shards, id: string): Promise<boolean> {
  const { rows } = await sql`select from shard.groups where id = ${id}`.execute(shards.ofId(id as GroupId).db);
  return rows.length > 0;
}
