import { useLocation, useNavigate } from "@tanstack/react-router";
import FilePlus from "lucide-react/icons/file-plus";
import FolderPlus from "lucide-react/icons/folder-plus";
import FolderUp from "lucide-react/icons/folder-up";
import Upload from "lucide-react/icons/upload";
import type { Icon as IconType } from "../../design/icon.ts";
import type { PlainKey } from "../../messages/messages.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { type MainActs, onceMainActs } from "../../features/files/acts/main-acts.ts";

/** Menu items of New and Upload. Undefined in Settings and Administration, which show no files. */
export function useMainItems() {
  const { message } = useMessages();
  const run = useMainAct();
  const hasNoFiles = useLocation({ select: ({ pathname }) => /^\/(settings|admin)/.test(pathname) });
  if (hasNoFiles) return undefined;
  const item = (label: PlainKey, Icon: IconType, act: keyof MainActs) => ({
    label: message(label),
    Icon,
    run: () => run(act),
  });
  return {
    item,
    newItems: () => [item("shell.newFolder", FolderPlus, "newFolder"), item("shell.newText", FilePlus, "newText")],
    uploadItems: () => [
      item("shell.uploadFiles", Upload, "uploadFiles"),
      item("shell.uploadFolder", FolderUp, "uploadFolder"),
    ],
  };
}

/** Opens the root folder first if no folder is shown. */
function useMainAct(): (act: keyof MainActs) => void {
  const navigate = useNavigate();
  return (act) => {
    let begun = false;
    onceMainActs((acts) => {
      begun = true;
      acts[act]();
    });
    if (!begun) void navigate({ to: "/files" });
  };
}
