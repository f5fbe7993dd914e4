import { HoldfastError } from "@holdfast/core/errors";
import type { NodeJson } from "@holdfast/protocol/values";
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useDrive } from "../../data/use-drive.ts";
import { Button } from "../../design/button.tsx";
import { Notice } from "../../design/notice.tsx";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { dropDraft } from "./drafts.ts";
import { saveAsNew, type TextFile } from "./text-file.ts";

interface UnreadNoticeProps {
  readonly unread: Error | undefined;
  /** The version saved elsewhere cannot be merged. */
  readonly isUnmerged: boolean;
  readonly isSaving: boolean;
  readonly problem: Error | null;
  readonly onSaveAsNew: () => void;
}

export function UnreadNotice({ unread, isUnmerged, isSaving, problem, onSaveAsNew }: UnreadNoticeProps) {
  const words = useMessages();
  if (unread === undefined && !isUnmerged) return null;
  if (!isUnmerged && !isGone(unread)) {
    return (
      <Notice kind="warning" isNews>
        {words.message("edit.unread")}
      </Notice>
    );
  }
  const act = (
    <Button busy={isSaving} onClick={onSaveAsNew}>
      {words.message("edit.saveAsNew")}
    </Button>
  );
  return (
    <>
      <Notice kind="error" isNews acts={act}>
        {words.message(isUnmerged ? "edit.unmerged" : "edit.gone")}
      </Notice>
      {problem !== null && (
        <Notice kind="error" isNews>
          {problemWords(problem, words)}
        </Notice>
      )}
    </>
  );
}

interface NewParts {
  readonly draft: string;
  readonly newest: NodeJson;
  readonly onSaved: (text: string) => void;
}

/** Saves as a new file and continues with it, when the original is gone or cannot be merged. */
export function useSaveAsNew(base: TextFile, { draft, newest, onSaved }: NewParts) {
  const { client, folders } = useDrive();
  const navigate = useNavigate();
  const save = useMutation({
    mutationFn: (text: string) => saveAsNew(client, { ...base, node: newest }, text),
    onSuccess: (node) => {
      dropDraft(localStorage, draft);
      folders.take([node]);
    },
  });
  return {
    isSaving: save.isPending,
    problem: save.error,
    run: (text: string) =>
      save.mutate(text, {
        // Runs only while mounted.
        onSuccess: ({ id }) => {
          onSaved(text);
          void navigate({ to: "/edit/$id", params: { id }, replace: true, ignoreBlocker: true });
        },
      }),
  };
}

export function isGone(unread: Error | undefined): boolean {
  return unread instanceof HoldfastError && unread.code === "not_found";
}
