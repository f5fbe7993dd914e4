import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import type { AuditEntryJson, AuditVerificationJson } from "@holdfast/protocol/audit-routes";
import { administrator, Api, ok as done, queryDatabase } from "@holdfast/server/acceptance/testing";
import { runAdmin } from "@holdfast/server/admin";
import { bothPlaces, useSignedIn } from "./testing-signed-in.ts";

const command = useSignedIn("admin-audit");
const { data, folder, run, json } = command;

async function exported(...flags: string[]): Promise<AuditEntryJson[]> {
  const { code, stdout, stderr } = await run(["admin", "audit", "export", ...flags]);
  assert.equal(code, 0, stderr);
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as AuditEntryJson);
}

for (const [where, flags] of bothPlaces(command)) {
  test(`${where}, the audit is exported as lines and verified`, async () => {
    await json("mkdir", `/${where}`);
    await json("ls", "/");
    // A new token is written to the audit before the response, together with all waiting entries. Others follow later.
    await json("token", "create", where);
    const entries = await exported(...flags);
    assert.deepEqual(
      entries.map(({ seq }) => seq).toSorted((left, right) => left - right),
      entries.map((_, index) => index + 1),
    );
    assert.equal(entries[0]?.action, "server.start");
    const { entries: count, ok, from, to, chains } = await json("admin", "audit", "verify", ...flags);
    assert.equal(ok, true);
    assert.ok(count >= entries.length);
    assert.deepEqual([Date.parse(from), chains.length], [Date.parse(entries[0]?.at ?? ""), 1]);
    assert.ok(Date.parse(to) >= Date.parse(entries.at(-1)?.at ?? ""));
    assert.match((await run(["admin", "audit", "verify", ...flags])).stdout, /entries, from .* none missing/);
    const middle = entries[Math.floor(entries.length / 2)]?.at ?? "";
    const later = await exported("--from", middle, ...flags);
    assert.deepEqual(later.slice(0, 3), entries.filter(({ at }) => at >= middle).slice(0, 3));
    assert.deepEqual(await exported("--to", entries[0]?.at ?? "", ...flags), []);
  });
}

test("actions on the data folder are also recorded, with the user of the machine", async () => {
  const add = ["admin", "users", "add", "host@example.com", "--data", data, "--password-stdin"];
  assert.equal((await run(add, "a password of host\n")).code, 0);
  await json("admin", "rotate-keys", "--data-key", "--data", data);
  assert.equal((await run(["admin", "users", "disable", "none@example.com", "--data", data])).code, 4);
  const byHost = (await exported()).filter(({ credential }) => credential === "host");
  assert.deepEqual(
    byHost.map(({ action, result }) => `${action} ${result}`),
    ["user.create ok", "keys.rotate ok", "user.change not_found"],
  );
  assert.equal(typeof byHost.at(-1)?.detail?.["system_user"], "string");
  assert.equal((await json("admin", "audit", "verify")).ok, true);
});

interface Tampering {
  readonly name: string;
  readonly statement: (seq: number) => string;
  readonly found: (seq: number, head: number) => { what: string; seq: number };
}

const forged = `update shard.audit_entries set entry = replace(entry, '"action":"', '"action":"not.')`;
const tamperings: readonly Tampering[] = [
  {
    name: "a changed field",
    statement: (seq) => `${forged} where seq = ${seq}`,
    found: (seq) => ({ what: "changed", seq }),
  },
  {
    name: "a time that is changed where entries are found by it",
    statement: (seq) => `update shard.audit_entries set at = at - 1 where seq = ${seq}`,
    found: (seq) => ({ what: "changed", seq }),
  },
  {
    name: "a row that is gone",
    statement: (seq) => `delete from shard.audit_entries where seq = ${seq}`,
    found: (seq) => ({ what: "removed", seq }),
  },
  {
    name: "missing first rows",
    statement: () => "delete from shard.audit_entries where seq <= 2",
    found: () => ({ what: "removed", seq: 1 }),
  },
  {
    name: "first rows wrongly recorded as expired",
    statement: () => `delete from shard.audit_entries where seq <= 2;
      update shard.audit_chain set anchor_seq = 2, anchor_hash = (select hash from backup.entries where seq = 2), anchor_seal = '\\x00'`,
    found: () => ({ what: "removed", seq: 2 }),
  },
  {
    name: "missing last rows",
    statement: (seq) => `delete from shard.audit_entries where seq >= ${seq}`,
    found: (seq) => ({ what: "removed", seq }),
  },
  {
    name: "two swapped rows",
    statement: (seq) => `update shard.audit_entries mine set at = other.at, hash = other.hash, entry = other.entry
      from backup.entries other where mine.seq in (${seq}, ${seq + 1}) and other.seq = ${2 * seq + 1} - mine.seq`,
    found: (seq) => ({ what: "inserted", seq }),
  },
  {
    name: "an inserted row",
    statement: (seq) => `update shard.audit_entries set seq = -seq where seq >= ${seq};
      update shard.audit_entries set seq = 1 - seq where seq < 0;
      insert into shard.audit_entries select ${seq}, at, hash, entry from backup.entries where seq = ${seq};
      ${forged} where seq = ${seq}; update shard.audit_chain set seq = seq + 1`,
    found: (seq) => ({ what: "inserted", seq }),
  },
  {
    name: "a row appended after the end",
    statement: () =>
      "insert into shard.audit_entries select seq + 1, at, hash, entry from shard.audit_entries order by seq desc limit 1",
    found: (_, head) => ({ what: "changed", seq: head + 1 }),
  },
];

for (const { name, statement, found } of tamperings) {
  test(`verify reports ${name}`, async () => {
    await withTampered(statement, async (seq, head) => {
      const { ok, chains } = await verified();
      assert.equal(ok, false);
      const { what, seq: named } = chains[0]?.problem ?? {};
      assert.deepEqual({ what, seq: named }, found(seq, head));
    });
    assert.equal((await verified()).ok, true, "as it was, it is whole again");
  });
}

test("the command describes what was found, and exits with 1", async () => {
  const change = (seq: number) => `${forged} where seq = ${seq}`;
  await withTampered(change, async (seq) => {
    for (const [, flags] of bothPlaces(command)) {
      const { code, stdout } = await run(["admin", "audit", "verify", ...flags]);
      assert.equal(code, 1);
      assert.match(stdout, new RegExp(`chain \\S+: entry ${seq} was changed: `));
    }
    const { items } = await runAdmin(data, "adminDoctor", {});
    const found = items.filter(({ check }) => check === "audit").map(({ state, detail }) => `${state} ${detail}`);
    assert.match(found.join(), /^fail .*the last verification found that the audit log was changed$/);
  });
});

test("an end removed together with its row in the database is detected by the file beside it and by an export", async () => {
  const exportFile = `${folder}/audit.jsonl`;
  const headFile = `${data}/audit-heads.json`;
  const cut = (seq: number) => `delete from shard.audit_entries where seq >= ${seq};
    update shard.audit_chain set seq = ${seq - 1}, hash = (select hash from backup.entries where seq = ${seq - 1})`;
  await withTampered(cut, async (seq, head) => {
    const [row] = await queryDatabase(
      data,
      `select encode(hash, 'hex') as hash from backup.entries where seq = ${head}`,
    );
    const { chain } = (await verified()).chains[0] ?? {};
    const last = { chain, seq: head, hash: row?.["hash"] as string };
    writeFileSync(headFile, JSON.stringify({ [String(chain)]: { seq: head, hash: last.hash } }));
    const byFile = await verified();
    rmSync(headFile);
    writeFileSync(exportFile, `${JSON.stringify(last)}\n`);
    const byExport = await json("admin", "audit", "verify", "--data", data, "--against", exportFile);
    for (const { ok, chains } of [byFile, byExport]) {
      assert.equal(ok, false);
      assert.deepEqual([chains[0]?.problem?.what, chains[0]?.problem?.seq], ["removed", seq]);
    }
  });
});

function verified(): Promise<AuditVerificationJson> {
  return runAdmin(data, "adminVerifyAudit", { body: {} });
}

/**
 * The lock stops the server, which may be about to append. Without it, the server would wait for the deleted chain row,
 * and answer the next request with 503.
 */
const alone = "lock table shard.audit_chain";

/** Tampers with the rows as someone with access to the database could, until the work is done. */
async function withTampered(
  statement: (seq: number) => string,
  work: (seq: number, head: number) => Promise<void>,
): Promise<void> {
  const api = await Api.signIn(command.server.url);
  for (let times = 0; times < 5; times += 1) await done(api, "GET", "/folders/root/contents");
  // This request is written to the audit before its response, together with all waiting entries.
  await done(api, "PATCH", `/admin/users/${administrator.email}`, { quota_bytes: null });
  const sql = (text: string) => queryDatabase(data, text);
  const [row] = await sql("select max(seq)::int as head from shard.audit_entries");
  const head = row?.["head"] as number;
  await sql(`${alone}; create schema backup;
    create table backup.entries as select * from shard.audit_entries;
    create table backup.chain as select * from shard.audit_chain;
    ${statement(head - 3)}`);
  try {
    await work(head - 3, head);
  } finally {
    await sql(`${alone}; delete from shard.audit_entries; delete from shard.audit_chain;
      insert into shard.audit_entries select * from backup.entries; insert into shard.audit_chain select * from backup.chain;
      drop schema backup cascade`);
  }
}
