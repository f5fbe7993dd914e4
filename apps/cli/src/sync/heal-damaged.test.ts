import assert from "node:assert/strict";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import type { HashHex } from "@holdfast/core/ids";
import { healOnce, keepHealing, sendApart } from "./heal-damaged.ts";

test("healing repeats in turns, skips paused syncs, and continues after failures", async () => {
  const stop = new AbortController();
  const turns = ["heals", "paused", "unreachable", "refused", "finds nothing"];
  const [notes, waits]: [string[], number[]] = [[], []];
  let turn = -1;
  const heal = async (): Promise<number> => {
    if (turns[turn] === "unreachable") throw new HoldfastError("unreachable", "The server does not answer.");
    if (turns[turn] === "refused") throw new HoldfastError("quota", "The space is full.");
    assert.notEqual(turns[turn], "paused");
    return turns[turn] === "heals" ? 3 : 0;
  };
  const isWanted = (): boolean => turns[(turn += 1)] !== "paused";
  const wait = async (delayMs: number): Promise<void> => {
    waits.push(delayMs);
    if (waits.length === turns.length) stop.abort();
  };
  await keepHealing({ heal, isWanted, note: (message) => notes.push(message), wait }, stop.signal);
  assert.deepEqual(
    waits,
    Array.from(turns, () => 15 * 60_000),
  );
  assert.deepEqual(notes, [
    "sync: sent 3 blocks again that the server had lost",
    "sync: damaged blocks could not be sent again: The space is full.",
  ]);
});

test("one refused block stops no other, and a person is notified", async () => {
  const blocks = ["a", "bad", "c", "d"].map((hash) => ({ hash: hash as HashHex, bytes: Buffer.from(hash) }));
  const there: string[] = [];
  const server = {
    putBlocks: async (sent: readonly { hash: string }[]) => {
      if (sent.some(({ hash }) => hash === "bad")) throw new HoldfastError("invalid_field", "It does not decode.");
      there.push(...sent.map(({ hash }) => hash));
    },
  };
  const refused: HoldfastError[] = [];
  const sent = await sendApart(server, blocks, refused);
  assert.deepEqual(there, ["a", "c", "d"]);
  assert.deepEqual(
    sent.map(({ hash }) => hash),
    there,
  );
  assert.deepEqual(
    refused.map(({ code }) => code),
    ["invalid_field"],
  );
  const away = { putBlocks: () => Promise.reject(new HoldfastError("unreachable", "The server does not answer.")) };
  await assert.rejects(sendApart(away, blocks, refused), { code: "unreachable" });

  const fails = (code: "quota" | "unreachable") => () => Promise.reject(new HoldfastError(code, "no"));
  const { signal } = new AbortController();
  const note = (): void => {};
  assert.equal(await healOnce({ heal: fails("quota"), note }, signal), false);
  assert.equal(await healOnce({ heal: fails("unreachable"), note }, signal), true);
  assert.equal(await healOnce({ heal: () => Promise.resolve(0), note }, signal), true);
});
