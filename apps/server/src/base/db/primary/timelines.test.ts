import assert from "node:assert/strict";
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { makeTestFolder } from "../testing.ts";
import { storedTimelines } from "./timelines.ts";

test("a timeline whose file could not be written is still known, and stored by a later write", () => {
  const folder = makeTestFolder();
  const path = `${folder}/database-timelines.json`;
  const timelines = storedTimelines(folder);
  timelines.reached("1", 2);
  const inTheWay = `${path}.${process.pid}`;
  mkdirSync(inTheWay);
  timelines.reached("1", 3);
  rmdirSync(inTheWay);
  timelines.reached("2", 1);
  assert.deepEqual([timelines.of("1"), timelines.of("2")], [3, 1]);
  assert.deepEqual(JSON.parse(readFileSync(path, "utf8")), { "1": 3, "2": 1 });
});

test("of two processes with the same file, the highest timelines remain", () => {
  const folder = makeTestFolder();
  const path = `${folder}/database-timelines.json`;
  const timelines = storedTimelines(folder);
  timelines.reached("1", 5);
  writeFileSync(path, '{"1":2,"3":7}');
  timelines.reached("2", 1);
  assert.deepEqual(JSON.parse(readFileSync(path, "utf8")), { "1": 5, "2": 1, "3": 7 });
  assert.equal(timelines.of("3"), 7);
});
