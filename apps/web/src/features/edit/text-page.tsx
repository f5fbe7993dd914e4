import { HoldfastError } from "@holdfast/core/errors";
import type { NodeJson } from "@holdfast/protocol/values";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useBlocker } from "@tanstack/react-router";
import Eye from "lucide-react/icons/eye";
import { type KeyboardEvent, type ReactNode, useState } from "react";
import { useDrive } from "../../data/use-drive.ts";
import { useSession } from "../../data/use-session.ts";
import { Button } from "../../design/button.tsx";
import { FormDialog } from "../../design/form-dialog.tsx";
import { announcer } from "../../design/live-regions.tsx";
import { Notice } from "../../design/notice.tsx";
import { usePageTitle } from "../../design/page-title.ts";
import { isBackTaken } from "../../design/use-back-closes.ts";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { type Draft, draftKey, dropDraft, type KeptDraft, readDraft, writeDraft } from "./drafts.ts";
import { MergeDialog } from "./merge-dialog.tsx";
import { TextField } from "./text-field.tsx";
import { readTextFile, readVersion, saveText, type TextFile } from "./text-file.ts";
import { isGone, UnreadNotice, useSaveAsNew } from "./unread-notice.tsx";
import { useKeptDraft } from "./use-kept-draft.ts";
import type { WrittenText } from "./written-preview.tsx";

interface TextPageProps {
  readonly opened: TextFile;
  /** Current state on the server. */
  readonly newest: NodeJson;
  readonly unread: Error | undefined;
  readonly onClose: () => void;
  readonly showMarkdown: (written: WrittenText) => ReactNode;
}

interface Merge {
  readonly base: string;
  readonly theirs: TextFile;
}

export function TextPage({ opened, newest, unread, onClose, showMarkdown }: TextPageProps) {
  const [base, setBase] = useState(opened);
  const [text, setText] = useState(opened.text);
  const draft = useOfferedDraft(opened);
  const [isShown, setShown] = useState(false);
  const [merge, setMerge] = useState<Merge>();
  const isChanged = text !== base.text;
  const hasRoom = useKeptDraft(draft.ownKey, base, text, isChanged && draft.offered === undefined);
  const [isUnmerged, setUnmerged] = useState(false);
  const rebase = (change: Partial<TextFile>) => setBase({ ...base, ...change });
  const save = useSave(base, {
    draft: draft.ownKey,
    onSaved: (node, saved) => rebase({ node, text: saved, versionId: node.version_id ?? "" }),
    onConflict: (theirs) => (theirs === undefined ? setUnmerged(true) : setMerge({ base: base.text, theirs })),
  });
  const asNew = useSaveAsNew(base, { draft: draft.ownKey, newest, onSaved: (saved) => rebase({ text: saved }) });
  const onKeyDown = (event: KeyboardEvent) => {
    if (!isSaveKey(event)) return;
    event.preventDefault();
    if (isChanged && !save.isPending) save.mutate(text);
  };
  const isSavedByOthers = newest.version_id !== base.versionId && newest.content_id !== base.node.content_id;
  return (
    <div onKeyDown={onKeyDown} className="flex h-full flex-col">
      <EditBar
        name={newest.name}
        isChanged={isChanged}
        isSaving={save.isPending}
        isShown={isMarkdown(newest.name) ? isShown : undefined}
        onShow={setShown}
        onSave={() => save.mutate(text)}
        onClose={onClose}
      />
      <TextNotices
        draft={draft}
        opened={opened}
        isSavedByOthers={isSavedByOthers && !isUnmerged}
        isTooLong={isChanged && !hasRoom}
        problem={save.error !== null && !isConflict(save.error) ? save.error : undefined}
        onTake={(begun, written) => {
          setBase(begun);
          setText(written);
        }}
      >
        <UnreadNotice {...{ unread, isUnmerged }} {...asNew} onSaveAsNew={() => asNew.run(text)} />
      </TextNotices>
      <TextField
        name={newest.name}
        text={text}
        // Input would replace the offered draft.
        isReadOnly={draft.offered !== undefined || asNew.isSaving}
        isShown={isShown}
        show={showMarkdown}
        onText={setText}
      />
      <Merging
        merge={merge}
        mine={text}
        onTake={(theirs, merged) => {
          setBase(theirs);
          setText(merged);
        }}
        onEnd={() => setMerge(undefined)}
      />
      <LeaveDialog isChanged={isChanged} about={leaveWords(unread, hasRoom)} />
    </div>
  );
}

interface MergingProps {
  readonly merge: Merge | undefined;
  readonly mine: string;
  readonly onTake: (theirs: TextFile, merged: string) => void;
  readonly onEnd: () => void;
}

function Merging({ merge, mine, onTake, onEnd }: MergingProps) {
  if (merge === undefined) return null;
  const { base, theirs } = merge;
  const take = (merged: string) => {
    onTake(theirs, merged);
    onEnd();
  };
  return <MergeDialog base={base} mine={mine} theirs={theirs.text} onTake={take} onClose={onEnd} />;
}

interface TextNoticesProps extends DraftNoticeProps {
  readonly isSavedByOthers: boolean;
  /** No space in this browser's storage. */
  readonly isTooLong: boolean;
  readonly problem: Error | undefined;
  readonly children: ReactNode;
}

function TextNotices({ draft, opened, isSavedByOthers, isTooLong, problem, onTake, children }: TextNoticesProps) {
  const words = useMessages();
  return (
    <div className="flex flex-col gap-2 p-4 empty:hidden">
      {draft.offered !== undefined && <DraftNotice draft={draft} opened={opened} onTake={onTake} />}
      {isSavedByOthers && (
        <Notice kind="warning" isNews>
          {words.message("edit.byOthers")}
        </Notice>
      )}
      {isTooLong && (
        <Notice kind="warning" isNews>
          {words.message("edit.tooLong")}
        </Notice>
      )}
      {problem !== undefined && (
        <Notice kind="error" isNews>
          {problemWords(problem, words)}
        </Notice>
      )}
      {children}
    </div>
  );
}

interface EditBarProps {
  readonly name: string;
  readonly isChanged: boolean;
  readonly isSaving: boolean;
  /** Undefined: no preview for this file type. */
  readonly isShown: boolean | undefined;
  readonly onShow: (isShown: boolean) => void;
  readonly onSave: () => void;
  readonly onClose: () => void;
}

function EditBar({ name, isChanged, isSaving, isShown, onShow, onSave, onClose }: EditBarProps) {
  const { message } = useMessages();
  usePageTitle(name);
  return (
    <header className="flex flex-wrap items-center gap-2 border-b border-line bg-surface px-4 py-2 sm:gap-3">
      <div className="min-w-0 flex-1 items-center gap-3 max-sm:basis-full sm:flex">
        <h1 className="min-w-0 flex-1 truncate text-lg font-semibold">
          <bdi>{name}</bdi>
        </h1>
        <p role="status" className="truncate text-sm text-muted sm:text-base">
          {message(isChanged ? "edit.changed" : "edit.saved")}
        </p>
      </div>
      {isShown !== undefined && (
        <Button Icon={Eye} aria-pressed={isShown} onClick={() => onShow(!isShown)}>
          {message("edit.show")}
        </Button>
      )}
      <Button onClick={onClose}>{message("edit.close")}</Button>
      <Button kind="primary" disabled={!isChanged} busy={isSaving} onClick={onSave}>
        {message("edit.save")}
      </Button>
    </header>
  );
}

interface OfferedDraft {
  readonly ownKey: string;
  /** Another editor's draft, until taken or dropped. */
  readonly offered: KeptDraft | undefined;
  readonly taken: () => void;
  readonly drop: () => void;
}

function useOfferedDraft({ node, text }: TextFile): OfferedDraft {
  const session = useSession();
  const [offered, setOffered] = useState(() => {
    const draft = readDraft(localStorage, session.account, node.id);
    return draft?.text === text ? undefined : draft;
  });
  const [ownKey] = useState(() => draftKey(session.account, node.id));
  const end = (): void => {
    if (offered !== undefined) dropDraft(localStorage, offered.key);
    setOffered(undefined);
  };
  return {
    ownKey,
    offered,
    taken: () => {
      if (offered !== undefined && writeDraft(localStorage, ownKey, offered)) end();
      else setOffered(undefined);
    },
    drop: end,
  };
}

interface DraftNoticeProps {
  readonly draft: OfferedDraft;
  readonly opened: TextFile;
  /** @param begun version of the draft; later ones are merged on saving */
  readonly onTake: (begun: TextFile, text: string) => void;
}

function DraftNotice({ draft, opened, onTake }: DraftNoticeProps) {
  const { client } = useDrive();
  const { message } = useMessages();
  const take = useMutation({
    mutationFn: async ({ versionId }: Draft) => {
      if (versionId === opened.versionId) return opened;
      // A deleted version cannot be merged. With an empty base, both texts are one conflict.
      const nothing = { ...opened, versionId, text: "" };
      return readVersion(client, opened.node, versionId).catch(() => nothing);
    },
    onSuccess: (begun, { text }) => {
      onTake(begun, text);
      draft.taken();
    },
  });
  return (
    <Notice
      kind="info"
      acts={
        <>
          <Button busy={take.isPending} onClick={() => draft.offered !== undefined && take.mutate(draft.offered)}>
            {message("edit.takeDraft")}
          </Button>
          <Button kind="quiet" onClick={draft.drop}>
            {message("edit.dropDraft")}
          </Button>
        </>
      }
    >
      {message("edit.draft")}
    </Notice>
  );
}

function leaveWords(unread: Error | undefined, hasRoom: boolean): LeaveProps["about"] {
  if (isGone(unread)) return "edit.leaveGone";
  return hasRoom ? "edit.leaveAbout" : "edit.leaveLost";
}

interface LeaveProps {
  readonly isChanged: boolean;
  readonly about: "edit.leaveAbout" | "edit.leaveGone" | "edit.leaveLost";
}

/** The browser asks before the tab closes. */
function LeaveDialog({ isChanged, about }: LeaveProps) {
  const { message } = useMessages();
  const session = useSession();
  const blocker = useBlocker({
    shouldBlockFn: ({ action }) => isChanged && !(action === "BACK" && isBackTaken()),
    // After another account has signed in, the page is loaded again.
    enableBeforeUnload: () => isChanged && session.getSnapshot() !== "signed_out",
    withResolver: true,
  });
  return (
    <FormDialog
      open={blocker.status === "blocked"}
      size="small"
      title={message("edit.leave")}
      about={message(about)}
      act={message("edit.leaveDo")}
      cancel={message("edit.stay")}
      isDanger
      onSubmit={() => blocker.proceed?.()}
      onClose={() => blocker.reset?.()}
    />
  );
}

interface SaveParts {
  readonly draft: string;
  readonly onSaved: (node: NodeJson, text: string) => void;
  /** @param theirs undefined if the newest version is not text */
  readonly onConflict: (theirs: TextFile | undefined) => void;
}

function useSave(base: TextFile, { draft, onSaved, onConflict }: SaveParts) {
  const { client, folders } = useDrive();
  const { message } = useMessages();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (text: string) => saveText(client, base, text),
    onSuccess: (node, text) => {
      dropDraft(localStorage, draft);
      folders.take([node]);
      queries.setQueryData(["node", node.id], node);
      announcer.say(message("edit.saved"));
      onSaved(node, text);
    },
    onError: async (thrown) => {
      if (!isConflict(thrown)) return;
      const newest = async () => {
        const node = await client.call("getNode", { params: { id: base.node.id } });
        return readTextFile(client, node);
      };
      onConflict(await newest().catch(() => undefined));
    },
  });
}

function isSaveKey({ key, ctrlKey, metaKey, altKey }: KeyboardEvent): boolean {
  return key.toLowerCase() === "s" && (ctrlKey || metaKey) && !altKey;
}

function isMarkdown(name: string): boolean {
  return /\.(md|markdown)$/i.test(name);
}

function isConflict(thrown: unknown): boolean {
  return thrown instanceof HoldfastError && thrown.code === "conflict";
}
