import { Field } from "../../design/field.tsx";
import { useMessages } from "../../messages/use-messages.ts";

interface CodeFieldProps {
  readonly error?: string | undefined;
  /** The codes that do: of the app alone, recovery codes alone as there is no app, or both. */
  readonly of?: "app" | "recovery" | "both";
  readonly autoFocus?: boolean;
}

const hints = {
  app: "settings.factorCode",
  recovery: "factor.recoveryHint",
  both: "factor.codeHint",
} as const;

/** For a code of the authenticator app, or a recovery code, which has letters. */
export function CodeField({ error, of = "both", autoFocus = false }: CodeFieldProps) {
  const { message } = useMessages();
  return (
    <Field
      label={message("factor.code")}
      hint={message(hints[of])}
      name="totp"
      inputMode={of === "app" ? "numeric" : "text"}
      autoComplete="one-time-code"
      autoCapitalize="none"
      spellCheck={false}
      maxLength={64}
      // It appears as the answer to what was just sent, and is what comes next.
      autoFocus={autoFocus}
      error={error}
    />
  );
}
