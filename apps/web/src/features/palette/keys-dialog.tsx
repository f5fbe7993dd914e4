import { useState } from "react";
import { platform, shownChord } from "../../commands/command-menu.ts";
import { offeredKeys } from "../../commands/ready-commands.ts";
import { Dialog } from "../../design/dialog.tsx";
import { useMessages } from "../../messages/use-messages.ts";

/** Taken from the commands and lists, so it is always current. */
export function KeysDialog({ onClose }: { readonly onClose: () => void }) {
  const { message } = useMessages();
  const [keys] = useState(offeredKeys);
  return (
    <Dialog open title={message("shell.keys")} about={message("keys.about")} onClose={onClose}>
      <dl className="grid grid-cols-[1fr_auto] items-center gap-x-6 gap-y-2">
        {keys.map(({ id, message: words, keys: chords }) => (
          <div key={id} className="contents">
            <dt>{message(words)}</dt>
            <dd className="flex gap-2 justify-self-end">
              {chords[platform].map((chord) => (
                <kbd key={chord} className="rounded-md border border-line bg-canvas px-2 py-0.5 font-sans text-sm">
                  {shownChord(chord)}
                </kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
