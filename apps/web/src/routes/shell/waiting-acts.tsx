import { HoldfastError } from "@holdfast/core/errors";
import { use, useEffect, useSyncExternalStore } from "react";
import type { Acts } from "../../data/acts.ts";
import { useDrive } from "../../data/use-drive.ts";
import { messages, useMessages } from "../../messages/use-messages.ts";

/** Changes whose connection broke before the server answered. */
export function WaitingActs() {
  const acts = use(useDrive().acts());
  return acts === undefined ? null : <Waiting acts={acts} />;
}

function Waiting({ acts }: { readonly acts: Acts }) {
  const { message } = useMessages();
  const count = useSyncExternalStore(acts.subscribe, acts.getSnapshot);
  const isWaiting = count > 0;
  useEffect(() => {
    if (!isWaiting) return undefined;
    const warn = (event: BeforeUnloadEvent): void => event.preventDefault();
    addEventListener("beforeunload", warn);
    return () => removeEventListener("beforeunload", warn);
  }, [isWaiting]);
  if (!isWaiting) return null;
  const cancel = (): void =>
    acts.cancel(
      new HoldfastError("unreachable", messages().message("shell.canceled"), { body: { network: "CANCELED" } }),
    );
  return (
    <section
      aria-label={message("shell.waiting", { count })}
      className="flex flex-wrap items-center gap-x-2 border-y border-line bg-surface px-4 py-2 lg:px-6"
    >
      <p role="status" className="min-w-0">
        {message("shell.waiting", { count })}
      </p>
      <button type="button" className="shrink-0 text-accent underline" onClick={cancel}>
        {message("design.cancel")}
      </button>
    </section>
  );
}
