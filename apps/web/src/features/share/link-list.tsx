import type { PermissionJson } from "@holdfast/protocol/sharing-routes";
import { useMutation } from "@tanstack/react-query";
import Copy from "lucide-react/icons/copy";
import KeyRound from "lucide-react/icons/key-round";
import Link2 from "lucide-react/icons/link-2";
import QrCode from "lucide-react/icons/qr-code";
import Trash from "lucide-react/icons/trash-2";
import { useState } from "react";
import { useDrive } from "../../data/use-drive.ts";
import { copyText, CopyFailed } from "../../design/copy-text.ts";
import { FormDialog } from "../../design/form-dialog.tsx";
import { IconButton } from "../../design/icon-button.tsx";
import { showToast } from "../../design/toasts.ts";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { LinkAddress } from "./link-address.tsx";
import { NewLink } from "./new-link.tsx";
import { useMayChange, usePermissionChanges } from "./people-list.tsx";
import { roleWords } from "./role-menu.tsx";
import type { SharingProps } from "./sharing-props.ts";

interface LinkListProps extends SharingProps {
  readonly links: readonly PermissionJson[] | undefined;
}

/** Links, and app passwords limited to the folder. Such an app password is stored as a link without an address. */
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
  const { message, ago, day, number } = useMessages();
  const { remove } = usePermissionChanges(node.id, link);
  const [asks, setAsks] = useState(false);
  const address = useAddress(link);
  const name = link.grantee.name ?? message("share.linkOf", { day: day(link.created_at) });
  const isApp = link.app === true;
  const mayChange = useMayChange(node, link);
  const { remove: removeWords, about, act } = isApp ? appWords : linkWords;
  const Icon = isApp ? KeyRound : Link2;
  const downloads = { count: link.downloads ?? 0 };
  const most = link.max_downloads ?? null;
  const notes = [
    message(roleWords[link.role]),
    link.has_password === true ? message("share.withPassword") : undefined,
    link.expires_at === null ? undefined : message("share.ends", { day: day(link.expires_at) }),
    most === null ? undefined : message("share.downloadsOf", { done: number(downloads.count), most: number(most) }),
    // Block downloads by devices are not counted, so zero is not shown.
    most === null && downloads.count > 0 ? message("share.downloads", downloads) : undefined,
    link.last_used_at == null ? undefined : message("share.used", { when: ago(link.last_used_at) }),
    link.disabled === true ? message("share.disabled") : undefined,
    link.inherited_from === undefined ? undefined : message("share.inherited"),
  ].filter((note) => note !== undefined);
  return (
    <li className="flex flex-col gap-2">
      <div className="flex min-h-12 items-center gap-3">
        <span className="flex size-8 shrink-0 items-center justify-center rounded-full bg-hover">
          <Icon aria-hidden size={16} />
        </span>
        <div className="min-w-0 flex-1">
          <p className="wrap-anywhere">
            <bdi>{name}</bdi>
          </p>
          <p className="text-sm text-muted">{notes.join(" · ")}</p>
        </div>
        {!isApp && mayChange && <AddressButtons name={name} address={address} />}
        {link.inherited_from === undefined && mayChange && (
          <IconButton
            small
            label={message(removeWords, { name })}
            Icon={Trash}
            busy={remove.isPending}
            onClick={() => setAsks(true)}
          />
        )}
      </div>
      {address.shown !== undefined && <LinkAddress value={address.shown} />}
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

/** Fetches the address of a link on demand, because lists do not contain it. */
function useAddress({ id }: PermissionJson) {
  const { client } = useDrive();
  const words = useMessages();
  const [isShown, setShown] = useState(false);
  const { data, mutateAsync: fetchAddress } = useMutation({
    mutationFn: () => client.call("readLinkAddress", { params: { id } }),
    onError: (thrown) => showToast({ text: problemWords(thrown, words), kind: "error" }),
  });
  const show = () => fetchAddress().then(() => setShown(true));
  const copy = () =>
    copyText(fetchAddress().then(({ url }) => url)).then(
      () => void showToast({ text: words.message("files.linkCopied") }),
      (thrown: unknown) => setShown(thrown instanceof CopyFailed),
    );
  return {
    shown: isShown ? data?.url : undefined,
    copy: () => void copy(),
    // `onError` reports a failure.
    toggle: () => (isShown ? setShown(false) : void show().catch(() => undefined)),
  };
}

function AddressButtons({ name, address }: { readonly name: string; readonly address: ReturnType<typeof useAddress> }) {
  const { message } = useMessages();
  return (
    <>
      <IconButton small label={message("share.copyLink", { name })} Icon={Copy} onClick={address.copy} />
      <IconButton
        small
        label={message("share.qrOf", { name })}
        Icon={QrCode}
        aria-expanded={address.shown !== undefined}
        onClick={address.toggle}
      />
    </>
  );
}
