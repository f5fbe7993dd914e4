import { toHoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import { Button } from "../design/button.tsx";
import { Dialog } from "../design/dialog.tsx";
import { Field } from "../design/field.tsx";
import { Form } from "../design/form.tsx";
import { usePageTitle } from "../design/page-title.ts";
import { useForm } from "../design/use-form.ts";
import { FrontPage } from "../features/sign-in/front-page.tsx";
import { problemWords } from "../messages/problem-words.ts";
import { useMessages } from "../messages/use-messages.ts";
import type { LinkSession } from "./link-session.ts";
import { ReportButton } from "./report.tsx";

interface PasswordProps {
  readonly session: LinkSession;
}

export function PasswordPage({ session, token }: PasswordProps & { readonly token: string }) {
  const { message } = useMessages();
  usePageTitle(message("link.passwordTitle"));
  return (
    <FrontPage title={message("link.passwordTitle")} about={message("link.passwordAbout")}>
      <PasswordForm session={session} />
      <div className="flex justify-center">
        <ReportButton token={token} hasWord />
      </div>
    </FrontPage>
  );
}

/** The access by password has expired. */
export function PasswordDialog({ session }: PasswordProps) {
  const { message } = useMessages();
  return (
    <Dialog
      open
      size="small"
      title={message("link.passwordAgain")}
      about={message("link.passwordAgainAbout")}
      onClose={() => {}}
    >
      <PasswordForm session={session} />
    </Dialog>
  );
}

function PasswordForm({ session }: PasswordProps) {
  const words = useMessages();
  const { message, duration } = words;
  const { busy, problems, onSubmit } = useForm({
    names: ["password"],
    check: ({ password }) => (password === "" ? { password: message("session.passwordMissing") } : {}),
    send: ({ password }) => session.enter(password),
    explain: (thrown) => {
      const { code, retryAfterSeconds = 60 } = toHoldfastError(thrown);
      if (code === "unauthenticated" || code === "invalid_field")
        return { fields: { password: message("link.wrong") } };
      if (code === "rate_limited") return { whole: message("link.wait", { time: duration(retryAfterSeconds * 1000) }) };
      return { whole: problemWords(thrown, words) };
    },
  });
  return (
    <Form problem={problems.whole} onSubmit={onSubmit}>
      <Field
        label={message("link.password")}
        name="password"
        type="password"
        autoComplete="off"
        autoFocus
        maxLength={limits.passwordBytesMax}
        error={problems.fields?.password}
      />
      <Button kind="primary" type="submit" wide busy={busy}>
        {message("link.open")}
      </Button>
    </Form>
  );
}
