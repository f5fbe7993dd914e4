import X from "lucide-react/icons/x";
import { useDeferredValue, useEffect, useMemo, useRef, useState } from "react";
import { IconButton } from "../../../design/icon-button.tsx";
import { announcer } from "../../../design/live-regions.tsx";
import { useMessages } from "../../../messages/use-messages.ts";
import { FilteredRows } from "../rows/filtered-rows.ts";
import type { RowSource } from "../rows/row-source.ts";

export interface FilterBarProps {
  readonly source: RowSource;
  /** New source per change of the text; undefined while it is empty. */
  readonly onFilter: (shown: RowSource | undefined) => void;
  readonly onClose: () => void;
  readonly onGoOn: () => void;
}

/** Replaces the browser's search, which finds only rendered rows. */
export function FilterBar({ source, onFilter, onClose, onGoOn }: FilterBarProps) {
  const { message, number } = useMessages();
  const [text, setText] = useState("");
  const field = useRef<HTMLInputElement>(null);
  const wanted = useDeferredValue(text);
  const narrowed = useMemo(
    () => (wanted.trim() === "" ? undefined : new FilteredRows(source, wanted)),
    [source, wanted],
  );
  const shown: RowSource = narrowed ?? source;
  const count = narrowed?.total;
  useEffect(() => onFilter(narrowed), [narrowed, onFilter]);
  useEffect(() => {
    if (count !== undefined) announcer.say(message("filter.found", { count }), "filter");
  }, [count, message]);
  useEffect(() => field.current?.focus(), []);
  return (
    <div
      role="group"
      aria-label={message("filter.here")}
      className="flex shrink-0 items-center gap-3 px-3 pb-2 lg:px-5"
    >
      <input
        ref={field}
        value={text}
        aria-label={message("filter.here")}
        placeholder={message("filter.here")}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.nativeEvent.isComposing) return;
          if (event.key === "Escape") onClose();
          else if (event.key === "ArrowDown" || event.key === "Enter") onGoOn();
          else return;
          event.preventDefault();
        }}
        className="h-9 min-w-0 max-w-md flex-1 rounded-md border border-edge bg-surface px-3 placeholder:text-muted pointer-coarse:h-11"
      />
      <p className="min-w-0 text-sm text-muted">
        {shown.total === 0
          ? message("filter.nothing")
          : message("filter.of", { shown: number(shown.total), total: number(source.total) })}
        {!source.isWhole && ` · ${message("filter.notWhole")}`}
      </p>
      <IconButton small label={message("filter.end")} Icon={X} onClick={onClose} />
    </div>
  );
}
