import { randomBytes, randomInt } from "node:crypto";
import { closeSync, fsyncSync, mkdirSync, openSync, writeFileSync, writeSync } from "node:fs";

export interface LargeFile {
  readonly path: string;
  readonly sizeBytes: number;
}

/** Incompressible. */
export function makeLargeFile(folder: string, sizeMib: number): LargeFile {
  mkdirSync(folder);
  const path = `${folder}/random.bin`;
  const file = openSync(path, "w");
  for (let written = 0; written < sizeMib; written += 16) writeSync(file, randomBytes(16 * 2 ** 20));
  fsyncSync(file);
  closeSync(file);
  return { path, sizeBytes: sizeMib * 2 ** 20 };
}

export interface FileTree {
  readonly path: string;
  readonly files: number;
}

/** Creates files from 1 KiB to `sizeMaxKib`, 100 per folder, half compressible text and half random. */
export function makeFiles(folder: string, files: number, sizeMaxKib = 32): FileTree {
  for (let index = 0; index < files; index++) {
    const into = `${folder}/${String(Math.floor(index / 100)).padStart(3, "0")}`;
    if (index % 100 === 0) mkdirSync(into, { recursive: true });
    const sizeBytes = randomInt(1024, sizeMaxKib * 1024 + 1);
    const content = index % 2 === 0 ? randomBytes(sizeBytes) : textOf(sizeBytes);
    writeFileSync(`${into}/file-${index}`, content);
  }
  return { path: folder, files };
}

const words = ["folder", "version", "block", "because", "nothing", "people", "written", "before", "the", "and", "of"];

function textOf(sizeBytes: number): Buffer {
  let text = "";
  while (text.length < sizeBytes) text += `${words[randomInt(words.length)]} ${randomInt(1000)} `;
  return Buffer.from(text.slice(0, sizeBytes));
}
