import { type KeyboardEvent, useId, useLayoutEffect, useRef, useState } from "react";
import { useMessages } from "../../messages/use-messages.ts";
import { nameFault, stemLength } from "./file-names.ts";
import { useListActions } from "./list-actions.ts";
import { nameFaultWords } from "./name-fault-words.ts";
import { isFolder, type ListedRow } from "./row-source.ts";

/** Enter or leaving the field saves, Escape cancels. */
export function NameField({ row }: { readonly row: ListedRow }) {
  const { message } = useMessages();
  const actions = useListActions();
  const field = useRef<HTMLInputElement>(null);
  const isDone = useRef(false);
  const hint = useId();
  const [name, setName] = useState(row.name);
  const fault = nameFault(name.trim());
  const [stem] = useState(() => stemLength(row.name, isFolder(row)));
  useLayoutEffect(() => {
    field.current?.focus();
    field.current?.setSelectionRange(0, stem);
  }, [stem]);
  const end = (saves: boolean) => {
    if (isDone.current) return;
    isDone.current = true;
    const wanted = name.trim();
    if (saves && nameFault(wanted) === undefined && wanted !== row.name) actions.rename(row, wanted);
    else actions.endRename(row);
  };
  const press = (event: KeyboardEvent) => {
    // During composition, Enter belongs to the input method.
    event.stopPropagation();
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Enter" && fault === undefined) end(true);
    if (event.key === "Escape") end(false);
  };
  return (
    <span className="relative flex min-w-0 flex-1">
      <input
        ref={field}
        value={name}
        data-control
        dir="auto"
        autoComplete="off"
        spellCheck={false}
        aria-label={message("files.newName")}
        aria-invalid={fault !== undefined}
        aria-describedby={fault === undefined ? undefined : hint}
        onChange={(event) => setName(event.target.value)}
        onKeyDown={press}
        onBlur={() => end(true)}
        className="h-8 min-w-0 max-w-md flex-1 rounded-md border border-edge bg-surface px-2 select-text"
      />
      {fault === undefined ? null : (
        <span
          id={hint}
          role="alert"
          className="absolute start-0 top-full z-10 mt-1 rounded-md bg-raised px-2 py-1 text-sm text-danger shadow-over"
        >
          {message(nameFaultWords[fault])}
        </span>
      )}
    </span>
  );
}
