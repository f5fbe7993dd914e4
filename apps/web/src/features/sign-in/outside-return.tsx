import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import type { outsideRoutes } from "@holdfast/protocol/outside-routes";
import type { PasskeyAssertion } from "@holdfast/protocol/passkey-values";
import type { RouteBodyInput } from "@holdfast/protocol/routes";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { openPublicClient } from "../../data/client.ts";
import { useDrive } from "../../data/use-drive.ts";
import { useSession } from "../../data/use-session.ts";
import { Button, buttonLook } from "../../design/button.tsx";
import { Form } from "../../design/form.tsx";
import { Notice } from "../../design/notice.tsx";
import { usePageTitle } from "../../design/page-title.ts";
import { useForm } from "../../design/use-form.ts";
import { problemWords } from "../../messages/problem-words.ts";
import { type useMessages as Words, useMessages } from "../../messages/use-messages.ts";
import { FactorFields } from "./factor-fields.tsx";
import { FrontPage } from "./front-page.tsx";
import { KeepAccount } from "./keep-account.tsx";
import { ownPlace } from "./own-place.ts";

interface Returned {
  readonly use: "sign_in" | "link" | "prove";
  readonly ticket: string;
  readonly next: string;
}

interface FactorAsked extends Returned {
  readonly asked: HoldfastError;
}

/** The issuer redirects here. Signs in, links or proves, then returns to the former page. */
export function OutsideReturn() {
  const words = useMessages();
  const { message } = words;
  const { load, returned } = useReturn();
  const isLate = load.error !== null;
  const isProof = returned?.use === "prove";
  const failed = message(isProof ? "outside.notProven" : "outside.failed");
  const title = isLate ? failed : message("session.signIn");
  usePageTitle(title);
  return (
    <FrontPage title={title} about={isLate ? undefined : message("outside.wait")}>
      {load.error !== null && (
        <>
          <Notice kind="error" isNews>
            {outsideWords(load.error, words, isProof)}
          </Notice>
          {isProof ? (
            <a href={returned.next} className={buttonLook("primary")}>
              {message("outside.goBack")}
            </a>
          ) : (
            <Link to="/sign-in" className={buttonLook("primary")}>
              {message("session.signIn")}
            </Link>
          )}
        </>
      )}
      {load.data != null && <AskFactor {...load.data} />}
    </FrontPage>
  );
}

function useReturn() {
  // The code is valid once and must not stay in the history.
  const [back] = useState(() => new URLSearchParams(location.search));
  const take = useTake();
  const navigate = useNavigate();
  const [returned, setReturned] = useState<Returned>();
  const load = useQuery({
    queryKey: ["outside-return", back.get("state")],
    queryFn: async (): Promise<FactorAsked | null> => {
      await navigate({ to: "/sign-in/callback", search: {}, replace: true });
      const { use, ticket, return_to: place } = await askOf(back);
      const taken = { use, ticket, next: ownPlace(place) };
      setReturned(taken);
      const asked = await unlessFactor(take(taken));
      if (asked !== undefined) return { ...taken, asked };
      await navigate({ href: taken.next, replace: true });
      return null;
    },
    retry: false,
    staleTime: Infinity,
    refetchOnMount: false,
    refetchOnReconnect: false,
  });
  return { load, returned };
}

function useTake() {
  const session = useSession();
  const { client } = useDrive();
  return async ({ use, ticket }: Returned, factor: Factor = {}): Promise<void> => {
    const body = { ticket, ...factor };
    if (use === "link") await client.call("confirmOutsideLink", { body: { ticket }, asksOnce: true });
    else if (use === "prove") await client.call("confirmOutsideProof", { body, asksOnce: true });
    else await session.begin(() => openPublicClient().call("createOutsideWebSession", { body, asksOnce: true }));
  };
}

type Factor = Omit<RouteBodyInput<typeof outsideRoutes.createOutsideWebSession>, "ticket">;

function askOf(back: URLSearchParams) {
  const [code, state, iss] = [back.get("code"), back.get("state"), back.get("iss")];
  // Refused, or opened manually.
  if (code === null || state === null) throw new HoldfastError("internal", "The sign-in response is incomplete.");
  const body = { code, state, ...(iss === null ? {} : { iss }) };
  return openPublicClient().call("finishOutside", { body, asksOnce: true });
}

/** @returns response that requires a second factor */
async function unlessFactor(taking: Promise<void>): Promise<HoldfastError | undefined> {
  try {
    await taking;
    return undefined;
  } catch (thrown) {
    const failure = toHoldfastError(thrown);
    if (failure.code === "second_factor" || failure.code === "account_leaving") return failure;
    throw thrown;
  }
}

function AskFactor({ asked, ...returned }: FactorAsked) {
  const words = useMessages();
  const { message } = words;
  const take = useTake();
  const isProof = returned.use === "prove";
  const navigate = useNavigate();
  const shown = useRef<PasskeyAssertion>(undefined);
  const keeps = useRef(false);
  const [last, setLast] = useState(asked);
  const isLeaving = last.code === "account_leaving";
  const { busy, problems, onSubmit } = useForm({
    names: ["totp"],
    check: ({ totp }) =>
      !isLeaving && shown.current === undefined && totp.trim() === "" ? { totp: message("factor.codeMissing") } : {},
    send: async ({ totp }) => {
      const passkey = shown.current;
      shown.current = undefined;
      const code = totp.trim() === "" ? {} : { totp: totp.trim() };
      const kept = keeps.current ? { keep_account: true } : {};
      await take(returned, { ...(passkey === undefined ? code : { passkey }), ...kept });
      await navigate({ href: returned.next, replace: true });
    },
    explain: (thrown) => {
      const failure = toHoldfastError(thrown);
      if (failure.code !== "second_factor") return { whole: outsideWords(thrown, words, isProof) };
      setLast(failure);
      if (isLeaving) return {};
      if (failure.field === "passkey") return { whole: message("factor.passkeyWrong") };
      return { fields: { totp: message("factor.codeWrong") } };
    },
  });
  if (isLeaving)
    return (
      <Form problem={problems.whole} onSubmit={onSubmit}>
        <KeepAccount
          leaving={last}
          onKeep={(form) => {
            keeps.current = true;
            form?.requestSubmit();
          }}
        />
      </Form>
    );
  return (
    <Form problem={problems.whole} onSubmit={onSubmit}>
      <FactorFields
        asked={last}
        error={problems.fields?.totp}
        onPasskey={(assertion, form) => {
          shown.current = assertion;
          form?.requestSubmit();
        }}
      />
      <Button kind="primary" type="submit" wide busy={busy}>
        {message(isProof ? "outside.goOn" : "session.signIn")}
      </Button>
    </Form>
  );
}

/** Anybody could put text into the address, so the issuer's text is not shown. */
function outsideWords(thrown: unknown, words: ReturnType<typeof Words>, isProof: boolean): string {
  const { code, field } = toHoldfastError(thrown);
  const { message } = words;
  if (code === "unauthenticated") return message("outside.late");
  if (code === "forbidden" && field === "auth_time") return message("outside.notAsked");
  if (code === "forbidden" && isProof) return message("outside.somebodyElse");
  if (code === "forbidden") return message(field === "outside" ? "outside.notLinked" : "session.disabled");
  if (code === "exists") return message("outside.taken");
  if (code === "internal") return message("outside.refused");
  return problemWords(thrown, words);
}
