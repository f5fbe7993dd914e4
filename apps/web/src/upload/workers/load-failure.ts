import { HoldfastError } from "@holdfast/core/errors";
import { wait } from "../../browser/wait.ts";

const loadTimeoutMs = 30_000;

/** @returns aborted if the script of the worker cannot be loaded, or if the worker does not send a message in time */
export function loadFailure(worker: Pick<Worker, "addEventListener">): AbortSignal {
  const failure = new AbortController();
  const loaded = new AbortController();
  const fail = (): void => {
    if (loaded.signal.aborted) return;
    loaded.abort();
    const message = "The upload code has not loaded. Reload the page.";
    failure.abort(new HoldfastError("unavailable", message, { field: "script" }));
  };
  worker.addEventListener("message", () => loaded.abort(), { once: true });
  worker.addEventListener("error", fail);
  wait(loadTimeoutMs, loaded.signal).then(fail, () => {});
  return failure.signal;
}
