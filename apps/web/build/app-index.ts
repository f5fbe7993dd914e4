import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

/** Served file. The server serves only the files in the index (`appIndexName`). */
export interface IndexedFile {
  /** Path relative to the build's folder, with '/'. */
  readonly file: string;
  readonly sizeBytes: number;
  readonly tag: string;
  /** Sizes of the brotli (`file` + ".br") and gzip (".gz") copies, if these are smaller. */
  readonly br?: number;
  readonly gz?: number;
}

export const appIndexName = "app.json";

/** Writes the index last, so a folder with an index is complete. */
export async function writeAppIndex(folder: string): Promise<void> {
  const files = await Promise.all((await servedFiles(folder)).map((file) => indexFile(folder, file)));
  await writeFile(join(folder, appIndexName), JSON.stringify({ files }));
}

/** Lists the files of a build that has no index yet. @returns paths relative to the folder, with '/' */
export async function servedFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const files = paths.map((path) => relative(folder, path).split(sep).join("/"));
  return files.filter((file) => !isPrivate(file)).toSorted();
}

/** Hashes a content to a tag that is unique across builds. */
export function contentTag(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("base64url").slice(0, 22);
}

/** Vite's manifest and other files that only the build's tests read. */
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
