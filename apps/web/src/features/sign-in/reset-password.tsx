import { toHoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { fromPage, openPublicClient } from "../../data/client.ts";
import { Button, buttonLook } from "../../design/button.tsx";
import { Checkbox } from "../../design/choice.tsx";
import { Field } from "../../design/field.tsx";
import { Form } from "../../design/form.tsx";
import { usePageTitle } from "../../design/page-title.ts";
import { useForm } from "../../design/use-form.ts";
import { passwordProblem } from "../../messages/password-words.ts";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { type Foreign, foreignOf } from "./foreign-address.ts";
import { ForeignPage } from "./foreign-page.tsx";
import { FrontPage } from "./front-page.tsx";

interface Done {
  readonly email: string;
  readonly passkeys: number;
  readonly outside: number;
}

interface Ended {
  readonly end_passkeys: boolean;
  readonly end_outside: boolean;
}

export function ResetPassword({ token }: { readonly token: string }) {
  const words = useMessages();
  const { message } = words;
  const [done, setDone] = useState<Done>();
  const [ended, setEnded] = useState<Ended>({ end_passkeys: false, end_outside: false });
  const [foreign, setForeign] = useState<Foreign>();
  const { busy, problems, onSubmit } = useForm({
    names: ["password"],
    check: ({ password }) =>
      new TextEncoder().encode(password).length < limits.passwordBytesMin
        ? { password: message("setup.passwordShort", { count: limits.passwordBytesMin }) }
        : {},
    send: async ({ password }) => {
      const body = { token, new_password: password, ...ended };
      setDone(await openPublicClient().call("resetPassword", { body, headers: fromPage, asksOnce: true }));
    },
    explain: (thrown) => {
      const elsewhere = foreignOf(thrown);
      if (elsewhere !== undefined) {
        setForeign(elsewhere);
        return {};
      }
      const password = passwordProblem(thrown, words);
      if (password !== undefined) return { fields: { password } };
      const isBadLink = toHoldfastError(thrown).field === "token";
      return { whole: isBadLink ? message("recovery.resetBad") : problemWords(thrown, words) };
    },
  });
  usePageTitle(message("recovery.resetTitle"));
  if (foreign !== undefined) return <ForeignPage title={message("recovery.resetTitle")} token={token} {...foreign} />;
  if (done !== undefined) return <ResetDone {...done} />;
  return (
    <FrontPage title={message("recovery.resetTitle")} about={message("recovery.resetAbout")}>
      <Form problem={problems.whole} onSubmit={onSubmit}>
        <Field
          label={message("recovery.newPassword")}
          hint={message("setup.passwordHint", { count: limits.passwordBytesMin })}
          name="password"
          type="password"
          autoComplete="new-password"
          autoFocus
          maxLength={limits.passwordBytesMax}
          error={problems.fields?.password}
        />
        <EndedWays ended={ended} onChange={setEnded} />
        <Button kind="primary" type="submit" wide busy={busy}>
          {message("recovery.resetSave")}
        </Button>
      </Form>
    </FrontPage>
  );
}

function ResetDone({ email, passkeys, outside }: Done) {
  const { message } = useMessages();
  return (
    <FrontPage title={message("recovery.resetDone")} about={message("recovery.resetDoneAbout", { email })}>
      {passkeys + outside > 0 && <p className="text-muted">{message("recovery.waysLeft")}</p>}
      <Link to="/sign-in" className={buttonLook("primary")}>
        {message("session.signIn")}
      </Link>
    </FrontPage>
  );
}

/** Always shown, because the link alone must not reveal which ways exist. */
function EndedWays({ ended, onChange }: { readonly ended: Ended; readonly onChange: (ended: Ended) => void }) {
  const { message } = useMessages();
  return (
    <>
      <Checkbox
        label={message("recovery.endPasskeys")}
        hint={message("recovery.endPasskeysHint")}
        checked={ended.end_passkeys}
        onChange={(checked) => onChange({ ...ended, end_passkeys: checked })}
      />
      <Checkbox
        label={message("recovery.endOutside")}
        hint={message("recovery.endOutsideHint")}
        checked={ended.end_outside}
        onChange={(checked) => onChange({ ...ended, end_outside: checked })}
      />
    </>
  );
}
