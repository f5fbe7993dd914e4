import { Suspense, useCallback, useState } from "react";
import { lazyPart } from "../../design/lazy-part.ts";
import { withWords } from "../../messages/use-messages.ts";
import { AccountMenu } from "./account-menu.tsx";
import { Bell } from "./bell.tsx";
import { SearchField } from "./search-field.tsx";
import { useShellCommands } from "./use-shell-commands.ts";

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
        <Bell />
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
