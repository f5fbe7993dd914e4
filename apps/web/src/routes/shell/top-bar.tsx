import { Suspense, useCallback, useState } from "react";
import { lazyPart } from "../../design/lazy-part.ts";
import { withWords } from "../../messages/use-messages.ts";
import { AccountMenu } from "./account-menu.tsx";
import { SearchField } from "./search-field.tsx";
import { useShellCommands } from "./use-shell-commands.ts";

/** Loads after the first list. */
const Bell = lazyPart(
  async () => (await import("./bell.tsx")).Bell,
  () => {},
);
const KeysDialog = lazyPart(
  async () => (await withWords(import("../../features/palette/keys-dialog.tsx"))).KeysDialog,
  ({ onClose }) => onClose(),
);

export function TopBar() {
  const [showsKeys, setShowsKeys] = useState(false);
  const context = useShellCommands(useCallback(() => setShowsKeys(true), []));
  return (
    <header className="flex h-14 shrink-0 items-center justify-between gap-3 px-4 lg:px-6">
      <SearchField />
      <div className="flex shrink-0 items-center gap-1">
        <Suspense fallback={<div className="size-9 pointer-coarse:size-11" />}>
          <Bell />
        </Suspense>
        <AccountMenu context={context} />
      </div>
      {showsKeys && (
        <Suspense fallback={null}>
          <KeysDialog onClose={() => setShowsKeys(false)} />
        </Suspense>
      )}
    </header>
  );
}
