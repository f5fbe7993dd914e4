import { type ReactNode, type RefObject, useEffect, useLayoutEffect, useRef, useState } from "react";

export interface ListedOption {
  /** Unique in the list. */
  readonly id: string;
  readonly content: ReactNode;
  readonly run: () => void;
}

interface OptionListProps {
  readonly id: string;
  readonly label: string;
  readonly options: readonly ListedOption[];
  /** Input that controls the list and keeps the focus. */
  readonly field: RefObject<HTMLInputElement | null>;
  /** Text of the field. A change selects the first option again, or none. */
  readonly wanted: string;
  /** Selects the first option. Otherwise Enter belongs to the field until an arrow key is pressed. */
  readonly startsAtFirst: boolean;
  /** Reports the selected option for `aria-activedescendant`. */
  readonly onActive: (optionId: string | undefined) => void;
  /** Called before an option runs, and on Escape. */
  readonly onLeave: () => void;
  /** Text below an empty list. */
  readonly empty?: string;
}

/** Options below a text field, operated with arrow keys, Enter, Escape and the pointer. */
export function OptionList(props: OptionListProps) {
  const { id, label, options, field, wanted, startsAtFirst, onActive, onLeave, empty } = props;
  const [chosenId, setChosenId] = useState<string>();
  // By id: options can change while the text stays the same.
  const active = options.find((option) => option.id === chosenId) ?? (startsAtFirst ? options[0] : undefined);
  useEffect(() => setChosenId(undefined), [wanted]);
  // Before paint, so that a screen reader hears the option together with the list.
  useLayoutEffect(() => {
    onActive(active === undefined ? undefined : `${id}-${active.id}`);
    document.querySelector(`[id="${CSS.escape(`${id}-${active?.id}`)}"]`)?.scrollIntoView({ block: "nearest" });
  }, [onActive, id, active]);
  const run = (option: ListedOption | undefined) => {
    onLeave();
    option?.run();
  };
  const step = (by: 1 | -1) => {
    // Without a selection, down goes to the first option and up to the last.
    const before = by === 1 ? -1 : 0;
    const from = active === undefined ? before : options.indexOf(active);
    setChosenId(options[(from + by + options.length) % options.length]?.id);
  };
  useKeys(field, {
    ArrowDown: () => step(1),
    ArrowUp: () => step(-1),
    Escape: () => run(undefined),
    ...(active === undefined ? {} : { Enter: () => run(active) }),
  });
  return (
    <div
      className="absolute inset-x-0 top-12 z-30 rounded-md border border-line bg-raised p-1 shadow-over"
      // Keeps the focus in the field.
      onMouseDown={(event) => event.preventDefault()}
    >
      <div role="listbox" id={id} aria-label={label} className="max-h-96 overflow-y-auto">
        {options.map((option) => (
          <div
            key={option.id}
            role="option"
            id={`${id}-${option.id}`}
            aria-selected={option === active}
            onClick={() => run(option)}
            className="flex min-h-9 cursor-default items-center gap-3 rounded-md px-3 hover:bg-hover aria-selected:bg-selected pointer-coarse:min-h-11 forced-colors:aria-selected:outline-2 forced-colors:aria-selected:-outline-offset-2"
          >
            {option.content}
          </div>
        ))}
      </div>
      {options.length === 0 && empty !== undefined && <p className="px-3 py-2 text-muted">{empty}</p>}
    </div>
  );
}

/** Handles keys of the field while the list is open. */
function useKeys(field: RefObject<HTMLInputElement | null>, keys: Readonly<Record<string, () => unknown>>): void {
  const latest = useRef(keys);
  latest.current = keys;
  // Before paint: a visible list reacts to keys.
  useLayoutEffect(() => {
    const element = field.current;
    const press = (event: KeyboardEvent) => {
      const act = event.isComposing ? undefined : latest.current[event.key];
      if (act === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      act();
    };
    element?.addEventListener("keydown", press);
    return () => element?.removeEventListener("keydown", press);
  }, [field]);
}
