import CloudOff from "lucide-react/icons/cloud-off";
import FolderOpen from "lucide-react/icons/folder-open";
import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { toHoldfastError } from "@holdfast/core/errors";
import { useBack } from "../../../data/use-away.ts";
import { Button } from "../../../design/button.tsx";
import { Empty, Failure } from "../../../design/notice.tsx";
import { problemWords } from "../../../messages/problem-words.ts";
import { useMessages } from "../../../messages/use-messages.ts";
import type { FilesContext } from "../acts/files-context.ts";
import type { Point } from "../list/points.ts";
import type { RowSource } from "../rows/row-source.ts";
import { useTakeFocus } from "../list/take-focus.ts";

interface PlaceStateProps {
  readonly source: RowSource;
  readonly empty: string;
  readonly begin: ((onUpload: () => void) => ReactNode) | undefined;
  readonly context: FilesContext;
  readonly onKey: (event: KeyboardEvent) => boolean;
  readonly onMenu: (at: Point, byKey: boolean) => void;
}

export function PlaceState({ source, empty, begin, context, onKey, onMenu }: PlaceStateProps) {
  const { state } = source;
  if (state === "loading") return <LoadingRows />;
  if (state === "ready")
    return <EmptyGround empty={empty} begin={begin} context={context} onKey={onKey} onMenu={onMenu} />;
  return <Unreadable error={state === "offline" ? undefined : state.error} retry={source.retry} context={context} />;
}

/** Accepts keys and the context menu, for example to paste. */
function EmptyGround({ empty, begin, context, onKey, onMenu }: Omit<PlaceStateProps, "source">) {
  const ground = useRef<HTMLDivElement>(null);
  useTakeFocus(ground, (element) => element);
  return (
    <div
      ref={ground}
      role="group"
      tabIndex={0}
      aria-label={empty}
      onKeyDown={(event) => onKey(event) && event.preventDefault()}
      onContextMenu={(event) => {
        event.preventDefault();
        onMenu({ x: event.clientX, y: event.clientY }, event.button !== 2);
      }}
      className="min-h-0 flex-1 overflow-y-auto -outline-offset-4"
    >
      {begin?.(() => context.acts.upload("files")) ?? <Empty Icon={FolderOpen} title={empty} />}
    </div>
  );
}

/** Empty at first, because most lists load quickly. */
function LoadingRows() {
  const { message } = useMessages();
  const [isLate, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 150);
    return () => clearTimeout(timer);
  }, []);
  // The same in both states: Chromium counted rows as moved by a padding that their container got together with them.
  const look = "flex-1 overflow-hidden px-2 pt-head lg:px-4";
  if (!isLate) return <div className={look} />;
  return (
    <div role="status" aria-label={message("files.loading")} className={look}>
      {Array.from({ length: 12 }, (_, place) => (
        <div key={place} className="flex h-row items-center gap-3 px-3 ps-12">
          <div className="size-6 rounded-md bg-hover" />
          <div className="h-3 w-2/5 max-w-60 rounded-md bg-hover" />
        </div>
      ))}
    </div>
  );
}

function Unreadable({ error, retry, context }: { error: unknown; retry: () => void; context: FilesContext }) {
  const messages = useMessages();
  const { message } = messages;
  useBack(retry);
  const { code } = toHoldfastError(error);
  if (error === undefined) return <Empty Icon={CloudOff} title={message("files.offline")} />;
  const isGone = code === "not_found" || code === "trashed";
  return (
    <Failure
      title={isGone ? message("files.gone") : problemWords(error, messages)}
      acts={
        isGone ? (
          <Button onClick={context.acts.goToParent}>
            {message(context.viewer === "link" ? "files.toTop" : "files.toHome")}
          </Button>
        ) : (
          <Button onClick={retry}>{message("files.tryAgain")}</Button>
        )
      }
    />
  );
}
