import type { ErrorComponentProps } from "@tanstack/react-router";
import { type ReactNode, Suspense } from "react";
import { useAway, useBack } from "../data/use-away.ts";
import { lazyPart } from "../design/lazy-part.ts";
import { usePageTitle } from "../design/page-title.ts";
import type { PlainKey } from "../messages/messages.ts";
import { useMessages, withWords } from "../messages/use-messages.ts";

const NotFound = lazyPart(async () => (await withWords(import("./not-found.tsx"))).NotFound);

export function PageNotFound() {
  return (
    <main>
      <Suspense fallback={null}>
        <NotFound />
      </Suspense>
    </main>
  );
}

/** Replaces the whole page. */
export function PageFailed(props: ErrorComponentProps) {
  return (
    <main>
      <PlaceFailed {...props} />
    </main>
  );
}

/** Navigation and banner stay. */
export function PlaceFailed({ reset }: ErrorComponentProps) {
  return (
    <Problem title="shell.failed" next="shell.failedNext">
      <TryAgain onPress={reset} />
    </Problem>
  );
}

interface MissingProps {
  /** @returns false if the script is still missing */
  readonly retry: () => Promise<boolean>;
}

/** The script of a place is missing. The page is never reloaded while the server is unreachable. */
export function PlaceMissing({ retry }: MissingProps) {
  const isAway = useAway();
  useBack(() => void retry());
  if (isAway) return <Problem title="shell.notOffline" next="problem.unreachable" />;
  // Browsers remember a failed script until the page is reloaded.
  const orReload = async (): Promise<void> => {
    if (!(await retry())) location.reload();
  };
  return (
    <Problem title="shell.failed" next="shell.failedNext">
      <TryAgain onPress={() => void orReload()} />
    </Problem>
  );
}

interface ProblemProps {
  readonly title: PlainKey;
  readonly next: PlainKey;
  readonly children?: ReactNode;
}

export function Problem({ title, next, children }: ProblemProps) {
  const { message } = useMessages();
  usePageTitle(message(title));
  return (
    <div className="mx-auto flex max-w-prose flex-col items-start gap-3 p-6 pt-16">
      <h1 className="text-xl font-semibold">{message(title)}</h1>
      <p className="text-muted">{message(next)}</p>
      {children}
    </div>
  );
}

function TryAgain({ onPress }: { readonly onPress: () => void }) {
  const { message } = useMessages();
  return (
    <button type="button" className="text-accent underline" onClick={onPress}>
      {message("shell.tryAgain")}
    </button>
  );
}
