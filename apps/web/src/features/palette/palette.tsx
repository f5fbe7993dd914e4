import { type RefObject, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { platform, shownChord } from "../../commands/command-menu.ts";
import { fitting } from "../../commands/fitting.ts";
import { possibleCommands, type ReadyCommand } from "../../commands/ready-commands.ts";
import { useMessages } from "../../messages/use-messages.ts";

interface PaletteProps {
  /** Id of the list, referenced by the field. */
  readonly id: string;
  readonly wanted: string;
  /** Keeps the focus. */
  readonly field: RefObject<HTMLInputElement | null>;
  readonly onActive: (optionId: string | undefined) => void;
  /** Returns the focus to the commands' subject. */
  readonly onLeave: () => void;
}

/** Commands that can run now. */
export function Palette({ id, wanted, field, onActive, onLeave }: PaletteProps) {
  const { message } = useMessages();
  // Fixed while the person selects.
  const [commands] = useState(possibleCommands);
  const found = useMemo(
    () => fitting(commands, (command) => message(command.message), wanted),
    [commands, wanted, message],
  );
  const [at, setAt] = useState(0);
  const active = found[Math.min(at, found.length - 1)];
  useEffect(() => setAt(0), [wanted]);
  // A layout effect, so that screen readers get `onActive` with the rendered list.
  useLayoutEffect(() => {
    onActive(active === undefined ? undefined : `${id}-${active.id}`);
    document.querySelector(`[id="${CSS.escape(`${id}-${active?.id}`)}"]`)?.scrollIntoView({ block: "nearest" });
  }, [onActive, id, active]);
  const run = (command: ReadyCommand | undefined) => {
    onLeave();
    command?.run();
  };
  useKeys(field, {
    ArrowDown: () => setAt((at + 1) % Math.max(1, found.length)),
    ArrowUp: () => setAt((at - 1 + found.length) % Math.max(1, found.length)),
    Enter: () => active !== undefined && run(active),
    Escape: () => run(undefined),
  });
  return (
    <div
      className="absolute inset-x-0 top-12 z-30 rounded-md border border-line bg-raised p-1 shadow-over"
      // Keeps the focus in the field.
      onMouseDown={(event) => event.preventDefault()}
    >
      <div role="listbox" id={id} aria-label={message("keys.commands")} className="max-h-80 overflow-y-auto">
        {found.map((command) => (
          <Option
            key={command.id}
            id={`${id}-${command.id}`}
            command={command}
            isActive={command === active}
            onRun={() => run(command)}
          />
        ))}
      </div>
      {found.length === 0 && <p className="px-3 py-2 text-muted">{message("keys.noCommand")}</p>}
    </div>
  );
}

interface OptionProps {
  readonly id: string;
  readonly command: ReadyCommand;
  readonly isActive: boolean;
  readonly onRun: () => void;
}

function Option({ id, command, isActive, onRun }: OptionProps) {
  const { message } = useMessages();
  const { icon: Icon, keys } = command;
  const chord = keys?.[platform]?.[0];
  return (
    <div
      role="option"
      id={id}
      aria-selected={isActive}
      onClick={onRun}
      className="flex h-9 cursor-default items-center gap-3 rounded-md px-3 hover:bg-hover aria-selected:bg-selected pointer-coarse:h-11 forced-colors:aria-selected:outline-2 forced-colors:aria-selected:-outline-offset-2"
    >
      <Icon aria-hidden size={16} className="shrink-0" />
      <span className="min-w-0 truncate">{message(command.message)}</span>
      {chord !== undefined && (
        <kbd aria-hidden className="ms-auto ps-6 font-sans text-sm text-muted">
          {shownChord(chord)}
        </kbd>
      )}
    </div>
  );
}

function useKeys(field: RefObject<HTMLInputElement | null>, keys: Readonly<Record<string, () => unknown>>): void {
  const latest = useRef(keys);
  latest.current = keys;
  // A layout effect, so that the keys work as soon as the list is visible.
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
