import { fixedToken } from "@holdfast/api-client/access-tokens";
import { readByIds } from "@holdfast/api-client/answer";
import { ApiClient } from "@holdfast/api-client/api-client";
import { openFetchTransport } from "@holdfast/api-client/fetch-transport";
import { cutBlocks } from "@holdfast/core/chunker";
import { fromHashHex, sha256 } from "@holdfast/core/hash";
import { makeId, toBucket } from "@holdfast/core/ids";
import { applySplices, contentIdOf, diffSplices, type ManifestEntry } from "@holdfast/core/manifest";
import { nameProblem, splitPath } from "@holdfast/core/names";
import { withSuffix, splitName } from "@holdfast/core/name-suffix";
import { nameSortKey } from "@holdfast/core/sort-key";
import { encodeBatchBody, encodeFrame, parseFrames } from "@holdfast/protocol/frames";
import { parseJson } from "@holdfast/protocol/parse-json";
import { wait } from "../browser/wait.ts";

const names = ["Übung 2.txt", "übung 10.TXT", "e\u0301", "😀".repeat(70), "a/b", "\ud800", "x".repeat(256)];

/** Uses every package that the app needs. @returns results equal on all platforms */
export async function usePackages(server: string): Promise<Record<string, unknown>> {
  const content = randomBytes(6_000_000);
  const { blocks } = cutBlocks(content, true);
  const entries = blocks.map(({ start, end }) => entryOf(content.subarray(start, end)));
  const long = Array.from({ length: 2000 }, (_, at) => entryOf(content.subarray(at, at + 1 + (at % 9))));
  const splices = diffSplices(long, long.toSpliced(700, 3));
  const frame = { kind: "raw", hash: sha256(content), size: 9, payload: content.subarray(0, 9) } as const;
  const frames = parseFrames(join(encodeFrame(frame)));
  return {
    cuts: blocks.map(({ end }) => end),
    contentIds: [contentIdOf(entries), contentIdOf(long), contentIdOf(applySplices(long, splices))],
    id: makeId(toBucket(7), 1_700_000_000_000, content.subarray(0, 8)),
    hash: [...fromHashHex(sha256(content.subarray(3, 77)))],
    names: names.map((name) => [nameProblem(name) ?? "fine", [...nameSortKey(name, "file")].join(" ")]),
    cut: withSuffix(splitName(`${"é".repeat(200)}.tar`), " (2)"),
    path: splitPath("/a/Übung/"),
    frames: frames.map(({ kind, hash, size, payload }) => [kind, hash, size, [...payload]]),
    batch: sha256(join(encodeBatchBody({ operations: [] }, [frame]))),
    json: parseJson(new TextEncoder().encode('{"a":[1,"ü"]}')),
    account: await openClient(server).call("getAccount"),
  };
}

function openClient(server: string): ApiClient {
  const clock = { nowMs: () => Date.now(), nowMicros: () => Date.now() * 1000 };
  return new ApiClient({
    transport: openFetchTransport({ server }),
    tokens: fixedToken("secret"),
    random: (lengthBytes) => crypto.getRandomValues(new Uint8Array(lengthBytes)),
    retry: { clock, wait, attemptsMax: 1, patienceMs: 0 },
    readAnswer: readByIds,
  });
}

function entryOf(bytes: Uint8Array): ManifestEntry {
  return { hash: sha256(bytes), size: bytes.length };
}

function join(pieces: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}

/** Deterministic generator (xorshift). */
function randomBytes(lengthBytes: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(lengthBytes);
  let state = 0x9e3779b9;
  for (let at = 0; at < lengthBytes; at += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[at] = state;
  }
  return bytes;
}
