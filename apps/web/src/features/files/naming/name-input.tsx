import { type KeyboardEvent, useId, useLayoutEffect, useRef, useState } from "react";
import { useMessages } from "../../../messages/use-messages.ts";
import { nameFault } from "./file-names.ts";
import { nameFaultWords } from "./name-fault-words.ts";

interface NameInputProps {
  readonly name: string;
  /** Length of the selected beginning. */
  readonly stem: number;
  readonly label: string;
  readonly isTaken?: (name: string) => boolean;
  /** Enter passes the name, Escape undefined. */
  readonly onEnd: (name: string | undefined) => void;
  /** Leaving the field passes the name too, or undefined for one that cannot be. */
  readonly endsOnBlur?: boolean;
}

/** Name of a file or folder, checked while it is typed. */
export function NameInput({ label, isTaken, onEnd, endsOnBlur = false, ...initial }: NameInputProps) {
  const { message } = useMessages();
  const field = useRef<HTMLInputElement>(null);
  const hint = useId();
  const [name, setName] = useState(initial.name);
  const [stem] = useState(initial.stem);
  const wanted = name.trim();
  const fault = nameFault(wanted);
  const taken = isTaken?.(wanted) === true ? ("files.reasonExists" as const) : undefined;
  const problem = fault === undefined ? taken : nameFaultWords[fault];
  useLayoutEffect(() => {
    field.current?.focus();
    field.current?.setSelectionRange(0, stem);
  }, [stem]);
  const press = (event: KeyboardEvent) => {
    // During composition, Enter belongs to the input method.
    event.stopPropagation();
    if (event.nativeEvent.isComposing) return;
    // The form around it stays.
    if (event.key === "Enter") event.preventDefault();
    if (event.key === "Enter" && problem === undefined) onEnd(wanted);
    if (event.key === "Escape") onEnd(undefined);
  };
  return (
    <span className="relative flex min-w-0 flex-1">
      <input
        ref={field}
        value={name}
        data-control
        data-keeps-escape
        dir="auto"
        autoComplete="off"
        spellCheck={false}
        aria-label={label}
        aria-invalid={problem !== undefined}
        aria-describedby={problem === undefined ? undefined : hint}
        onChange={(event) => setName(event.target.value)}
        onKeyDown={press}
        onBlur={() => endsOnBlur && onEnd(problem === undefined ? wanted : undefined)}
        className="h-8 min-w-0 max-w-md flex-1 rounded-md border border-edge bg-surface px-2 select-text"
      />
      {problem === undefined ? null : (
        <span
          id={hint}
          role="alert"
          className="absolute start-0 top-full z-10 mt-1 rounded-md bg-raised px-2 py-1 text-sm text-danger shadow-over"
        >
          {message(problem)}
        </span>
      )}
    </span>
  );
}
