import { createHash } from "node:crypto";

type Draw = () => number;

const words =
  "the of and report budget meeting 2026 invoice customer draft final version table figure summary holiday photo garden plan".split(
    " ",
  );
/** One of a few contents shared by many files: equal blocks of different accounts. */
const common = Array.from({ length: 6 }, (_, index) => kinds()[index % kinds().length]!(drawsOfOne(index)));

/**
 * Typical file: words, code, JSON, an office file or photo (close to random) or empty. Sometimes one that others have
 * too.
 */
export function drawContent(draw: Draw): Buffer {
  if (draw() < 0.15) return common[Math.floor(draw() * common.length)]!;
  return kinds()[Math.floor(draw() * kinds().length)]!(draw);
}

export function editContent(content: Buffer, draw: Draw): Buffer {
  const at = Math.floor(draw() * (content.length + 1));
  const end = draw() < 0.5 ? at : Math.min(content.length, at + Math.floor(draw() * 5000));
  return Buffer.concat([content.subarray(0, at), Buffer.from(sentence(draw, 40)), content.subarray(end)]);
}

function kinds(): readonly ((draw: Draw) => Buffer)[] {
  return [
    (draw) => Buffer.from(Array.from({ length: size(draw, 400) }, () => sentence(draw, 12)).join("\n")),
    (draw) => Buffer.from(JSON.stringify(Array.from({ length: size(draw, 800) }, (_, id) => ({ id, at: draw() })))),
    (draw) =>
      Buffer.from(Array.from({ length: size(draw, 600) }, (_, line) => `  const v${line} = f(${line});`).join("\n")),
    (draw) => noise(draw, size(draw, 1_500_000)),
    (draw) => noise(draw, size(draw, 6_000_000)),
    () => Buffer.alloc(0),
    (draw) => Buffer.alloc(size(draw, 300_000)),
  ];
}

function size(draw: Draw, most: number): number {
  return Math.floor(draw() ** 3 * most);
}

function sentence(draw: Draw, count: number): string {
  return Array.from({ length: count }, () => words[Math.floor(draw() * words.length)]).join(" ");
}

function noise(draw: Draw, bytes: number): Buffer {
  const seed = String(draw());
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes; at += 64) pieces.push(createHash("sha512").update(`${seed} ${at}`).digest());
  return Buffer.concat(pieces).subarray(0, bytes);
}

function drawsOfOne(number: number): Draw {
  let count = 0;
  return () => createHash("sha256").update(`${number} ${count++}`).digest().readUInt32BE() / 2 ** 32;
}
