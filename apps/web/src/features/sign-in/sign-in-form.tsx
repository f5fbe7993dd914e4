import { toHoldfastError } from "@holdfast/core/errors";
import { useState } from "react";
import { Button } from "../../design/button.tsx";
import { Field } from "../../design/field.tsx";
import { Form } from "../../design/form.tsx";
import { useSession } from "../../data/use-session.ts";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { CodeField } from "./code-field.tsx";
import { useForm } from "../../design/use-form.ts";

interface SignInFormProps {
  /** Of somebody whose session has ended: it is theirs that goes on. */
  readonly email?: string | undefined;
  readonly onDone: () => void;
}

export function SignInForm({ email, onDone }: SignInFormProps) {
  const words = useMessages();
  const { message } = words;
  const session = useSession();
  const [needsCode, setNeedsCode] = useState(false);
  const { busy, problems, onSubmit } = useForm({
    names: ["email", "password", "totp"],
    check: (values) => ({
      ...(values.email.trim() === "" ? { email: message("session.missing") } : {}),
      ...(values.password === "" ? { password: message("session.missing") } : {}),
      ...(needsCode && values.totp.trim() === "" ? { totp: message("session.missing") } : {}),
    }),
    send: async (values) => {
      const totp = values.totp.trim();
      await session.signIn({
        email: values.email.trim(),
        password: values.password,
        ...(totp === "" ? {} : { totp }),
      });
      onDone();
    },
    explain: (thrown) => {
      const { code } = toHoldfastError(thrown);
      if (code === "second_factor") {
        setNeedsCode(true);
        return needsCode ? { fields: { totp: message("session.codeWrong") } } : {};
      }
      if (code === "unauthenticated") return { fields: { password: message("session.wrong") } };
      if (code === "forbidden") return { whole: message("session.disabled") };
      return { whole: problemWords(thrown, words) };
    },
  });
  return (
    <Form problem={problems.whole} onSubmit={onSubmit}>
      <Field
        label={message("session.email")}
        name="email"
        type="email"
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        defaultValue={email}
        readOnly={email !== undefined}
        onChange={() => setNeedsCode(false)}
        error={problems.fields?.email}
      />
      <Field
        label={message("session.password")}
        name="password"
        type="password"
        autoComplete="current-password"
        error={problems.fields?.password}
      />
      {needsCode && <CodeField autoFocus error={problems.fields?.totp} />}
      <Button kind="primary" type="submit" wide busy={busy}>
        {message("session.signIn")}
      </Button>
    </Form>
  );
}
