import type { NodeJson } from "@holdfast/protocol/values";
import { useQuery } from "@tanstack/react-query";
import { permissionsOf } from "../../data/permissions.ts";
import { useDrive } from "../../data/use-drive.ts";
import type { MessageKey } from "../../messages/en.ts";
import { fileTypeWords } from "../../messages/file-type-words.ts";
import type { Messages } from "../../messages/messages.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { accessWords } from "./access.ts";
import { Fact } from "./fact.tsx";
import { KeepOffline } from "./keep-offline.tsx";
import { PhotoFacts } from "./photo/photo-facts.tsx";
import { Watching } from "./watching.tsx";

/** Facts without a column in the list. */
export function Facts({ node }: { readonly node: NodeJson }) {
  const words = useMessages();
  const { message, dateTime, number } = words;
  const isFile = node.kind === "file";
  const facts: readonly (readonly [MessageKey, string | undefined])[] = [
    [
      "details.kind",
      isFile ? fileTypeWords({ name: node.name, mimeType: node.mime_type }, words) : message(kindWords[node.kind]),
    ],
    ["details.place", node.path],
    ["files.columnSize", isFile ? sizeWords(node.size, words) : undefined],
    ["details.target", node.kind === "symlink" ? node.target : undefined],
    ["files.columnModified", dateTime(node.modified_at)],
    ["details.added", dateTime(node.created_at)],
    ["details.version", node.version === null ? undefined : number(node.version)],
    ["details.access", useAccess(node)],
  ];
  return (
    <>
      <div className="mb-4 flex flex-wrap gap-2 empty:hidden">
        <KeepOffline node={node} />
        <Watching node={node} />
      </div>
      <dl className="flex flex-col gap-3">
        {facts.map(
          ([key, value]) =>
            value !== undefined && (
              <Fact key={key} term={message(key as "details.kind")}>
                <bdi>{value}</bdi>
              </Fact>
            ),
        )}
        {hasPhotoFacts(node) && <PhotoFacts node={node} />}
      </dl>
    </>
  );
}

/** Small sizes are whole bytes already. */
function sizeWords(bytes: number, { message, size, number }: Messages): string {
  return bytes < 1024 ? size(bytes) : `${size(bytes)} (${message("details.bytes", { bytes: number(bytes) })})`;
}

/** @returns undefined while loading */
function useAccess({ id, role }: NodeJson): string | undefined {
  const words = useMessages();
  const isOwner = role === "owner";
  const { data } = useQuery({ ...permissionsOf(useDrive(), id), enabled: isOwner });
  if (!isOwner) return words.message("details.sharedWithYou");
  return data && accessWords(data, words);
}

const photoTypes = /^image\/(jpeg|png|webp|gif|heic|heif|avif)$/;

function hasPhotoFacts({ kind, mime_type: type, size, role, trashed_at: trashedAt }: NodeJson): boolean {
  const isReadable = kind === "file" && size > 0 && role !== "uploader" && trashedAt === null;
  return isReadable && photoTypes.test(type ?? "");
}

const kindWords = {
  file: "details.file",
  folder: "details.folder",
  mount: "details.mount",
  symlink: "details.symlink",
} as const satisfies Record<NodeJson["kind"], MessageKey>;
