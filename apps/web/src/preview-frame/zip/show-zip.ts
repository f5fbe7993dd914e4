import type { FrameContent, FrameFacts } from "../frame-messages.ts";
import type { ReadRange } from "./asked-bytes.ts";
import { makeGrid } from "./zip-grid.ts";
import { readZipDirectory } from "./zip-directory.ts";
import { makeRowMaker } from "./zip-row.ts";
import { makeZipTree } from "./zip-tree.ts";

/** Lists the entries without unpacking. */
export async function showZip(content: FrameContent, read: ReadRange): Promise<FrameFacts> {
  const { sizeBytes, name, words, look } = content;
  const directory = await readZipDirectory(sizeBytes, read);
  const tree = makeZipTree(directory.entries);
  const rows = makeRowMaker(words, look.locale);
  const grid = makeGrid({ name, top: tree.top, ...rows, locale: look.locale, direction: look.direction });
  const root = document.createElement("main");
  root.className = "zip";
  root.dir = look.direction;
  root.append(grid);
  document.body.replaceChildren(root);
  const { filesCount, foldersCount, contentBytes } = tree;
  return { filesCount, foldersCount, contentBytes, ...(directory.isCut || tree.isCut ? { isCut: true } : {}) };
}
