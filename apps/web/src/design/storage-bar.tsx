import CircleAlert from "lucide-react/icons/circle-alert";
import TriangleAlert from "lucide-react/icons/triangle-alert";
import { useMessages } from "../messages/use-messages.ts";
import { Progress } from "./progress.tsx";
import { storageState } from "./storage-state.ts";

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
      <StorageWarning used={used} quota={quota} />
    </div>
  );
}

function StorageWarning({ used, quota }: { readonly used: number; readonly quota: number }) {
  const { message, size, percent } = useMessages();
  const state = storageState(used, quota);
  if (state === "plenty") return null;
  const isFull = state === "full";
  const Icon = state === "scarce" ? TriangleAlert : CircleAlert;
  return (
    <div className="flex gap-2">
      <Icon
        aria-hidden
        size={16}
        className={`mt-0.5 shrink-0 ${state === "scarce" ? "text-warning" : "text-danger"}`}
      />
      <div className="min-w-0">
        <p className="font-semibold">
          {isFull
            ? message("shell.full")
            : // Rounded down: never 100 % while space is left.
              message("shell.almostFull", { percent: percent(Math.floor((used / quota) * 100) / 100) })}
        </p>
        <p>{isFull ? message("shell.fullNext") : message("shell.almostFullNext", { left: size(quota - used) })}</p>
      </div>
    </div>
  );
}
