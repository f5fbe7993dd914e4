import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { openPublicClient } from "../../data/client.ts";
import { Button, buttonLook } from "../../design/button.tsx";
import { Field } from "../../design/field.tsx";
import { Form } from "../../design/form.tsx";
import { usePageTitle } from "../../design/page-title.ts";
import { useForm } from "../../design/use-form.ts";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { FrontPage } from "./front-page.tsx";
import { useSignInWays } from "./use-sign-in-ways.ts";

/** The answer does not reveal if the account exists. */
export function ForgotPassword() {
  const words = useMessages();
  const { message } = words;
  const { mail } = useSignInWays();
  const [sentTo, setSentTo] = useState<string>();
  const { busy, problems, onSubmit } = useForm({
    names: ["email"],
    check: ({ email }) => (email.trim() === "" ? { email: message("session.emailMissing") } : {}),
    send: async ({ email }) => {
      await openPublicClient().call("mailPasswordReset", { body: { email: email.trim() }, asksOnce: true });
      setSentTo(email.trim());
    },
    explain: (thrown) => ({ whole: problemWords(thrown, words) }),
  });
  usePageTitle(message("recovery.forgotTitle"));
  if (sentTo !== undefined) {
    return (
      <FrontPage
        title={message(mail ? "recovery.forgotSent" : "recovery.forgotWaits")}
        about={message(mail ? "recovery.forgotSentAbout" : "recovery.forgotWaitsAbout", { email: sentTo })}
      >
        <Link to="/sign-in" className={buttonLook("secondary")}>
          {message("session.signIn")}
        </Link>
      </FrontPage>
    );
  }
  return (
    <FrontPage
      title={message("recovery.forgotTitle")}
      about={message(mail ? "recovery.forgotAbout" : "recovery.forgotUnmailed")}
    >
      <Form problem={problems.whole} onSubmit={onSubmit}>
        <Field
          label={message("session.email")}
          name="email"
          autoFocus
          type="email"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          error={problems.fields?.email}
        />
        <Button kind="primary" type="submit" wide busy={busy}>
          {message(mail ? "recovery.forgotSend" : "recovery.forgotAsk")}
        </Button>
      </Form>
      <Link to="/sign-in" className="text-accent underline">
        {message("recovery.backToSignIn")}
      </Link>
    </FrontPage>
  );
}
