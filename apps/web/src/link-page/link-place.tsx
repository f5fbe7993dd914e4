import { useParams } from "@tanstack/react-router";
import { FolderPlace } from "../features/files/places/folder-place.tsx";
import { useCurrentLink } from "./current-link.ts";
import { DropBox } from "./drop-box.tsx";
import { SharedFile } from "./shared-file.tsx";

export function LinkPlace() {
  const { id } = useParams({ strict: false });
  const { node, role } = useCurrentLink();
  if (role === "uploader") return <DropBox node={node} />;
  if (node.kind === "file") return <SharedFile id={node.id} />;
  return <FolderPlace id={id ?? node.id} begin={() => null} />;
}
