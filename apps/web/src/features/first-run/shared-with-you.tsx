import type { SharedJson } from "@holdfast/protocol/sharing-routes";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import FolderPlus from "lucide-react/icons/folder-plus";
import { useDrive } from "../../data/use-drive.ts";
import { Button, buttonLook } from "../../design/button.tsx";
import { Notice } from "../../design/notice.tsx";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";

/** Shared contains the complete list. */
const shownMax = 3;

/** Shared items that are not mounted. Most people who come by an invitation come for these. */
export function SharedWithYou() {
  const { client } = useDrive();
  const { data } = useQuery({
    queryKey: ["first-run", "shared-with-me"],
    queryFn: ({ signal }) => client.call("listSharedWithMe", { query: { limit: 20 }, signal }),
  });
  const waiting = (data?.items ?? []).filter((each) => each.mount_id === null).slice(0, shownMax);
  return waiting.map((each) => <OneShared key={each.node.id} shared={each} />);
}

function OneShared({ shared: { node, owner } }: { readonly shared: SharedJson }) {
  const words = useMessages();
  const { message } = words;
  const { client } = useDrive();
  // On success, the list above shows the mount and this page disappears.
  const add = useMutation({ mutationFn: () => client.call("createMount", { body: { node_id: node.id } }) });
  const isFolder = node.kind === "folder";
  return (
    <Notice
      kind={add.isError ? "error" : "info"}
      isNews={add.isError}
      title={message("firstRun.shared", { who: owner.name || owner.email, name: node.name })}
      acts={
        isFolder ? (
          <Button kind="primary" Icon={FolderPlus} busy={add.isPending || add.isSuccess} onClick={() => add.mutate()}>
            {message("firstRun.sharedAdd")}
          </Button>
        ) : (
          <Link to="/shared" className={buttonLook("secondary")}>
            {message("firstRun.sharedLook")}
          </Link>
        )
      }
    >
      {add.isError
        ? problemWords(add.error, words)
        : message(isFolder ? "firstRun.sharedAbout" : "firstRun.sharedFileAbout")}
    </Notice>
  );
}
