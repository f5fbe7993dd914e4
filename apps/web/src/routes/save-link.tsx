import { fixedToken } from "@holdfast/api-client/access-tokens";
import { toHoldfastError } from "@holdfast/core/errors";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { openClient, openPublicClient } from "../data/client.ts";
import { rowOf } from "../data/row.ts";
import { useDrive } from "../data/use-drive.ts";
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
  const { node, downloadsLeft } = data;
  if (downloadsLeft === 0) return <Failure title={message("link.usedUpShort")} />;
  if (save.error !== null) {
    return (
      <Failure
        title={problemWords(save.error, words)}
        acts={<Button onClick={() => save.reset()}>{message("shell.tryAgain")}</Button>}
      />
    );
  }
  return (
    <MoveDialog
      kind="copy"
      rows={[rowOf(node)]}
      from={undefined}
      onClose={leave}
      onChoose={(to) => save.mutate({ id: node.id, to })}
    />
  );
}

/** Calls by the link alone: without the account's session. */
function useLink(proof: string, itemId: string | undefined) {
  const { data, error, refetch } = useQuery({
    queryKey: ["link to save", proof, itemId ?? ""],
    staleTime: 0,
    gcTime: 0,
    queryFn: async ({ signal }) => {
      const client = openClient(fixedToken(proof));
      const { node, downloads_left: downloadsLeft } = await client.call("getCurrentLink", { signal });
      if (itemId === undefined) return { node, downloadsLeft };
      return { node: await client.call("getNode", { params: { id: itemId }, signal }), downloadsLeft };
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
      showToast({ text: message("files.copied", { count: 1, name: shownName(made.name), folder: to.name }) });
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
      <p className="text-muted">{message("link.passwordAbout")}</p>
      <LinkPasswordForm enter={enter} />
    </div>
  );
}
