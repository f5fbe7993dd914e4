import ChevronDown from "lucide-react/icons/chevron-down";
import ChevronUp from "lucide-react/icons/chevron-up";
import X from "lucide-react/icons/x";
import { type KeyboardEvent, type Ref, useState } from "react";
import { inputLook } from "../../design/field.tsx";
import { IconButton } from "../../design/icon-button.tsx";
import { useMessages } from "../../messages/use-messages.ts";
import type { PdfMatches } from "../../preview-frame/frame-messages.ts";
import { FrameBar } from "./frame-bar.tsx";

interface FindBarProps {
  readonly matches: PdfMatches | undefined;
  readonly field: Ref<HTMLInputElement>;
  readonly onFind: (query: string, step: "first" | "next" | "previous") => void;
  readonly onClose: () => void;
}

const charactersMax = 200;

/** Searches while typing. Enter shows the next match, with Shift the previous one. */
export function FindBar({ matches, field, onFind, onClose }: FindBarProps) {
  const { message } = useMessages();
  const [query, setQuery] = useState("");
  const type = (typed: string) => {
    setQuery(typed);
    onFind(typed, "first");
  };
  const go = (step: "next" | "previous") => {
    if (query !== "") onFind(query, step);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || event.nativeEvent.isComposing) return;
    event.preventDefault();
    onClose();
  };
  return (
    <div role="search" onKeyDown={onKeyDown}>
      <FrameBar>
        <div className="min-w-24 flex-1 sm:max-w-80">
          <input
            ref={field}
            // The person has asked for the search.
            autoFocus
            value={query}
            maxLength={charactersMax}
            autoComplete="off"
            enterKeyHint="search"
            aria-label={message("preview.find")}
            onChange={(event) => type(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === "Enter" && !event.nativeEvent.isComposing) go(event.shiftKey ? "previous" : "next");
            }}
            className={`${inputLook} h-9 pointer-coarse:h-11`}
          />
        </div>
        <p role="status" className="px-1 text-sm text-muted tabular-nums">
          <Position query={query} matches={matches} />
        </p>
        <IconButton label={message("preview.findPrevious")} Icon={ChevronUp} onClick={() => go("previous")} />
        <IconButton label={message("preview.findNext")} Icon={ChevronDown} onClick={() => go("next")} />
        <IconButton label={message("preview.findEnd")} Icon={X} onClick={onClose} />
      </FrameBar>
    </div>
  );
}

function Position({ query, matches }: { readonly query: string; readonly matches: PdfMatches | undefined }) {
  const { message, number } = useMessages();
  if (query === "" || matches === undefined) return null;
  const { at, total, isPending } = matches;
  if (total > 0) return message("preview.position", { at, total: number(total) });
  return message(isPending ? "preview.finding" : "preview.findNone");
}
