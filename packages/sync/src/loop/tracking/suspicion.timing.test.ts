import assert from "node:assert/strict";
import { test } from "node:test";
import { Suspicion } from "./suspicion.ts";

test("what is suspected one by one costs as much for each as for the first, however much is suspected already", () => {
  const suspicion = new Suspicion();
  suspicion.take();
  const before = process.cpuUsage();
  for (let index = 0; index < 20_000; index += 1) suspicion.add(new Set([`folder ${index}`]));
  // Copying the whole set each time takes 20 s and more and blocks everything. This takes about 10 ms.
  assert.ok(processorMsSince(before) < 3000);
  const suspects = suspicion.take();
  assert.ok(suspects !== "all");
  assert.equal(suspects.size, 20_000);
});

test("a move costs no more for the moves before it", () => {
  const suspicion = new Suspicion();
  suspicion.take();
  suspicion.add(new Set(Array.from({ length: 2000 }, (_, index) => `folder ${index}/in it`)));
  const before = process.cpuUsage();
  for (let index = 0; index < 1000; index += 1) suspicion.noteMove(`folder ${index}`, `moved ${index}`);
  // Following all moves each time takes 20 s and more. This takes about 100 ms.
  assert.ok(processorMsSince(before) < 5000);
  const suspects = suspicion.take();
  assert.ok(suspects !== "all" && suspects.has("moved 999/in it") && suspects.has("folder 999/in it"));
  assert.equal(suspects.size, 3000);
});

/** Returns the CPU time of this process, which excludes waiting on a busy machine. */
function processorMsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
