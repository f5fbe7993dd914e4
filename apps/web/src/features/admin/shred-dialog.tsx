import { toHoldfastError } from "@holdfast/core/errors";
import type { ShreddingJson } from "@holdfast/protocol/shred-routes";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { useDrive } from "../../data/use-drive.ts";
import { Field } from "../../design/field.tsx";
import { FormDialog } from "../../design/form-dialog.tsx";
import { Loaded } from "../../design/loaded.tsx";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { backupWords, ShredProgress } from "./shred-progress.tsx";
import { shreddingKey, useShredding } from "./use-shredding.ts";
import type { UserJson } from "./users-list.ts";

interface ShredDialogProps {
  readonly user: UserJson;
  readonly onClose: () => void;
}

/** Requires the account's address as confirmation. */
export function ShredDialog({ user, onClose }: ShredDialogProps) {
  const [isShown, setShown] = useState(false);
  const load = useShredding(user.id, isShown);
  const isAsked = load.data !== undefined && load.data.state !== "dry_run";
  if (isAsked) return <ShredProgress name={user.name} shredding={load.data} onClose={onClose} />;
  return <AskShredding user={user} load={load} onShown={() => setShown(true)} onClose={onClose} />;
}

interface AskShreddingProps extends ShredDialogProps {
  readonly load: ReturnType<typeof useShredding>;
  readonly onShown: () => void;
}

function AskShredding({ user, load, onShown, onClose }: AskShreddingProps) {
  const words = useMessages();
  const { message } = words;
  const [typed, setTyped] = useState("");
  const [isTried, setTried] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const begin = useBegin(user);
  const planned = load.data;
  // The list may be outdated.
  const email = planned?.email ?? user.email;
  const isWrong = typed.trim() !== email;
  const send = () => {
    setTried(true);
    if (isWrong) field.current?.focus();
    else begin.mutate();
  };
  const failure = begin.error === null ? undefined : toHoldfastError(begin.error);
  const refusal = failure?.code === "conflict" ? message("shred.refused") : undefined;
  return (
    <FormDialog
      open
      isDanger
      title={message("shred.title", { name: user.name })}
      about={message("shred.about")}
      act={message("shred.act")}
      busy={begin.isPending}
      disabled={planned === undefined}
      problem={failure === undefined ? undefined : (refusal ?? problemWords(failure, words))}
      onSubmit={send}
      onClose={onClose}
    >
      <p ref={onShown}>{message("shred.goes")}</p>
      <Loaded load={load}>{(found) => <WhatGoes planned={found} />}</Loaded>
      <p>{message("shred.stays")}</p>
      <Field
        ref={field}
        label={message("shred.type")}
        hint={
          <bdi dir="ltr" className="wrap-anywhere">
            {email}
          </bdi>
        }
        value={typed}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        error={isTried && isWrong ? message("shred.typeWrong") : undefined}
        onChange={(event) => setTyped(event.target.value)}
      />
    </FormDialog>
  );
}

function WhatGoes({ planned }: { readonly planned: ShreddingJson }) {
  const words = useMessages();
  const { message, size } = words;
  const { files, versions, bytes, shared_with: shared, others, backup } = planned;
  const written = others?.written.files ?? 0;
  const staying = others?.stays.files ?? 0;
  const parts = [
    message("shred.files", { count: files }),
    message("shred.versions", { count: versions }),
    size(bytes),
    shared === 0 ? message("shred.sharedWithNobody") : message("shred.sharedWith", { count: shared }),
  ];
  return (
    <>
      <p className="font-semibold">{parts.join(" · ")}</p>
      {written > 0 && <p>{message("shred.written", { count: written })}</p>}
      {staying > 0 && <p>{message("shred.staying", { count: staying })}</p>}
      <p>{backupWords(backup, words)}</p>
    </>
  );
}

function useBegin({ id }: UserJson) {
  const { client } = useDrive();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => client.call("adminShredUser", { params: { id }, body: {} }),
    onSuccess: (begun) => queries.setQueryData(shreddingKey(id), begun),
  });
}
