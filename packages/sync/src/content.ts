import { cutBlocks } from "@holdfast/core/chunker";
import { sha256 } from "@holdfast/core/hash";
import { contentIdOf } from "@holdfast/core/manifest";
import type { Block } from "./ports.ts";
import type { ContentKey, NodeKind } from "./trees.ts";

export const folderContent = "" as ContentKey;

/** A whole file as the server keeps it. */
export function contentOf(bytes: Uint8Array): { readonly key: ContentKey; readonly blocks: readonly Block[] } {
  const blocks = cutBlocks(bytes, true).blocks.map(({ start, end }) => {
    const piece = bytes.subarray(start, end);
    return { hash: sha256(piece), bytes: piece };
  });
  const key = contentIdOf(blocks.map((block) => ({ hash: block.hash, size: block.bytes.length })));
  return { key: key as string as ContentKey, blocks };
}

export function linkContent(target: string): ContentKey {
  return `link:${target}` as ContentKey;
}

/** A node keeps its kind for life, and its content shows it. */
export function kindOf(content: ContentKey): NodeKind {
  if (content === folderContent) return "folder";
  return content.startsWith("link:") ? "symlink" : "file";
}

export function targetOf(content: ContentKey): string {
  return content.slice("link:".length);
}
