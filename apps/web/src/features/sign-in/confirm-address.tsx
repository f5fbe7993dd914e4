import { toHoldfastError } from "@holdfast/core/errors";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useSyncExternalStore } from "react";
import { accountKey, accountQuery } from "../../data/account.ts";
import { useDrive } from "../../data/use-drive.ts";
import { useSession } from "../../data/use-session.ts";
import { Button, buttonLook } from "../../design/button.tsx";
import { Loaded } from "../../design/loaded.tsx";
import { Notice } from "../../design/notice.tsx";
import { usePageTitle } from "../../design/page-title.ts";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { FrontPage } from "./front-page.tsx";
import { Leaving } from "./leaving.tsx";
import { SignInForm } from "./sign-in-form.tsx";
import { useSignInWays } from "./use-sign-in-ways.ts";

interface ConfirmAddressProps {
  /** Kept only in memory, across a sign-in and a sign-out. */
  readonly token: string;
}

/** Confirms by a button after the sign-in. Thus mail filters that open the link confirm nothing. */
export function ConfirmAddress({ token }: ConfirmAddressProps) {
  const { message } = useMessages();
  const session = useSession();
  const { client, reach } = useDrive();
  const state = useSyncExternalStore(session.subscribe, session.getSnapshot);
  const started = useQuery({ queryKey: ["confirm-address"], queryFn: () => reach.start(), retry: false, gcTime: 0 });
  const account = useQuery({ ...accountQuery({ client }), enabled: state === "signed_in" });
  if (state === "leaving") return <Leaving />;
  if (state === "signed_out" || state === "expired") return <SignInFirst />;
  if (account.data === undefined) {
    return (
      <FrontPage title={message("setup.confirmTitle")}>
        <Loaded<unknown> load={started.error === null ? account : started}>{() => null}</Loaded>
      </FrontPage>
    );
  }
  const { id, name, email } = account.data;
  const who = name === email ? email : message("setup.confirmWho", { name, email });
  if (!isFor(token, id)) return <OtherAccount who={who} />;
  return <Confirm token={token} who={who} />;
}

export function isWholeConfirmation(token: string): boolean {
  return /^hfc_[0-9a-f]{32}_\d{1,15}_[\w-]{43}$/.test(token);
}

/** The server checks this again. */
function isFor(token: string, accountId: string): boolean {
  return token.startsWith(`hfc_${accountId.replaceAll("-", "")}_`);
}

function SignInFirst() {
  const { message } = useMessages();
  const { outside } = useSignInWays();
  usePageTitle(message("setup.confirmTitle"));
  return (
    <FrontPage title={message("setup.confirmTitle")} about={message("setup.confirmSignIn")}>
      {/* No action is needed: the session notifies this page. */}
      <SignInForm next="/files" onDone={() => {}} />
      {outside !== null && <p className="text-muted">{message("setup.confirmOutside", { name: outside.name })}</p>}
    </FrontPage>
  );
}

function OtherAccount({ who }: { readonly who: string }) {
  const words = useMessages();
  const { message } = words;
  const session = useSession();
  const { error, isPending, mutate } = useMutation({ mutationFn: () => session.signOut() });
  usePageTitle(message("setup.confirmOther"));
  return (
    <FrontPage title={message("setup.confirmOther")} about={message("setup.confirmOtherAbout", { who })}>
      {error !== null && (
        <Notice kind="error" isNews>
          {problemWords(error, words)}
        </Notice>
      )}
      <div className="flex flex-col gap-3">
        <Button kind="primary" wide busy={isPending} onClick={() => mutate()}>
          {message("setup.confirmSwitch")}
        </Button>
        <Link to="/files" className={buttonLook("secondary")}>
          {message("setup.confirmStay")}
        </Link>
      </div>
    </FrontPage>
  );
}

interface ConfirmProps extends ConfirmAddressProps {
  readonly who: string;
}

function Confirm({ token, who }: ConfirmProps) {
  const words = useMessages();
  const { message } = words;
  const { client, queries } = useDrive();
  const { data, error, isPending, mutate } = useMutation({
    mutationFn: () => client.call("confirmAddress", { body: { token } }),
    onSuccess: () => void queries.invalidateQueries({ queryKey: accountKey }),
  });
  usePageTitle(message(data === undefined ? "setup.confirmTitle" : "setup.confirmed"));
  useEffect(() => {
    if (data !== undefined) document.querySelector<HTMLElement>("#title")?.focus();
  }, [data]);
  if (data !== undefined) {
    return (
      <FrontPage title={message("setup.confirmed")} about={message("setup.confirmedAbout", { email: data.email })}>
        <Link to="/files" className={buttonLook("primary")}>
          {message("notFound.toFiles")}
        </Link>
      </FrontPage>
    );
  }
  const isBad = error !== null && toHoldfastError(error).code === "invalid_field";
  return (
    <FrontPage title={message("setup.confirmTitle")} about={message("setup.confirmAbout")}>
      <p className="font-semibold wrap-anywhere">{who}</p>
      {error !== null && (
        <Notice kind="error" isNews>
          {isBad ? message("setup.confirmBad") : problemWords(error, words)}
        </Notice>
      )}
      <Button kind="primary" wide busy={isPending} onClick={() => mutate()}>
        {message("setup.confirm")}
      </Button>
    </FrontPage>
  );
}
