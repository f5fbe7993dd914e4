import { Suspense } from "react";
import { useMessages, withWords } from "../messages/use-messages.ts";
import { lazyPart } from "./lazy-part.ts";
import { Progress } from "./progress.tsx";
import { storageState } from "./storage-state.ts";

const StorageWarning = lazyPart(async () => (await withWords(import("./storage-warning.tsx"))).StorageWarning);

/** Null: unlimited. Warns from 80 % on. */
export function StorageBar({ used, quota }: { readonly used: number; readonly quota: number | null }) {
  const { message, size } = useMessages();
  if (quota === null) return <p className="text-muted">{message("shell.usedUnlimited", { used: size(used) })}</p>;
  const words = message("shell.used", { used: size(used), quota: size(quota) });
  const state = storageState(used, quota);
  return (
    <div className="flex flex-col gap-2">
      <Progress
        label={message("shell.storage")}
        value={quota === 0 ? 1 : used / quota}
        text={words}
        state={state === "plenty" || state === "scarce" ? "running" : "failed"}
      />
      <p className="text-muted">{words}</p>
      {state !== "plenty" && (
        <Suspense fallback={null}>
          <StorageWarning used={used} quota={quota} />
        </Suspense>
      )}
    </div>
  );
}
