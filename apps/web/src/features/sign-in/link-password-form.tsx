import { toHoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import { Button } from "../../design/button.tsx";
import { Field } from "../../design/field.tsx";
import { Form } from "../../design/form.tsx";
import { useForm } from "../../design/use-form.ts";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";

interface LinkPasswordFormProps {
  /** @throws HoldfastError unauthenticated for a wrong password, rate_limited after too many attempts */
  readonly enter: (password: string) => Promise<void>;
}

export function LinkPasswordForm({ enter }: LinkPasswordFormProps) {
  const words = useMessages();
  const { message, duration } = words;
  const { busy, problems, onSubmit } = useForm({
    names: ["password"],
    check: ({ password }) => (password === "" ? { password: message("session.passwordMissing") } : {}),
    send: ({ password }) => enter(password),
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
