import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

/** One file as it is served; the server reads the list of them (`appIndexName`) and nothing else to know what there is. */
export interface IndexedFile {
  /** Below the build's folder, with '/'. */
  readonly file: string;
  readonly sizeBytes: number;
  /** Names its content. */
  readonly tag: string;
  /** Sizes of the same content as brotli (`file` + ".br") and gzip (".gz"), where they are smaller. */
  readonly br?: number;
  readonly gz?: number;
}

export const appIndexName = "app.json";

/** Compresses what can be, and writes the index last: a folder that has one is whole. */
export async function writeAppIndex(folder: string): Promise<void> {
  const files = await Promise.all((await servedFiles(folder)).map((file) => indexFile(folder, file)));
  await writeFile(join(folder, appIndexName), JSON.stringify({ files }));
}

/** Of a build before its index is written. @returns paths below the folder, with '/' */
export async function servedFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const files = paths.map((path) => relative(folder, path).split(sep).join("/"));
  return files.filter((file) => !isPrivate(file)).toSorted();
}

/** What names a content among those of all builds. */
export function contentTag(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("base64url").slice(0, 22);
}

/** Vite's manifest and what else only the build's tests read. */
function isPrivate(file: string): boolean {
  return file.startsWith(".");
}

const compressible = /\.(?:js|css|html|svg|json|webmanifest|wasm|txt)$/;

async function indexFile(folder: string, file: string): Promise<IndexedFile> {
  const path = join(folder, file);
  const content = await readFile(path);
  const indexed = { file, sizeBytes: content.length, tag: contentTag(content) };
  if (!compressible.test(file)) return indexed;
  const [br, gz] = await Promise.all([
    keepSmaller(
      `${path}.br`,
      content,
      brotli(content, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: content.length } }),
    ),
    keepSmaller(`${path}.gz`, content, zip(content, { level: 9 })),
  ]);
  return { ...indexed, ...(br === undefined ? {} : { br }), ...(gz === undefined ? {} : { gz }) };
}

const brotli = promisify(brotliCompress);
const zip = promisify<Buffer, { level: number }, Buffer>(gzip);

async function keepSmaller(path: string, content: Buffer, compressed: Promise<Buffer>): Promise<number | undefined> {
  const bytes = await compressed;
  if (bytes.length >= content.length) return undefined;
  await writeFile(path, bytes);
  return bytes.length;
}
