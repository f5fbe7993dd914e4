import { toHoldfastError } from "@holdfast/core/errors";
import type { RouteAnswer, routes } from "@holdfast/protocol/routes";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, useLocation } from "@tanstack/react-router";
import { useEffect, useState, useSyncExternalStore } from "react";
import { serverName } from "../../browser/server-name.ts";
import { useAccount } from "../../data/account.ts";
import { openPublicClient } from "../../data/client.ts";
import { useDrive } from "../../data/use-drive.ts";
import { useSession } from "../../data/use-session.ts";
import { Button, buttonLook } from "../../design/button.tsx";
import { Loaded } from "../../design/loaded.tsx";
import { Notice } from "../../design/notice.tsx";
import { usePageTitle } from "../../design/page-title.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { FrontPage } from "../sign-in/front-page.tsx";
import { Leaving } from "../sign-in/leaving.tsx";

type Request = RouteAnswer<(typeof routes)["readSignOutRequest"]>;

/** A program sends the browser here. Asks for confirmation, because any link may lead here. */
export function SignOutPlace() {
  const { message } = useMessages();
  const session = useSession();
  const state = useSyncExternalStore(session.subscribe, session.getSnapshot);
  // Stays unset after another tab's sign-out, because this tab is still deleting its data then.
  const [goesOn, setGoesOn] = useState(false);
  const load = useRequest();
  const signOut = useMutation({ mutationFn: () => session.signOut(), onSuccess: setGoesOn });
  const isOver = load === undefined || (load.error !== null && toHoldfastError(load.error).code === "not_found");
  const isNobody = state === "signed_out";
  const asks = isNobody ? message("programs.outNobody") : message("programs.outTitle", { server: serverName });
  const title = isOver ? message("programs.over") : asks;
  usePageTitle(title);
  // The server has not received the sign-out.
  if (state === "leaving") return <Leaving />;
  if (isOver) return <FrontPage title={title} about={message("programs.outOverAbout")} />;
  return (
    <FrontPage title={title}>
      <Loaded load={load}>
        {(request) =>
          isNobody ? (
            <Nobody request={request} goesOn={goesOn || request.wasNobody} />
          ) : (
            <Ask request={request} busy={signOut.isPending} onSignOut={() => signOut.mutate()} />
          )
        }
      </Loaded>
    </FrontPage>
  );
}

function useRequest() {
  const { reach } = useDrive();
  const sealed = useLocation({ select: ({ hash }) => hash });
  const load = useQuery({
    queryKey: ["sign-out-request", sealed],
    queryFn: async ({ signal }) => {
      const wasNobody = (await reach.start()) === "signed_out";
      const body = { sign_out_request: sealed };
      return { ...(await openPublicClient().call("readSignOutRequest", { body, signal })), wasNobody };
    },
    enabled: sealed !== "",
    retry: false,
    staleTime: Infinity,
    gcTime: 0,
  });
  return sealed === "" ? undefined : load;
}

interface AskProps {
  readonly request: Request;
  readonly busy: boolean;
  readonly onSignOut: () => void;
}

function Ask({ request: { name, user_id: known }, busy, onSignOut }: AskProps) {
  const { message } = useMessages();
  const session = useSession();
  const { data: account } = useAccount();
  const isOther = known !== null && session.account !== undefined && session.account !== known;
  return (
    <>
      <p>
        {name === null
          ? message("programs.outAsksPlain", { server: serverName })
          : message("programs.outAsks", { name, server: serverName })}
      </p>
      {account !== undefined && <p>{message("programs.signedInAs", { email: account.email })}</p>}
      {isOther && name !== null && <Notice kind="warning">{message("programs.outOther", { name })}</Notice>}
      <p className="text-muted">{message("programs.outKeeps")}</p>
      <div className="flex flex-col gap-3">
        <Button kind="primary" wide busy={busy} onClick={onSignOut}>
          {message("session.signOut")}
        </Button>
        <Link to="/files" className={buttonLook("secondary")}>
          {message("programs.outStay")}
        </Link>
      </div>
    </>
  );
}

interface NobodyProps {
  readonly request: Request;
  readonly goesOn: boolean;
}

/** The server has checked that the program registered the target. */
function Nobody({ request: { name, url }, goesOn }: NobodyProps) {
  const { message } = useMessages();
  useEffect(() => {
    if (goesOn && url !== null) location.replace(url);
  }, [goesOn, url]);
  return (
    <>
      <p>{message("programs.outNobodyAbout", { server: serverName })}</p>
      {url === null || name === null ? (
        <Link to="/sign-in" className={buttonLook("secondary")}>
          {message("session.signIn")}
        </Link>
      ) : (
        <a href={url} className={buttonLook("primary")}>
          {message("programs.outGoOn", { name })}
        </a>
      )}
    </>
  );
}
