import { limits } from "@holdfast/core/limits";
import type { ArchiveComment } from "@holdfast/protocol/archive-documents";
import { allPages, pageItemsMax } from "../remote/pages.ts";
import type { ImportWork } from "./import-work.ts";

/**
 * The importing account becomes the author of each comment, whose text names the original author and time. Existing
 * comments are not repeated.
 */
export async function importWords(work: ImportWork, placed: ReadonlyMap<string, string>): Promise<void> {
  const { archive, imported, client } = work;
  for (const nodeId of archive.starred) {
    const id = placed.get(nodeId);
    if (id === undefined || nodeId === archive.root.id) continue;
    await client.call("starNode", { params: { id } });
    imported.stars += 1;
  }
  for (const [nodeId, comments] of Map.groupBy(archive.comments, ({ node_id: id }) => id)) {
    const id = placed.get(nodeId);
    if (id !== undefined) await sayAgain(work, id, comments);
  }
}

async function sayAgain({ archive, imported, client }: ImportWork, id: string, comments: readonly ArchiveComment[]) {
  const said = new Set<string>();
  const list = (cursor: string | undefined) =>
    client.call("listComments", { params: { id }, query: { limit: pageItemsMax, cursor } });
  for await (const page of allPages(list)) for (const { text } of page) said.add(text.trim());
  for (const comment of comments) {
    const text = importedText(comment, archive.people.get(comment.author));
    if (said.has(text)) continue;
    said.add(text);
    const { id: commentId } = await client.call("createComment", { params: { id }, body: { text } });
    if (comment.resolved_at !== null) await client.call("resolveComment", { params: { id: commentId } });
    imported.comments += 1;
  }
}

function importedText({ text, at }: ArchiveComment, author = "somebody"): string {
  const from = `\n(${author}, ${at.slice(0, 16).replace("T", " ")} UTC)`;
  let said = text.trim();
  while (Buffer.byteLength(said + from) > limits.commentBytesMax) said = said.slice(0, -16).trimEnd();
  return (said + from).trim();
}
