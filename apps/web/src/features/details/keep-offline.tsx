import type { NodeJson } from "@holdfast/protocol/values";
import HardDriveDownload from "lucide-react/icons/hard-drive-download";
import { useDrive } from "../../data/use-drive.ts";
import { useKept } from "../../data/use-kept.ts";
import { Button } from "../../design/button.tsx";
import { useMessages } from "../../messages/use-messages.ts";

/** Hidden if this browser cannot keep files offline or the node has no readable content. */
export function KeepOffline({ node }: { readonly node: NodeJson }) {
  const { message } = useMessages();
  const { kept } = useDrive();
  const { marks, ids } = useKept();
  const { kind, role, name, trashed_at: trashedAt } = node;
  if (!kept.isPossible || kind === "symlink" || role === "uploader" || trashedAt !== null) return null;
  const id = kind === "mount" ? (node.target ?? node.id) : node.id;
  const isMarked = marks.some((mark) => mark.id === id);
  if (!isMarked && ids.has(id)) return <p className="w-full text-muted">{message("files.isKept")}</p>;
  const toggle = () =>
    isMarked ? kept.drop(new Set([id])) : kept.keep([{ id, kind: kind === "file" ? "file" : "folder", name }]);
  return (
    <Button Icon={HardDriveDownload} onClick={() => void toggle()}>
      {message(isMarked ? "files.dropOffline" : "files.keepOffline")}
    </Button>
  );
}
