import { toHoldfastError } from "@holdfast/core/errors";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { lazy, Suspense, useCallback, useEffect, useState, useSyncExternalStore } from "react";
import { serverName } from "../browser/server-name.ts";
import { type Drive, emptyDrive } from "../data/drive.ts";
import { openClient } from "../data/client.ts";
import { DriveContext } from "../data/use-drive.ts";
import { Button } from "../design/button.tsx";
import { LiveRegions } from "../design/live-regions.tsx";
import { Failure } from "../design/notice.tsx";
import { problemWords } from "../messages/problem-words.ts";
import { useMessages } from "../messages/use-messages.ts";
import { LinkContext, type OpenedLink } from "./current-link.ts";
import { openLinkDrive } from "./link-drive.ts";
import { LinkEnded } from "./link-ended.tsx";
import { makeLinkRouter } from "./link-router.tsx";
import type { LinkSession } from "./link-session.ts";

const PasswordPage = lazy(async () => ({ default: (await import("./password.tsx")).PasswordPage }));
const PasswordDialog = lazy(async () => ({ default: (await import("./password.tsx")).PasswordDialog }));

interface LinkPageProps {
  readonly session: LinkSession;
  readonly token: string;
}

interface Opened extends OpenedLink {
  readonly drive: Drive;
  readonly router: ReturnType<typeof makeLinkRouter>;
}

export function LinkPage({ session, token }: LinkPageProps) {
  const state = useSyncExternalStore(session.subscribe, session.getSnapshot);
  const { opened, failure, open } = useOpened(session, token);
  useEffect(() => {
    // Removes the link's data from memory.
    if (state === "ended" && opened !== undefined) emptyDrive(opened.drive);
  }, [state, opened]);
  return (
    <Suspense fallback={null}>
      {state === "ended" && <LinkEnded />}
      {state === "asks" && opened === undefined && <PasswordPage session={session} token={token} />}
      {state === "open" && failure !== undefined && <NotOpened failure={failure} onTry={open} />}
      {state !== "ended" && opened !== undefined && (
        <DriveContext value={opened.drive}>
          <QueryClientProvider client={opened.drive.queries}>
            <LinkContext value={opened}>
              <RouterProvider router={opened.router} />
              {state === "asks" && <PasswordDialog session={session} />}
            </LinkContext>
          </QueryClientProvider>
        </DriveContext>
      )}
      <LiveRegions />
    </Suspense>
  );
}

function useOpened(session: LinkSession, token: string) {
  const [opened, setOpened] = useState<Opened>();
  const [failure, setFailure] = useState<unknown>();
  const open = useCallback(() => {
    setFailure(undefined);
    const read = async () => {
      const link = await openClient(session).call("getCurrentLink");
      setOpened({ token, link, drive: openLinkDrive(session, token, link), router: makeLinkRouter(token) });
    };
    read().catch(setFailure);
  }, [session, token]);
  useEffect(open, [open]);
  return { opened, failure, open };
}

function NotOpened({ failure, onTry }: { readonly failure: unknown; readonly onTry: () => void }) {
  const words = useMessages();
  const isAway = ["not_found", "trashed"].includes(toHoldfastError(failure).code);
  return (
    <main className="min-h-dvh bg-canvas pt-16">
      <h1 className="sr-only">{serverName}</h1>
      <Failure
        title={isAway ? words.message("link.away") : problemWords(failure, words)}
        acts={<Button onClick={onTry}>{words.message("files.tryAgain")}</Button>}
      />
    </main>
  );
}
