/** Loaded by each thread of a codec pool; every export is a task. */
import { randomBytes } from "node:crypto";
import { probeCompress } from "./codec.ts";
import { cut, encodeBlocks, findCuts } from "./cut-task.ts";
import { encodePatch } from "./patch.ts";
import { encodePatchFromPieces } from "./piece-patch.ts";
import { openWindow } from "./open-window.ts";
import { buffersOf, ownBytes, task } from "./task.ts";
import { decode, verify } from "./verify-task.ts";
import { cutWindow, encodeWindow } from "./window-task.ts";

export const cutTask = task(cut, (output) => [output.buffer]);
export const findCutsTask = task(findCuts, (output) => [output.buffer]);
export const encodeBlocksTask = task(encodeBlocks, (output) => [output.buffer]);
export const cutWindowTask = task(cutWindow);
export const encodeWindowTask = task(encodeWindow);
export const openWindowTask = task(openWindow, (output) =>
  buffersOf(output.flatMap((opened) => (opened?.plain === undefined ? [] : [opened.plain]))),
);
export const verifyTask = task(verify, (output) =>
  buffersOf(output.flatMap((each) => (each.ok ? [each.payload] : []))),
);
export const decodeTask = task(decode, buffersOf);
/** @returns each block's zstd frame, undefined if it stays uncompressed */
export const compressTask = task(
  (blocks: readonly Uint8Array[]) =>
    blocks.map((bytes) => {
      const { codec, payload } = probeCompress(bytes);
      return codec === "zstd" ? ownBytes(payload) : undefined;
    }),
  (output) => buffersOf(output.filter((payload) => payload !== undefined)),
);
export const encodePatchTask = task(
  ({ base, next }: { base: Uint8Array; next: Uint8Array }) => {
    const payload = encodePatch(base, next);
    return payload === undefined ? undefined : ownBytes(payload);
  },
  (payload) => (payload === undefined ? [] : [payload.buffer]),
);
export const encodePatchFromPiecesTask = task(
  ({ basePieces, next }: { basePieces: Uint8Array; next: Uint8Array }) => {
    const payload = encodePatchFromPieces({ basePieces, next, random: (lengthBytes) => randomBytes(lengthBytes) });
    return payload === undefined ? undefined : ownBytes(payload);
  },
  (payload) => (payload === undefined ? [] : [payload.buffer]),
);
