import { type RefObject, useMemo, useState } from "react";
import { platform, shownChord } from "../../commands/command-menu.ts";
import { fitting } from "../../commands/fitting.ts";
import { possibleCommands, type ReadyCommand } from "../../commands/ready-commands.ts";
import { OptionList } from "../../design/option-list.tsx";
import { useMessages } from "../../messages/use-messages.ts";

interface PaletteProps {
  readonly id: string;
  readonly wanted: string;
  /** Input that controls the list and keeps the focus. */
  readonly field: RefObject<HTMLInputElement | null>;
  readonly onActive: (optionId: string | undefined) => void;
  /** Returns the focus to the element that commands act on. */
  readonly onLeave: () => void;
}

/** Commands that are possible now, below the search field. */
export function Palette({ wanted, ...list }: PaletteProps) {
  const { message } = useMessages();
  // Read once: the possible commands do not change while the palette is open.
  const [commands] = useState(possibleCommands);
  const found = useMemo(
    () => fitting(commands, (command) => message(command.message), wanted),
    [commands, wanted, message],
  );
  const options = useMemo(
    () => found.map((command) => ({ id: command.id, run: command.run, content: <Command command={command} /> })),
    [found],
  );
  return (
    <OptionList
      {...list}
      wanted={wanted}
      startsAtFirst
      label={message("keys.commands")}
      options={options}
      empty={message("keys.noCommand")}
    />
  );
}

function Command({ command: { icon: Icon, keys, message: name } }: { readonly command: ReadyCommand }) {
  const { message } = useMessages();
  const chord = keys?.[platform]?.[0];
  return (
    <>
      <Icon aria-hidden size={16} className="shrink-0" />
      <span className="min-w-0 truncate">{message(name)}</span>
      {chord !== undefined && (
        <kbd aria-hidden className="ms-auto ps-6 font-sans text-sm text-muted">
          {shownChord(chord)}
        </kbd>
      )}
    </>
  );
}
