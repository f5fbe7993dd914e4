import { type RefObject, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { platform, shownChord } from "../../commands/command-menu.ts";
import { fitting } from "../../commands/fitting.ts";
import { possibleCommands, type ReadyCommand } from "../../commands/ready-commands.ts";
import { useMessages } from "../../messages/use-messages.ts";

interface PaletteProps {
  /** Of the list, by which the field names it. */
  readonly id: string;
  readonly wanted: string;
  /** Where one types, which keeps the focus. */
  readonly field: RefObject<HTMLInputElement | null>;
  readonly onActive: (optionId: string | undefined) => void;
  /** Gives the focus back to what the commands are about. */
  readonly onLeave: () => void;
}

/** What can be done now, below the field of the search: walked through by arrows, done by Enter or a click. */
export function Palette({ id, wanted, field, onActive, onLeave }: PaletteProps) {
  const { message } = useMessages();
  // Of the moment at which it opened: what is possible does not change while somebody chooses.
  const [commands] = useState(possibleCommands);
  const found = useMemo(
    () => fitting(commands, (command) => message(command.message), wanted),
    [commands, wanted, message],
  );
  const [at, setAt] = useState(0);
  const active = found[Math.min(at, found.length - 1)];
  useEffect(() => setAt(0), [wanted]);
  // Whoever listens hears of it with what shows it.
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
      // The field keeps the focus.
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

/** Keys of the field that are the list's while it is open. */
function useKeys(field: RefObject<HTMLInputElement | null>, keys: Readonly<Record<string, () => unknown>>): void {
  const latest = useRef(keys);
  latest.current = keys;
  // Whoever sees the list can use its keys.
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
