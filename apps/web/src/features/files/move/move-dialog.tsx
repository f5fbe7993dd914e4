import type { NodeJson } from "@holdfast/protocol/values";
import FolderPlus from "lucide-react/icons/folder-plus";
import Search from "lucide-react/icons/search";
import { type ReactNode, type RefObject, useId, useRef, useState } from "react";
import { useAway } from "../../../data/use-away.ts";
import { useDrive } from "../../../data/use-drive.ts";
import { Button } from "../../../design/button.tsx";
import { Crumbs } from "../../../design/crumbs.tsx";
import { inputLook } from "../../../design/field.tsx";
import { FormDialog } from "../../../design/form-dialog.tsx";
import { shownName } from "../../../design/shown-name.ts";
import { problemWords } from "../../../messages/problem-words.ts";
import { useMessages } from "../../../messages/use-messages.ts";
import type { ShownFolder } from "../acts/files-context.ts";
import { mayTake, type Moved, movedOf, type Refusal, refusalOf, type Target } from "./move-targets.ts";
import { NewFolderField } from "./new-folder-field.tsx";
import type { ListedRow } from "../rows/row-source.ts";
import { FolderTargets, FoundTargets, SharedTargets } from "./target-lists.tsx";
import { cutMiddle } from "./target-names.ts";
import { useLineage } from "../rows/use-lineage.ts";
import { useRecentTargets } from "./use-recent-targets.ts";

/** Words for items that are not in the drive yet. Enter in the search field does not submit them. */
interface SaveWords {
  readonly title: string;
  /** Above the field, where it scrolls with the folders on a low screen. */
  readonly about: ReactNode;
  readonly act: (folder: string) => string;
}

interface MoveDialogProps {
  readonly kind: "move" | "copy";
  readonly rows: readonly ListedRow[];
  readonly from: ShownFolder | undefined;
  /** Folder that is open first. Default: `from`, or the account's own root. */
  readonly start?: Target | undefined;
  readonly save?: SaveWords;
  readonly onClose: () => void;
  readonly onChoose: (to: { readonly id: string; readonly name: string }) => void;
}

/** Alternative to dragging. Opening a folder chooses it. */
export function MoveDialog({ kind, rows, from, start, save, onClose, onChoose }: MoveDialogProps) {
  const words = useMessages();
  const { message } = words;
  const isAway = useAway();
  const field = useRef<HTMLInputElement>(null);
  const aboutId = useId();
  const [text, setText] = useState("");
  const [at, setAt] = useState<Target>(start ?? from ?? { id: "root", name: "" });
  const lineage = useLineage(at.id, at.id !== "shared");
  const here = lineage.data?.[0];
  const target = here === undefined ? at : nodeTarget(here);
  const moved = movedOf(rows, useLineage(from?.id ?? "", from !== undefined).data?.[0]?.path);
  const refusal = refusalOf({ kind, target, lineage: lineage.data, moved, fromId: from?.id, isAway });
  const name = target.name || message("files.home");
  const named = { count: rows.length, name: shownName(rows[0]?.name ?? "") };
  const folder = cutMiddle(shownName(name), nameMax());
  const go = (next: Target) => {
    setAt(next);
    setText("");
    // On a touch screen this would open the keyboard.
    if (!matchMedia("(pointer: coarse)").matches) field.current?.focus();
  };
  return (
    <FormDialog
      open
      size="medium"
      title={save?.title ?? message(kind === "move" ? "move.title" : "move.copyTitle", named)}
      act={save?.act(folder) ?? message(kind === "move" ? "move.to" : "move.copyTo", { folder })}
      disabled={refusal !== undefined || lineage.error !== null}
      problem={lineage.error === null || isAway ? undefined : problemWords(lineage.error, words)}
      onSubmit={() => onChoose({ id: target.id, name })}
      onClose={onClose}
    >
      {save !== undefined && <div id={aboutId}>{save.about}</div>}
      <Choice
        {...{ kind, moved, from, at, field, text, setText, onClose, lineage, target, isAway }}
        aboutId={save && aboutId}
        onGo={go}
      >
        {refusalWords(refusal, kind, named, message)}
      </Choice>
    </FormDialog>
  );
}

/** Characters that fit on the button. */
function nameMax(): number {
  return matchMedia("(max-width: 24rem)").matches ? 14 : 24;
}

type Message = ReturnType<typeof useMessages>["message"];

function refusalWords(
  refusal: Refusal | undefined,
  kind: MoveDialogProps["kind"],
  named: { count: number; name: string },
  message: Message,
): string {
  if (refusal === "away") return message("files.reasonOffline");
  if (refusal === "shared") return message("move.chooseShared");
  if (refusal === "gone") return message("move.gone");
  if (refusal === "itself") return message(kind === "move" ? "move.intoItself" : "move.copyIntoItself");
  if (refusal === "here") return message("move.isHere", named);
  return refusal === "viewOnly" ? message("move.viewOnly") : "";
}

interface ChoiceProps extends Pick<MoveDialogProps, "kind" | "from" | "onClose"> {
  readonly moved: Moved;
  readonly at: Target;
  readonly target: Target;
  readonly isAway: boolean;
  readonly lineage: ReturnType<typeof useLineage>;
  readonly field: RefObject<HTMLInputElement | null>;
  readonly text: string;
  readonly setText: (text: string) => void;
  /** Element that describes what is saved. */
  readonly aboutId: string | undefined;
  readonly onGo: (target: Target) => void;
  /** Reason why the target cannot be chosen. */
  readonly children: ReactNode;
}

function Choice(props: ChoiceProps) {
  const { kind, moved, from, at, target, lineage, field, text, setText, aboutId } = props;
  const { onClose, isAway, children } = props;
  const { message } = useMessages();
  const listId = useId();
  const [activeId, setActiveId] = useState<string>();
  const [namingIn, setNamingIn] = useState<string>();
  const recent = useRecentTargets(moved, from?.id);
  const way = useWayTo(at, lineage.data);
  const wanted = text.trim();
  const leave = () => (text === "" ? onClose() : setText(""));
  const go = (next: Target) => {
    setNamingIn(undefined);
    props.onGo(next);
  };
  const endNaming = () => {
    setNamingIn(undefined);
    field.current?.focus();
  };
  const choice = { kind, moved, list: { id: listId, field, onActive: setActiveId, onLeave: leave }, onGo: go };
  const isKnown = lineage.data !== undefined || lineage.error !== null;
  const hasFolders = wanted === "" && target.id !== "root" && target.id !== "shared";
  const hasList = wanted !== "" || target.id !== "root";
  return (
    <>
      <FolderSearch {...{ field, hasList, listId, activeId, text, setText, aboutId }} />
      <WayTo way={way} onGo={go} />
      {wanted === "" && namingIn === target.id && (
        <NewFolderField
          folderId={namingIn}
          onMade={({ id, name }) => go({ id, name, role: target.role })}
          onCancel={endNaming}
        />
      )}
      {wanted !== "" && <FoundTargets {...choice} wanted={wanted} />}
      {wanted === "" && at.id === "shared" && <SharedTargets {...choice} />}
      {hasFolders && (
        <FolderTargets
          {...choice}
          key={target.id}
          folderId={target.id}
          parent={isKnown ? (way.at(-2) ?? "none") : undefined}
          recent={at.id === (from?.id ?? "root") ? recent : none}
        />
      )}
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <Button
          Icon={FolderPlus}
          disabled={isAway || target.role === undefined || !mayTake(target.role)}
          onClick={() => {
            setText("");
            setNamingIn(target.id);
          }}
        >
          {message("files.newFolder")}
        </Button>
        <p role="status" className="min-w-40 flex-1 text-sm text-muted">
          {children}
        </p>
      </div>
    </>
  );
}

interface FolderSearchProps extends Pick<ChoiceProps, "field" | "text" | "setText" | "aboutId"> {
  /** Without a list, Escape closes the dialog. */
  readonly hasList: boolean;
  readonly listId: string;
  readonly activeId: string | undefined;
}

function FolderSearch(props: FolderSearchProps) {
  const { field, hasList, listId, activeId, text, setText, aboutId } = props;
  const { message } = useMessages();
  // Enter without a result must not move to the folder behind the results, nor one held since the choice of a folder.
  const submits = (isHeld: boolean) => aboutId === undefined && text === "" && !isHeld;
  return (
    <div className="relative">
      <Search aria-hidden size={16} className="pointer-events-none absolute start-3 top-3 text-muted" />
      <input
        ref={field}
        type="search"
        role="combobox"
        value={text}
        aria-label={message("move.search")}
        aria-describedby={aboutId}
        placeholder={message("move.search")}
        aria-autocomplete="list"
        aria-expanded={hasList}
        {...(hasList ? { "aria-controls": listId, "aria-activedescendant": activeId } : {})}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => event.key === "Enter" && !submits(event.repeat) && event.preventDefault()}
        className={`${inputLook} h-10 ps-9 placeholder:text-muted pointer-coarse:h-11`}
      />
    </div>
  );
}

interface WayToProps {
  readonly way: readonly Target[];
  readonly onGo: (target: Target) => void;
}

function WayTo({ way, onGo }: WayToProps) {
  const { message } = useMessages();
  const crumbs = way.map((folder) => ({
    id: folder.id,
    name: folder.name || message("files.home"),
    onOpen: () => onGo(folder),
  }));
  return (
    <Crumbs
      isHeading={false}
      crumbs={crumbs}
      link={(crumb, shown, look) => (
        <button type="button" className={look} onClick={crumb.onOpen}>
          {shown}
        </button>
      )}
    />
  );
}

function nodeTarget({ id, name, role }: NodeJson): Target {
  return { id, name, role };
}

const none: readonly ListedRow[] = [];

/** Folders from the root to the target. Shared folders are below the account's own root. */
function useWayTo(at: Target, lineage: ReturnType<typeof useLineage>["data"]): readonly Target[] {
  const { viewer } = useDrive();
  const { message } = useMessages();
  const root: Target = { id: "root", name: "" };
  const shared: Target = { id: "shared", name: message("place.shared") };
  if (at.id === "shared") return [root, shared];
  const way = lineage?.map(nodeTarget).toReversed() ?? [at];
  // Only the account's own root has no name.
  const isGuest = viewer.kind === "account" && lineage !== undefined && way[0]?.name !== "";
  return isGuest ? [root, shared, ...way] : way;
}
