import { type ReactNode, type RefObject, useEffect, useLayoutEffect, useRef, useState } from "react";

export interface ListedOption {
  readonly id: string;
  readonly content: ReactNode;
  readonly run: () => void;
  /** The content contains the reason. */
  readonly isDisabled?: boolean | undefined;
  readonly group?: string | undefined;
}

interface OptionListProps {
  readonly id: string;
  readonly label: string;
  readonly options: readonly ListedOption[];
  /** Input that controls the list and keeps the focus. */
  readonly field: RefObject<HTMLElement | null>;
  /** Text of the field. A change selects the first option again, or none. */
  readonly wanted: string;
  /** Selects the first option. Otherwise Enter belongs to the field until an arrow key is pressed. */
  readonly startsAtFirst: boolean;
  /** Reports the selected option for `aria-activedescendant`. */
  readonly onActive: (optionId: string | undefined) => void;
  /** Called on Escape, and before an option runs, except in a dialog. */
  readonly onLeave: () => void;
  readonly empty?: string | undefined;
  /** Default: `popup`, over the content below the field. */
  readonly place?: keyof typeof looks;
  /** Tab runs the selected option, as Enter does. */
  readonly takesTab?: boolean;
}

const looks = {
  popup: { frame: "absolute inset-x-0 top-12 z-30 bg-raised shadow-over", list: "max-h-96 overflow-y-auto" },
  /** Between the field and the content below, where a popup would be cut off. */
  flow: { frame: "bg-raised", list: "max-h-60 overflow-y-auto" },
  /** Stays open after a choice, and has a fixed height. */
  dialog: { frame: "flex h-72 max-h-[40dvh] flex-col", list: "min-h-0 overflow-y-auto" },
} as const;

/** Options below a text field, operated with arrow keys, Enter, Escape and the pointer. */
export function OptionList(props: OptionListProps) {
  const { id, label, options, field, wanted, startsAtFirst, onActive, onLeave, empty, place = "popup" } = props;
  const [chosenId, setChosenId] = useState<string>();
  // By id: options can change while the text stays the same.
  const active = options.find((option) => option.id === chosenId) ?? (startsAtFirst ? options[0] : undefined);
  useEffect(() => setChosenId(undefined), [wanted]);
  const activeId = active?.id;
  // Before paint, so that a screen reader hears the option together with the list.
  useLayoutEffect(() => {
    onActive(activeId === undefined ? undefined : `${id}-${activeId}`);
    document.querySelector(`[id="${CSS.escape(`${id}-${activeId}`)}"]`)?.scrollIntoView({ block: "nearest" });
  }, [onActive, id, activeId]);
  const run = (option: ListedOption) => {
    if (option.isDisabled === true) return;
    if (place !== "dialog") onLeave();
    option.run();
  };
  const step = (by: 1 | -1) => {
    // Without a selection, down goes to the first option and up to the last.
    const before = by === 1 ? -1 : 0;
    const from = active === undefined ? before : options.indexOf(active);
    setChosenId(options[(from + by + options.length) % options.length]?.id);
  };
  const take = active === undefined ? undefined : () => run(active);
  useKeys(field, {
    ArrowDown: () => step(1),
    ArrowUp: () => step(-1),
    Escape: onLeave,
    Enter: take,
    Tab: props.takesTab === true ? take : undefined,
  });
  const shown = (option: ListedOption) => (
    <div
      key={option.id}
      role="option"
      id={`${id}-${option.id}`}
      aria-selected={option === active}
      aria-disabled={option.isDisabled}
      onClick={() => run(option)}
      className="flex min-h-9 cursor-default items-center gap-3 rounded-md px-3 hover:bg-hover aria-disabled:text-muted aria-disabled:hover:bg-transparent aria-selected:bg-selected pointer-coarse:min-h-11 forced-colors:aria-selected:outline-2 forced-colors:aria-selected:-outline-offset-2"
    >
      {option.content}
    </div>
  );
  return (
    <div
      className={`rounded-md border border-line p-1 ${looks[place].frame}`}
      // Keeps the focus in the field.
      onMouseDown={(event) => event.preventDefault()}
    >
      <div role="listbox" id={id} aria-label={label} className={looks[place].list}>
        {[...Map.groupBy(options, ({ group }) => group)].map(([group, grouped]) =>
          group === undefined ? (
            grouped.map(shown)
          ) : (
            <div key={group} role="group" aria-label={group}>
              <p aria-hidden className="px-3 pt-2 pb-1 text-sm font-semibold text-muted">
                {group}
              </p>
              {grouped.map(shown)}
            </div>
          ),
        )}
      </div>
      {empty !== undefined && (options.length === 0 || place === "dialog") && (
        <p className="px-3 py-2 text-muted">{empty}</p>
      )}
    </div>
  );
}

function useKeys(
  field: RefObject<HTMLElement | null>,
  keys: Readonly<Record<string, (() => unknown) | undefined>>,
): void {
  const latest = useRef(keys);
  latest.current = keys;
  // Before paint: a visible list reacts to keys.
  useLayoutEffect(() => {
    const element = field.current;
    const press = (event: KeyboardEvent) => {
      const isBack = event.key === "Tab" && event.shiftKey;
      const act = event.isComposing || isBack ? undefined : latest.current[event.key];
      if (act === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      act();
    };
    element?.addEventListener("keydown", press);
    return () => element?.removeEventListener("keydown", press);
  }, [field]);
}
