import assert from "node:assert/strict";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { sha256 } from "@holdfast/core/hash";
import { hashOfRules } from "@holdfast/sync/state/waiting-rules";
import type { Server } from "@holdfast/sync-ports/ports";
import { rewind } from "./model-rewind.ts";
import { homeOf } from "./model-shares.ts";
import { Shared } from "./shared.ts";

const home = homeOf("bob");
const ignoreFile = ".holdfastignore";
const held = [`rules_held ${ignoreFile}`];

/** Bob syncs his own root with `mine`, `open` and `secret`, which his rules hide. Ada may edit there. */
class Edited extends Shared {
  static async make({ rules = "secret\n" }: { readonly rules?: string | undefined } = {}): Promise<Edited> {
    const edited = new Edited();
    const { model } = edited.world;
    model.grant("bob 1", home, "ada", "editor");
    model.mount({ device: "ada's other", account: "ada" }, home, { parentId: homeOf("ada"), name: "of bob" });
    if (rules !== "") edited.write(ignoreFile, rules);
    for (const path of ["mine", "open", ...(rules === "" ? [] : ["secret"])]) edited.write(path, path);
    assert.deepEqual(await edited.problems(), []);
    return edited;
  }

  /** @param pieceLength splits into other blocks than this client, which gives another content id */
  adaWrites(text: string, pieceLength = Infinity): void {
    this.#puts("ada", text, pieceLength);
  }

  bobWrites(text: string): void {
    this.#puts("bob", text, Infinity);
  }

  #puts(account: string, text: string, pieceLength: number): void {
    const { model } = this.world;
    const bytes = Buffer.from(text);
    const stored = [];
    for (let at = 0; at < bytes.length; at += pieceLength) {
      const piece = bytes.subarray(at, at + pieceLength);
      stored.push({ hash: sha256(piece), bytes: piece });
    }
    model.putBlocks(stored, account, home);
    const there = [...model.nodes.values()].find(
      ({ parentId, name, trashed }) => parentId === home && name === ignoreFile && !trashed,
    );
    const place =
      there === undefined ? { id: `${account}'s rules`, parent_id: home, name: ignoreFile } : { file_id: there.id };
    const blocks = stored.map(({ hash, bytes: { length } }) => ({ hash, size: length }));
    const operation = { op: "put" as const, operation_id: model.fresh("put "), ...place, size: bytes.length, blocks };
    this.onServer(operation, account);
  }

  names(): string[] {
    return Object.keys(this.space("bob")).toSorted();
  }

  approve(text: string): void {
    this.make().approveRules(hashOfRules(text));
  }

  loseState(): void {
    const tables = ["remote_rows", "local_rows", "synced_rows", "intents", "offers", "restless", "fresh"];
    const rules = "delete from settings where key like '%rules%' or key in ('ignore text', 'cursor');";
    this.sql(rules + tables.map((name) => `delete from ${name};`).join(""));
  }

  sql(statements: string): void {
    const { database } = this.world.devices[0] ?? assert.fail();
    if (database.isTransaction) database.exec("commit");
    database.exec(statements);
  }
}

/** Asserts that the former rules apply, which hide only `secret`. */
async function assertFormer(edited: Edited, expected: readonly string[] = held): Promise<void> {
  edited.write("later", "later");
  assert.deepEqual(await edited.problems(), expected);
  assert.equal(edited.names().includes("secret"), false, "what was private stays so");
  assert.equal(edited.names().includes("later"), true, "what was synced is synced");
}

test("rules by another account wait, and the former ones stay active across restarts", async () => {
  const edited = await Edited.make();
  edited.adaWrites("*\n");
  assert.deepEqual(await edited.problems(), held);
  assert.equal(edited.read(ignoreFile), "*\n", "the file is synced like any other");
  await assertFormer(edited);
  const [problem] = (await edited.once()).problems;
  assert.match(
    problem?.message ?? "",
    /^ada wrote this file \(1 rule\), so it is not active yet\. Until you answer, the previous rules/,
  );
  edited.close();
});

for (const [what, change] of [
  ["empties", (edited: Edited) => edited.adaWrites("")],
  ["removes", (edited: Edited) => edited.owner({ op: "delete", file_id: edited.serverId(ignoreFile, "bob") })],
  [
    "renames",
    (edited: Edited) =>
      edited.owner({ op: "move", file_id: edited.serverId(ignoreFile, "bob"), parent_id: home, name: "other" }),
  ],
] as const) {
  test(`nothing private is sent before approval when another account ${what} the ignore file`, async () => {
    const edited = await Edited.make();
    change(edited);
    await assertFormer(edited);
    const [problem] = (await edited.once()).problems;
    assert.match(problem?.message ?? "", /^ada removed or emptied this file, so it is not active yet/);
    edited.approve("");
    assert.deepEqual(await edited.problems(), []);
    assert.equal(edited.names().includes("secret"), true);
    edited.close();
  });
}

test("a removal by a rewind, which names no account, waits too", async () => {
  const edited = await Edited.make({ rules: "" });
  const { model } = edited.world;
  const moment = new Map(model.nodes);
  edited.write(ignoreFile, "secret\n");
  edited.write("secret", "secret");
  assert.deepEqual(await edited.problems(), []);
  rewind(model, "ada's other", home, moment);
  await assertFormer(edited);
  const [problem] = (await edited.once()).problems;
  assert.match(problem?.message ?? "", /^An unknown account \(perhaps your own\) removed or emptied this file/);
  edited.close();
});

test("approved rules are active, and an approval of rules other than the waiting ones is rejected", async () => {
  const edited = await Edited.make();
  edited.adaWrites("mine\n");
  await edited.once();
  assert.throws(() => edited.approve("open\n"), { code: "conflict" });
  edited.approve("mine\n");
  assert.deepEqual(await edited.problems(), []);
  edited.write("mine", "edited");
  assert.deepEqual(await edited.problems(), []);
  assert.deepEqual([edited.space("bob")["mine"], edited.space("bob")["secret"]], ["mine", "secret"]);
  // The approval covers one change, not later changes with the same lines.
  edited.write(ignoreFile, "secret\n");
  await edited.once();
  edited.adaWrites("mine\n");
  assert.deepEqual(await edited.problems(), held);
  edited.close();
});

test("rules written on this device are active immediately, even on top of another account's rules", async () => {
  const edited = await Edited.make();
  edited.adaWrites("*\n");
  await edited.once();
  edited.write(ignoreFile, "*\n!secret\n!.holdfastignore\n");
  assert.deepEqual(await edited.problems(), []);
  edited.write("later", "later");
  assert.deepEqual(await edited.problems(), []);
  assert.deepEqual([edited.names().includes("secret"), edited.names().includes("later")], [true, false]);
  edited.close();
});

test("rules written or removed by another device of the account are active immediately", async () => {
  const edited = await Edited.make();
  edited.bobWrites("mine\n");
  assert.deepEqual(await edited.problems(), []);
  assert.equal(edited.names().includes("secret"), true);
  edited.write("mine", "edited");
  await edited.once();
  assert.equal(edited.space("bob")["mine"], "mine");
  edited.onServer({ op: "delete", operation_id: "bob's other", file_id: edited.serverId(ignoreFile, "bob") });
  assert.deepEqual(await edited.problems(), []);
  assert.equal(edited.space("bob")["mine"], "edited");
  edited.close();
});

test("the account's own file, renamed to the ignore file by another account, waits", async () => {
  const edited = await Edited.make({ rules: "" });
  edited.write("list", "*\n");
  await edited.once();
  edited.owner({ op: "move", file_id: edited.serverId("list", "bob"), parent_id: home, name: ignoreFile });
  assert.deepEqual(await edited.problems(), held);
  edited.write("later", "later");
  await edited.once();
  assert.equal(edited.names().includes("later"), true);
  edited.close();
});

test("rules of another account wait at the first sync, and hide nothing", async () => {
  const edited = await Edited.make({ rules: "" });
  edited.adaWrites("mine\n");
  assert.deepEqual(await edited.problems(), held);
  edited.write("mine", "edited");
  assert.deepEqual(await edited.problems(), held);
  assert.equal(edited.space("bob")["mine"], "edited");
  edited.close();
});

test("waiting rules are not uploaded as this account's, even if their blocks are cut differently", async () => {
  const edited = await Edited.make();
  edited.adaWrites("mine\nopen\n", 1);
  await assertFormer(edited);
  const { nodes, authors } = edited.world.model;
  const author = (): string | undefined => authors.get(nodes.get(edited.serverId(ignoreFile, "bob"))?.versionId ?? "");
  assert.equal(author(), "ada");
  edited.approve("mine\nopen\n");
  assert.deepEqual(await edited.problems(), []);
  edited.close();
});

for (const pieceLength of [Infinity, 1]) {
  test(`after a loss of the state, another account's rules in blocks of ${pieceLength} bytes hide files, and wait`, async () => {
    const edited = await Edited.make();
    edited.adaWrites("secret\nmine\n", pieceLength);
    assert.deepEqual([await edited.problems(), edited.read(ignoreFile)], [held, "secret\nmine\n"]);
    edited.loseState();
    assert.deepEqual(await edited.problems(), held);
    const [problem] = (await edited.once()).problems;
    assert.match(problem?.message ?? "", /^ada wrote this file \(2 rules\)\. .* its rules are active until you answer/);
    edited.write("mine", "edited");
    await assertFormer(edited);
    assert.equal(edited.space("bob")["mine"], "mine");
    edited.adaWrites("");
    await assertFormer(edited);
    edited.approve("");
    assert.deepEqual(await edited.problems(), []);
    assert.equal(edited.names().includes("secret"), true);
    edited.close();
  });
}

test("after a loss of the state, approved rules of another account stay active", async () => {
  const edited = await Edited.make();
  edited.adaWrites("secret\nmine\n");
  await edited.once();
  edited.loseState();
  await edited.once();
  edited.approve("secret\nmine\n");
  await assertFormer(edited, []);
  edited.close();
});

for (const lost of ["rules coming", "ignore text"]) {
  test(`active rules stay active after an upgrade, by any account, also without ${lost} in the state`, async () => {
    const edited = await Edited.make();
    edited.adaWrites("secret\nmine\n");
    const server = edited.server();
    const own = { accountId: "bob", name: "bob" };
    const changersOf: Server["changersOf"] = async () => ({ version: own, placed: { ...own, isLatest: true } });
    // The earlier version did not check.
    assert.equal((await edited.once({ server: { ...server, changersOf } })).inSync, true);
    edited.sql(`delete from settings where key in ('rules waiting', 'rules coming', 'rules approved', '${lost}')`);
    edited.write("mine", "edited");
    assert.deepEqual(await edited.problems(), []);
    assert.deepEqual([edited.space("bob")["mine"], edited.names().includes("secret")], ["mine", false]);
    edited.close();
  });
}

test("rules downloaded right before a crash wait, even if the server has newer ones by then", async () => {
  const edited = await Edited.make();
  edited.adaWrites("other\n");
  await edited.once();
  edited.sql(`update settings set row = '""' where key = 'rules waiting';
    update settings set row = '"{\\"by\\":\\"ada\\"}"' where key = 'rules coming'`);
  edited.adaWrites("another\n");
  await assertFormer(edited);
  edited.close();
});

test("an edit of this device that conflicts with another account's rules stays active beside them", async () => {
  const edited = await Edited.make();
  edited.write(ignoreFile, "secret\nmine\n");
  edited.adaWrites("*\n");
  assert.deepEqual(await edited.problems(), held);
  edited.write("mine", "edited");
  await assertFormer(edited);
  assert.equal(edited.space("bob")["mine"], "mine");
  edited.close();
});

test("an edit while another account's rules are downloaded is this account's", async () => {
  const edited = await Edited.make();
  edited.adaWrites("*\n");
  const server = edited.server();
  const changersOf: Server["changersOf"] = async (...given) => {
    if (edited.read(ignoreFile) === "secret\n") edited.write(ignoreFile, "secret\nmine\n");
    return server.changersOf(...given);
  };
  await edited.once({ server: { ...server, changersOf } });
  assert.deepEqual([edited.read(ignoreFile), await edited.problems()], ["*\n", held]);
  edited.write("mine", "edited");
  await assertFormer(edited);
  assert.equal(edited.space("bob")["mine"], "mine");
  edited.close();
});

test("an edit after a failed download of another account's rules is this account's", async () => {
  const edited = await Edited.make();
  edited.adaWrites("*\n");
  const fetchBlocks: Server["fetchBlocks"] = () => {
    throw new HoldfastError("unreachable", "The connection was cut.");
  };
  await assert.rejects(edited.once({ server: { ...edited.server(), fetchBlocks } }), { code: "unreachable" });
  edited.write(ignoreFile, "secret\nmine\n");
  assert.deepEqual([await edited.problems(), edited.read(ignoreFile)], [held, "*\n"]);
  edited.write("mine", "edited");
  await assertFormer(edited);
  assert.equal(edited.space("bob")["mine"], "mine");
  edited.close();
});

test("a dry run applies no rules of another account", async () => {
  const edited = await Edited.make({ rules: "" });
  edited.adaWrites("*\n");
  await edited.once();
  edited.write("later", "later");
  const { changes } = await edited.pass(edited.make().preview());
  assert.deepEqual(
    changes.map(({ side, what, path }) => `${side} ${what} ${path}`),
    ["server create later"],
  );
  edited.close();
});

test("a dry run of a first sync applies no rules of another account", async () => {
  const edited = await Edited.make({ rules: "" });
  edited.adaWrites("*\n");
  edited.loseState();
  edited.write("later", "later");
  const { changes } = await edited.pass(edited.make().preview());
  assert.deepEqual(
    changes.map(({ side, what, path }) => `${side} ${what} ${path}`),
    ["here create .holdfastignore", "server create later"],
  );
  edited.close();
});
