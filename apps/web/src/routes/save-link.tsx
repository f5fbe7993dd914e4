import { fixedToken } from "@holdfast/api-client/access-tokens";
import { toHoldfastError } from "@holdfast/core/errors";
import type { NodeJson } from "@holdfast/protocol/values";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useLocation, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useAccount } from "../data/account.ts";
import { openClient, openPublicClient } from "../data/client.ts";
import { rowOf } from "../data/row.ts";
import { useDrive } from "../data/use-drive.ts";
import { useSession } from "../data/use-session.ts";
import { Button } from "../design/button.tsx";
import { Failure } from "../design/notice.tsx";
import { usePageTitle } from "../design/page-title.ts";
import { Progress } from "../design/progress.tsx";
import { shownName } from "../design/shown-name.ts";
import { showToast } from "../design/toasts.ts";
import { MoveDialog } from "../features/files/move/move-dialog.tsx";
import { LinkPasswordForm } from "../features/sign-in/link-password-form.tsx";
import { problemWords } from "../messages/problem-words.ts";
import { useMessages } from "../messages/use-messages.ts";
import type { FindSearch } from "./place-search.ts";

/** Copies what a link shows into a folder of the account. The page of a link leads here, because it has no session. */
export function SaveLinkPlace() {
  const { message } = useMessages();
  const { token = "" } = useParams({ strict: false });
  const { in: itemId }: Pick<FindSearch, "in"> = useSearch({ strict: false });
  const title = message("saveLink.title");
  usePageTitle(title);
  return (
    <>
      <h1 className="sr-only">{title}</h1>
      <SaveLink key={`${token} ${itemId ?? ""}`} token={token} itemId={itemId} />
    </>
  );
}

interface SaveLinkProps {
  readonly token: string;
  /** Undefined: all that the link shows. */
  readonly itemId: string | undefined;
}

function SaveLink({ token, itemId }: SaveLinkProps) {
  const words = useMessages();
  const { message } = words;
  /** The link's token, or the one that replaces it after the password. */
  const [proof, setProof] = useState(token);
  const { data, error, refetch } = useLink(proof, itemId);
  // The link may be the reason.
  const save = useSave(proof, () => void refetch());
  const navigate = useNavigate();
  const leave = () => void navigate({ to: "/files", replace: true });
  // 15 minutes after the password: the link itself then asks for it again, or has ended.
  if (error?.code === "unauthenticated" && proof !== token) setProof(token);
  if (save.isPending || save.isSuccess) {
    return (
      <div className="mx-auto w-full max-w-110 p-6">
        <Progress label={message("saveLink.saving")} />
      </div>
    );
  }
  if (error !== null) {
    const onOpen = (opened: string) => {
      save.reset();
      setProof(opened);
    };
    if (error.field === "password") return <Password token={token} onOpen={onOpen} />;
    const isEnded = ["unauthenticated", "not_found", "trashed"].includes(error.code);
    return (
      <Failure
        title={isEnded ? message("link.ended") : problemWords(error, words)}
        acts={<Button onClick={() => void refetch()}>{message("shell.tryAgain")}</Button>}
      >
        {isEnded ? message("link.endedAbout") : undefined}
      </Failure>
    );
  }
  if (data === undefined) return null;
  if (data.downloadsLeft === 0) return <Failure title={message("link.usedUpShort")} />;
  if (save.error !== null) {
    return (
      <Failure
        title={problemWords(save.error, words)}
        acts={<Button onClick={() => save.reset()}>{message("shell.tryAgain")}</Button>}
      />
    );
  }
  return <SaveDialog link={data} onClose={leave} onChoose={(to) => save.mutate({ id: data.node.id, to })} />;
}

interface LinkToSave {
  readonly node: NodeJson;
  readonly ownerName: string;
  /** Null: unlimited. */
  readonly downloadsLeft: number | null;
}

interface SaveDialogProps {
  readonly link: LinkToSave;
  readonly onClose: () => void;
  readonly onChoose: (to: Choice["to"]) => void;
}

function SaveDialog({ link: { node, ownerName, downloadsLeft }, onClose, onChoose }: SaveDialogProps) {
  const { message } = useMessages();
  const about = (
    <div className="flex flex-col gap-2 wrap-anywhere">
      <p>
        <bdi>{message("link.from", { name: shownName(ownerName) })}</bdi>
      </p>
      <OwnAccount />
      {downloadsLeft !== null && <p>{message("saveLink.counts", { count: downloadsLeft })}</p>}
    </div>
  );
  return (
    <MoveDialog
      kind="copy"
      rows={[rowOf(node)]}
      from={undefined}
      save={{
        title: message("saveLink.what", { name: shownName(node.name) }),
        about,
        act: (folder) => message("saveLink.to", { folder }),
      }}
      onClose={onClose}
      onChoose={onChoose}
    />
  );
}

/** The browser may be signed in to another account than the visitor expects. */
function OwnAccount() {
  const { message } = useMessages();
  const { data: account } = useAccount();
  const { mutate, isPending } = useSwitch();
  if (account === undefined) return null;
  const { name, email } = account;
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
      <p>
        <bdi>
          {name === email ? message("saveLink.ofAddress", { email }) : message("saveLink.ofPerson", { name, email })}
        </bdi>
      </p>
      <Button busy={isPending} onClick={() => mutate()}>
        {message("saveLink.switch")}
      </Button>
    </div>
  );
}

function useSwitch() {
  const session = useSession();
  const navigate = useNavigate();
  const next = useLocation({ select: ({ href }) => href });
  return useMutation({
    mutationFn: async () => {
      // The sign-in page reports failures.
      await session.signOut().catch(() => {});
      const state = session.getSnapshot();
      if (state !== "signed_out" && state !== "leaving") return;
      // The shell has opened that page, but without the way back.
      await navigate({ to: "/sign-in", search: { next }, replace: true });
    },
  });
}

/** Calls by the link alone: without the account's session. */
function useLink(proof: string, itemId: string | undefined) {
  const { data, error, refetch } = useQuery({
    queryKey: ["link to save", proof, itemId ?? ""],
    staleTime: 0,
    gcTime: 0,
    queryFn: async ({ signal }): Promise<LinkToSave> => {
      const client = openClient(fixedToken(proof));
      const link = await client.call("getCurrentLink", { signal });
      const node = itemId === undefined ? link.node : await client.call("getNode", { params: { id: itemId }, signal });
      return { node, ownerName: link.owner_name, downloadsLeft: link.downloads_left };
    },
  });
  return { data, error: error === null ? null : toHoldfastError(error), refetch };
}

interface Choice {
  readonly id: string;
  readonly to: { readonly id: string; readonly name: string };
}

function useSave(proof: string, onFailed: () => void) {
  const { message } = useMessages();
  const { client, folders } = useDrive();
  const navigate = useNavigate();
  return useMutation({
    mutationFn: ({ id, to }: Choice) =>
      client.call("copyFromLink", {
        body: { token: proof, file_id: id, parent_id: to.id, on_conflict: "rename" },
      }),
    onError: onFailed,
    onSuccess: (made, { to }) => {
      folders.take([made]);
      const open = () => void navigate({ to: "/files/$id", params: { id: made.id } });
      showToast({
        text: message("saveLink.saved", { name: shownName(made.name), folder: shownName(to.name) }),
        act: made.kind === "folder" ? { label: message("saveLink.openFolder"), run: open } : undefined,
      });
      void navigate({ to: "/files/$id", params: { id: to.id }, replace: true });
    },
  });
}

interface PasswordProps {
  readonly token: string;
  readonly onOpen: (proof: string) => void;
}

function Password({ token, onOpen }: PasswordProps) {
  const { message } = useMessages();
  const enter = async (password: string) => {
    const opened = await openPublicClient().call("startLinkSession", { body: { token, password }, asksOnce: true });
    onOpen(opened.access_token);
  };
  return (
    <div className="mx-auto flex w-full max-w-110 flex-col gap-6 p-6">
      <div className="flex flex-col gap-1">
        <h2 className="text-lg font-semibold">{message("link.passwordTitle")}</h2>
        <p className="text-muted">{message("link.passwordAbout")}</p>
      </div>
      <LinkPasswordForm enter={enter} />
    </div>
  );
}
