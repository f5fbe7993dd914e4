import assert from "node:assert/strict";
import { test } from "node:test";
import { HoldfastError } from "@holdfast/core/errors";
import { hash } from "@node-rs/argon2";
import { guardAttempt } from "../context/attempts.ts";
import { Lanes } from "./lanes.ts";
import { hashOfNobody, hashPassword, isPassword } from "./passwords.ts";

test("runs at most as many as there are lanes, and queues at most as many as fit", async () => {
  const lanes = new Lanes(2, 3);
  let running = 0;
  let most = 0;
  const gates: (() => void)[] = [];
  const work = () =>
    lanes.run(async () => {
      most = Math.max(most, ++running);
      await new Promise<void>((resolve) => gates.push(resolve));
      running -= 1;
    });
  const started = [work(), work(), work(), work(), work()];
  await assert.rejects(work(), { code: "unavailable" });
  for (let opened = 0; opened < started.length; await new Promise(setImmediate)) {
    for (const open of gates.splice(0)) {
      open();
      opened += 1;
    }
  }
  await Promise.all(started);
  assert.equal(most, 2);
});

test("a caller with many requests waits behind itself, and loses its place when all queues are full", async () => {
  const lanes = new Lanes(1, 6);
  const done: string[] = [];
  const refused: string[] = [];
  const { promise: held, resolve: finish } = Promise.withResolvers<void>();
  const first = lanes.run(() => held, "many");
  const send = (name: string, line: string) =>
    lanes
      .run(() => Promise.resolve(), line)
      .then(
        () => done.push(name),
        (error: unknown) => refused.push(`${name} ${error instanceof HoldfastError ? error.code : "?"}`),
      );
  const sent = [1, 2, 3, 4, 5, 6].map((number) => send(`many ${number}`, "many"));
  sent.push(send("many 7", "many"), send("one", "one"), send("another", "another"), send("one again", "one"));
  finish();
  await Promise.all([first, ...sent]);
  assert.deepEqual(
    refused,
    ["many 7", "many 6", "many 5", "many 4"].map((name) => `${name} unavailable`),
  );
  assert.deepEqual(done, ["many 1", "one", "another", "many 2", "one again", "many 3"]);
});

test("equally short queues give up no place", async () => {
  const lanes = new Lanes(1, 2);
  const { promise: held, resolve: finish } = Promise.withResolvers<void>();
  const first = lanes.run(() => held);
  const waiting = ["one", "another"].map((line) => lanes.run(() => Promise.resolve(line), line));
  await assert.rejects(
    lanes.run(() => Promise.resolve(), "third"),
    { code: "unavailable", retryAfterSeconds: 2 },
  );
  await assert.rejects(
    lanes.run(() => Promise.resolve(), "one"),
    { code: "unavailable" },
  );
  finish();
  await first;
  assert.deepEqual(await Promise.all(waiting), ["one", "another"]);
});

test("failed work frees its lane", async () => {
  const lanes = new Lanes(1, 0);
  await assert.rejects(lanes.run(() => Promise.reject(new HoldfastError("failed", "no"))));
  assert.equal(await lanes.run(() => Promise.resolve(1)), 1);
});

test("100 concurrent guesses are tried up to the allowed failures, and right ones before them succeed", async () => {
  let failures = 0;
  let tried = 0;
  const throttle = {
    check: async () => {
      if (failures >= 10) throw new HoldfastError("rate_limited", "Too many.");
    },
    failed: async () => void (failures += 1),
  };
  const guess = (right: boolean) =>
    guardAttempt(throttle, "key", async () => {
      tried += 1;
      await new Promise(setImmediate);
      return right ? "in" : undefined;
    });
  const outcomes = await Promise.allSettled([
    ...Array.from({ length: 30 }, () => guess(true)),
    ...Array.from({ length: 70 }, () => guess(false)),
  ]);
  assert.equal(outcomes.filter((each) => each.status === "fulfilled" && each.value === "in").length, 30);
  assert.equal(tried, 40);
  assert.equal(failures, 10);
  assert.equal(outcomes.filter((each) => each.status === "rejected").length, 60);
});

test("a password of an unknown account is checked with the same parameters", async () => {
  const [, algorithm, version, parameters] = (await hashPassword("long enough")).split("$");
  assert.deepEqual(hashOfNobody.split("$").slice(0, 4), ["", algorithm, version, parameters]);
  assert.equal(await isPassword(undefined, "anything"), false);
});

test("a password is equal in either Unicode normal form", async () => {
  assert.ok(await isPassword(await hashPassword("cafe\u0301 au lait"), "caf\u00e9 au lait"));
  assert.ok(await isPassword(await hash("pw", { memoryCost: 19_456, timeCost: 2, parallelism: 1 }), "pw"));
});
