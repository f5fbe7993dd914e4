import type { WalkedEntry, WalkedFile } from "../engine/job.ts";

export type Source = SourceFile | SourceFolder;

export interface SourceFile {
  readonly kind: "file";
  readonly name: string;
  readonly open: () => Promise<File>;
}

export interface SourceFolder {
  readonly kind: "folder";
  readonly name: string;
  /** Lists children in portions. */
  readonly list: () => AsyncIterable<readonly Source[]>;
}

const portionMax = 200;

/** Folders before their contents, in portions of some hundred. */
export async function* walk(sources: readonly Source[]): AsyncGenerator<WalkedEntry[], void, undefined> {
  let portion: WalkedEntry[] = [];
  const waiting = sources.map((source) => ({ source, path: source.name })).toReversed();
  for (let visit = waiting.pop(); visit !== undefined; visit = waiting.pop()) {
    const { source, path } = visit;
    if (source.kind === "file") portion.push(await fileAt(source, path));
    else {
      portion.push({ kind: "folder", path });
      const found: { source: Source; path: string }[] = [];
      for await (const some of source.list()) {
        for (const each of some) found.push({ source: each, path: `${path}/${each.name}` });
      }
      waiting.push(...found.toReversed());
    }
    if (portion.length < portionMax) continue;
    yield portion;
    portion = [];
  }
  yield portion;
}

async function fileAt({ open }: SourceFile, path: string): Promise<WalkedFile> {
  const reopen = async (): Promise<{ file: File; mtimeMs: number }> => {
    const file = await open();
    return { file, mtimeMs: file.lastModified };
  };
  try {
    return { kind: "file", path, ...(await reopen()), reopen };
  } catch {
    return { kind: "file", path, file: new Blob(), mtimeMs: 0, isUnread: true, reopen };
  }
}
