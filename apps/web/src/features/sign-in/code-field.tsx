import { Field } from "../../design/field.tsx";
import { useMessages } from "../../messages/use-messages.ts";

interface CodeFieldProps {
  readonly error?: string | undefined;
  /** Only a code of the app will do. */
  readonly isOfApp?: boolean;
  readonly autoFocus?: boolean;
}

/** For a code of the authenticator app, or a recovery code, which has letters. */
export function CodeField({ error, isOfApp = false, autoFocus = false }: CodeFieldProps) {
  const { message } = useMessages();
  return (
    <Field
      label={message("factor.code")}
      hint={message(isOfApp ? "settings.factorCode" : "factor.codeHint")}
      name="totp"
      inputMode={isOfApp ? "numeric" : "text"}
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
