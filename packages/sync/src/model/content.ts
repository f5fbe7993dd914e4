import { contentIdOf, type ManifestEntry } from "@holdfast/core/manifest";
import type { ContentKey } from "./trees.ts";
import type { NodeKind } from "@holdfast/sync-ports/ports";

export const folderContent = "" as ContentKey;

export function contentOfBlocks(blocks: readonly ManifestEntry[]): ContentKey {
  return contentIdOf(blocks) as string as ContentKey;
}

export function linkContent(target: string): ContentKey {
  return `link:${target}` as ContentKey;
}

/** The content key shows the kind, which never changes. */
export function kindOf(content: ContentKey): NodeKind {
  if (content === folderContent) return "folder";
  return content.startsWith("link:") ? "symlink" : "file";
}

export function targetOf(content: ContentKey): string {
  return content.slice("link:".length);
}
