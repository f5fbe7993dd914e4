import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { sha256 } from "@holdfast/core/hash";
import { contentOfBlocks } from "../model/content.ts";
import { type KnownBlock, Manifests } from "./manifests.ts";

const blockOf = (number: number, pieces?: Uint8Array): KnownBlock => ({
  hash: sha256(Buffer.of(number)),
  size: number + 1,
  pieces,
});
const list = [blockOf(1, Buffer.from("pieces 1")), blockOf(2), blockOf(1, Buffer.from("pieces 1"))];
const content = contentOfBlocks(list);
const plain = list.map(({ hash, size }) => ({ hash, size }));

function store(manifests: Manifests): void {
  manifests.write();
  manifests.forgetPending();
}

test("a list is the same before it is written, after, and for the next process", () => {
  const database = new DatabaseSync(":memory:");
  const manifests = new Manifests(database);
  manifests.keep(content, list);
  assert.deepEqual(
    manifests.blocksOf(content)?.map(({ hash, size }) => ({ hash, size })),
    plain,
  );
  store(manifests);
  for (const each of [manifests, new Manifests(database)]) {
    assert.deepEqual(each.blocksOf(content), plain);
    assert.deepEqual(Buffer.from(each.piecesOf({ content, position: 0 }) ?? []).toString(), "pieces 1");
    assert.equal(each.piecesOf({ content, position: 1 }), undefined);
    assert.deepEqual(each.placesOf(list[1]?.hash ?? blockOf(0).hash), [{ content, position: 1 }]);
  }
});

test("lists beyond the limit of waiting ones are written automatically", () => {
  const database = new DatabaseSync(":memory:");
  const manifests = new Manifests(database);
  const many = Array.from({ length: 5000 }, (_, index) => ({ hash: sha256(Buffer.from(String(index))), size: 9 }));
  manifests.keep(contentOfBlocks(many), many);
  assert.deepEqual(new Manifests(database).blocksOf(contentOfBlocks(many)), many);
});

test("a file of one block is found by its content, not by its block", () => {
  const manifests = new Manifests(new DatabaseSync(":memory:"));
  const alone = [blockOf(7)];
  manifests.keep(contentOfBlocks(alone), alone);
  store(manifests);
  assert.deepEqual(manifests.placesOf(blockOf(7).hash), []);
});

test("dropping a list removes its pieces and places", () => {
  const database = new DatabaseSync(":memory:");
  const manifests = new Manifests(database);
  const other = [blockOf(2), blockOf(3)];
  manifests.keep(content, list);
  manifests.keep(contentOfBlocks(other), other);
  store(manifests);
  manifests.drop([content]);
  assert.equal(manifests.size, 1);
  assert.equal(manifests.blocksOf(content), undefined);
  assert.equal(manifests.piecesOf({ content, position: 0 }), undefined);
  assert.deepEqual(manifests.placesOf(blockOf(2).hash), [{ content: contentOfBlocks(other), position: 0 }]);
});
