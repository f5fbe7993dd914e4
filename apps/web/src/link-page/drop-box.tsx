import type { NodeJson } from "@holdfast/protocol/values";
import FileUp from "lucide-react/icons/file-up";
import FolderUp from "lucide-react/icons/folder-up";
import Inbox from "lucide-react/icons/inbox";
import { pickUploads } from "../commands/uploads.ts";
import { Button } from "../design/button.tsx";
import { usePageTitle } from "../design/page-title.ts";
import { shownName } from "../design/shown-name.ts";
import { OutsideDrop } from "../features/files/list/outside-drop.tsx";
import { useMessages } from "../messages/use-messages.ts";

/** Page of links that permit uploads only. */
export function DropBox({ node }: { readonly node: NodeJson }) {
  const { message } = useMessages();
  const title = shownName(node.name || message("files.home"));
  usePageTitle(title);
  return (
    <section aria-label={title} className="flex h-full flex-col items-center gap-6 overflow-y-auto p-4 sm:pt-12">
      <div className="flex w-full max-w-160 flex-col gap-2 text-center">
        <h1 className="text-xl font-semibold wrap-anywhere">
          <bdi>{title}</bdi>
        </h1>
        <p className="text-muted">{message("link.dropAbout")}</p>
      </div>
      <div className="flex w-full max-w-160 flex-col items-center gap-4 rounded-lg border-2 border-dashed border-edge bg-surface px-6 py-12 text-center">
        <Inbox aria-hidden size={40} strokeWidth={1.25} className="text-muted" />
        <p className="text-lg font-semibold pointer-coarse:hidden">{message("link.dropHere")}</p>
        <div className="flex flex-wrap justify-center gap-3">
          <Button kind="primary" Icon={FileUp} onClick={() => pickUploads("files", node.id)}>
            {message("link.chooseFiles")}
          </Button>
          <Button Icon={FolderUp} onClick={() => pickUploads("folder", node.id)}>
            {message("link.chooseFolder")}
          </Button>
        </div>
        <p className="text-muted">{message("link.dropNothing")}</p>
      </div>
      <OutsideDrop folderId={node.id} folderName={title} />
    </section>
  );
}
