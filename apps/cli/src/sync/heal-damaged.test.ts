import assert from "node:assert/strict";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { keepHealing } from "./heal-damaged.ts";

test("healing goes on turn by turn, passes over what is paused, and outlives what fails", async () => {
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
