import CircleAlert from "lucide-react/icons/circle-alert";
import TriangleAlert from "lucide-react/icons/triangle-alert";
import { useMessages } from "../messages/use-messages.ts";
import { storageState } from "./storage-state.ts";

export function StorageWarning({ used, quota }: { readonly used: number; readonly quota: number }) {
  const { message, size, percent } = useMessages();
  const state = storageState(used, quota);
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
            ? message("full.title")
            : // Rounded down: never 100 % while space is left.
              message("full.almost", { percent: percent(Math.floor((used / quota) * 100) / 100) })}
        </p>
        <p>{isFull ? message("full.next") : message("full.almostNext", { left: size(quota - used) })}</p>
      </div>
    </div>
  );
}

/** Old versions and the trash use most of the space. */
export function StoredWarning() {
  const { message } = useMessages();
  return <p className="mt-2">{message("full.storedAlmost")}</p>;
}
