import type { PermissionJson } from "@holdfast/protocol/sharing-routes";
import Link2 from "lucide-react/icons/link-2";
import Trash from "lucide-react/icons/trash-2";
import { useState } from "react";
import { FormDialog } from "../../design/form-dialog.tsx";
import { IconButton } from "../../design/icon-button.tsx";
import { useMessages } from "../../messages/use-messages.ts";
import { NewLink } from "./new-link.tsx";
import { usePermissionChanges } from "./people-list.tsx";
import { roleWords } from "./role-select.tsx";
import type { ShareDialogProps } from "./share-props.ts";

interface LinkListProps extends Pick<ShareDialogProps, "node"> {
  readonly links: readonly PermissionJson[] | undefined;
}

/** For whoever has the address. */
export function LinkList({ node, links = [] }: LinkListProps) {
  const { message } = useMessages();
  return (
    <section aria-labelledby="share-links" className="flex flex-col gap-2 border-t border-line pt-4">
      <h3 id="share-links" className="font-semibold">
        {message("share.links")}
      </h3>
      {links.length > 0 && (
        <ul className="flex flex-col gap-1">
          {links.map((link) => (
            <LinkRow key={link.id} node={node} link={link} />
          ))}
        </ul>
      )}
      <NewLink node={node} />
    </section>
  );
}

function LinkRow({ node, link }: Pick<LinkListProps, "node"> & { readonly link: PermissionJson }) {
  const { message, day, number } = useMessages();
  const { remove } = usePermissionChanges(node.id, link);
  const [asks, setAsks] = useState(false);
  const name = link.grantee.name ?? message("share.linkOf", { day: day(link.created_at) });
  const downloads = { count: link.downloads ?? 0 };
  const most = link.max_downloads ?? null;
  const notes = [
    message(roleWords[link.role]),
    link.has_password === true ? message("share.withPassword") : undefined,
    link.expires_at === null ? undefined : message("share.ends", { day: day(link.expires_at) }),
    most === null ? undefined : message("share.downloadsOf", { done: number(downloads.count), most: number(most) }),
    // What devices fetch in blocks is not among them, so that none says nothing.
    most === null && downloads.count > 0 ? message("share.downloads", downloads) : undefined,
    link.disabled === true ? message("share.disabled") : undefined,
    link.inherited_from === undefined ? undefined : message("share.inherited"),
  ].filter((note) => note !== undefined);
  return (
    <li className="flex min-h-12 items-center gap-3">
      <span className="flex size-8 shrink-0 items-center justify-center rounded-full bg-hover">
        <Link2 aria-hidden size={16} />
      </span>
      <div className="min-w-0 flex-1">
        <p className="truncate">
          <bdi>{name}</bdi>
        </p>
        <p className="text-sm text-muted">{notes.join(" · ")}</p>
      </div>
      {link.inherited_from === undefined && (
        <IconButton
          small
          label={message("share.removeLink", { name })}
          Icon={Trash}
          busy={remove.isPending}
          onClick={() => setAsks(true)}
        />
      )}
      <FormDialog
        open={asks}
        size="small"
        title={message("share.removeLink", { name })}
        about={message("share.removeLinkAbout")}
        act={message("share.removeLinkDo")}
        isDanger
        onSubmit={() => {
          setAsks(false);
          remove.mutate();
        }}
        onClose={() => setAsks(false)}
      />
    </li>
  );
}
