import type { PermissionJson } from "@holdfast/protocol/sharing-routes";
import KeyRound from "lucide-react/icons/key-round";
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

/** For whoever has the address; and the app passwords that are limited to the folder, each of which a link without an address holds there. */
export function LinkList({ node, links: all = [] }: LinkListProps) {
  const { message } = useMessages();
  const links = all.filter(({ app }) => app !== true);
  const apps = all.filter(({ app }) => app === true);
  return (
    <>
      <section aria-labelledby="share-links" className="flex flex-col gap-2 border-t border-line pt-4">
        <h3 id="share-links" className="font-semibold">
          {message("share.links")}
        </h3>
        <Rows node={node} links={links} />
        <NewLink node={node} />
      </section>
      {apps.length > 0 && (
        <section aria-labelledby="share-apps" className="flex flex-col gap-2 border-t border-line pt-4">
          <h3 id="share-apps" className="font-semibold">
            {message("share.apps")}
          </h3>
          <Rows node={node} links={apps} />
        </section>
      )}
    </>
  );
}

function Rows({ node, links }: Pick<LinkListProps, "node"> & { readonly links: readonly PermissionJson[] }) {
  if (links.length === 0) return undefined;
  return (
    <ul className="flex flex-col gap-1">
      {links.map((link) => (
        <LinkRow key={link.id} node={node} link={link} />
      ))}
    </ul>
  );
}

const linkWords = {
  remove: "share.removeLink",
  about: "share.removeLinkAbout",
  act: "share.removeLinkDo",
} as const;
const appWords = { remove: "share.revokeApp", about: "share.revokeAppAbout", act: "share.revokeAppDo" } as const;

function LinkRow({ node, link }: Pick<LinkListProps, "node"> & { readonly link: PermissionJson }) {
  const { message, day, number } = useMessages();
  const { remove } = usePermissionChanges(node.id, link);
  const [asks, setAsks] = useState(false);
  const name = link.grantee.name ?? message("share.linkOf", { day: day(link.created_at) });
  const isApp = link.app === true;
  const { remove: removeWords, about, act } = isApp ? appWords : linkWords;
  const Icon = isApp ? KeyRound : Link2;
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
        <Icon aria-hidden size={16} />
      </span>
      <div className="min-w-0 flex-1">
        <p className="wrap-anywhere">
          <bdi>{name}</bdi>
        </p>
        <p className="text-sm text-muted">{notes.join(" · ")}</p>
      </div>
      {link.inherited_from === undefined && (
        <IconButton
          small
          label={message(removeWords, { name })}
          Icon={Trash}
          busy={remove.isPending}
          onClick={() => setAsks(true)}
        />
      )}
      <FormDialog
        open={asks}
        size="small"
        title={message(removeWords, { name })}
        about={message(about)}
        act={message(act)}
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
