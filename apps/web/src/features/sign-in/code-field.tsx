import { Field } from "../../design/field.tsx";
import { useMessages } from "../../messages/use-messages.ts";

interface CodeFieldProps {
  readonly error?: string | undefined;
  /** "recovery": there is no app. */
  readonly of?: "app" | "recovery" | "both";
  readonly autoFocus?: boolean;
}

const hints = {
  app: "settings.factorCode",
  recovery: "factor.recoveryHint",
  both: "factor.codeHint",
} as const;

/** Recovery codes contain letters. */
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
      // Appears after the password was sent and is the next step.
      autoFocus={autoFocus}
      error={error}
    />
  );
}
