import { toHoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { openPublicClient } from "../../data/client.ts";
import { Button, buttonLook } from "../../design/button.tsx";
import { Field } from "../../design/field.tsx";
import { Form } from "../../design/form.tsx";
import { usePageTitle } from "../../design/page-title.ts";
import { useForm } from "../../design/use-form.ts";
import { passwordProblem } from "../../messages/password-words.ts";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { FrontPage } from "./front-page.tsx";

/** Behind the mailed link: another password, with which one signs in then. */
export function ResetPassword({ token }: { readonly token: string }) {
  const words = useMessages();
  const { message } = words;
  const [email, setEmail] = useState<string>();
  const { busy, problems, onSubmit } = useForm({
    names: ["password"],
    check: ({ password }) =>
      new TextEncoder().encode(password).length < limits.passwordBytesMin
        ? { password: message("setup.passwordShort", { count: limits.passwordBytesMin }) }
        : {},
    send: async ({ password }) => {
      const body = { token, new_password: password };
      setEmail((await openPublicClient().call("resetPassword", { body, asksOnce: true })).email);
    },
    explain: (thrown) => {
      const password = passwordProblem(thrown, words);
      if (password !== undefined) return { fields: { password } };
      const isBadLink = toHoldfastError(thrown).field === "token";
      return { whole: isBadLink ? message("recovery.resetBad") : problemWords(thrown, words) };
    },
  });
  usePageTitle(message("recovery.resetTitle"));
  if (email !== undefined) {
    return (
      <FrontPage title={message("recovery.resetDone")} about={message("recovery.resetDoneAbout", { email })}>
        <Link to="/sign-in" className={buttonLook("primary")}>
          {message("session.signIn")}
        </Link>
      </FrontPage>
    );
  }
  return (
    <FrontPage title={message("recovery.resetTitle")} about={message("recovery.resetAbout")}>
      <Form problem={problems.whole} onSubmit={onSubmit}>
        <Field
          label={message("recovery.newPassword")}
          hint={message("setup.passwordHint", { count: limits.passwordBytesMin })}
          name="password"
          type="password"
          autoComplete="new-password"
          maxLength={limits.passwordBytesMax}
          error={problems.fields?.password}
        />
        <Button kind="primary" type="submit" wide busy={busy}>
          {message("recovery.resetSave")}
        </Button>
      </Form>
    </FrontPage>
  );
}
