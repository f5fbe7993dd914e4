import { type HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import type { PasskeyAssertion } from "@holdfast/protocol/passkey-values";
import { lazy, Suspense, useRef, useState } from "react";
import { Button } from "../../design/button.tsx";
import { Field } from "../../design/field.tsx";
import { Form } from "../../design/form.tsx";
import { useSession } from "../../data/use-session.ts";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages, withWords } from "../../messages/use-messages.ts";
import { foreignWords } from "./foreign-address.ts";
import { useSignInWays } from "./use-sign-in-ways.ts";
import { useForm } from "../../design/use-form.ts";

const FactorFields = lazy(async () => ({
  default: (await withWords(import("./factor-fields.tsx"))).FactorFields,
}));
const KeepAccount = lazy(async () => ({
  default: (await withWords(import("./keep-account.tsx"))).KeepAccount,
}));
const OutsideSignIn = lazy(async () => ({
  default: (await withWords(import("./outside-sign-in.tsx"))).OutsideSignIn,
}));
const PasskeySignIn = lazy(async () => ({
  default: (await withWords(import("./passkey-sign-in.tsx"))).PasskeySignIn,
}));

interface SignInFormProps {
  /** Address of the expired session. */
  readonly email?: string | undefined;
  /** Page to open if the sign-in leaves this one. */
  readonly next?: string | undefined;
  readonly onDone: () => void;
}

export function SignInForm({ email, next, onDone }: SignInFormProps) {
  const { message } = useMessages();
  const { outside } = useSignInWays();
  const [asksPassword, setAsksPassword] = useState(false);
  const { busy, problems, onSubmit, asked, setAsked, shown, leaving, keeps } = useSignIn(onDone);
  const onPassword = outside?.only === true && !asksPassword ? () => setAsksPassword(true) : undefined;
  const elsewhere = outside !== null && (
    <Suspense>
      <OutsideSignIn {...outside} next={next} onPassword={onPassword} />
    </Suspense>
  );
  if (outside?.only === true && !asksPassword) return elsewhere;
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
        autoFocus={email === undefined}
        onChange={() => setAsked(undefined)}
        error={problems.fields?.email}
      />
      <Field
        label={message("session.password")}
        name="password"
        type="password"
        autoComplete="current-password"
        autoFocus={email !== undefined}
        error={problems.fields?.password}
      />
      {asked !== undefined && (
        <Suspense>
          <FactorFields
            asked={asked}
            error={problems.fields?.totp}
            onPasskey={(assertion, form) => {
              shown.current = assertion;
              form?.requestSubmit();
            }}
          />
        </Suspense>
      )}
      {leaving !== undefined && (
        <Suspense>
          <KeepAccount
            leaving={leaving}
            onKeep={(form) => {
              keeps.current = true;
              form?.requestSubmit();
            }}
          />
        </Suspense>
      )}
      <Button kind="primary" type="submit" wide busy={busy}>
        {message("session.signIn")}
      </Button>
      {asked === undefined && (
        <Suspense>
          <PasskeySignIn onDone={onDone} />
        </Suspense>
      )}
      {elsewhere}
    </Form>
  );
}

function useSignIn(onDone: () => void) {
  const words = useMessages();
  const { message } = words;
  const session = useSession();
  const [asked, setAsked] = useState<HoldfastError>();
  const shown = useRef<PasskeyAssertion>(undefined);
  /** The account is being deleted. */
  const [leaving, setLeaving] = useState<HoldfastError>();
  const keeps = useRef(false);
  const form = useForm({
    names: ["email", "password", "totp"],
    check: (values) => ({
      ...(values.email.trim() === "" ? { email: message("session.emailMissing") } : {}),
      ...(values.password === "" ? { password: message("session.passwordMissing") } : {}),
      ...(asked !== undefined && shown.current === undefined && values.totp.trim() === ""
        ? { totp: message("factor.codeMissing") }
        : {}),
    }),
    send: async (values) => {
      const totp = values.totp.trim();
      const passkey = shown.current;
      shown.current = undefined;
      await session.signIn({
        email: values.email.trim(),
        password: values.password,
        ...(passkey === undefined ? {} : { passkey }),
        ...(totp === "" ? {} : { totp }),
        ...(keeps.current ? { keep_account: true } : {}),
      });
      onDone();
    },
    explain: (thrown) => {
      const failure = toHoldfastError(thrown);
      const { code, field } = failure;
      if (code === "second_factor") {
        setAsked(failure);
        if (asked === undefined) return {};
        if (field === "passkey") return { whole: message("factor.passkeyWrong") };
        return { fields: { totp: message("factor.codeWrong") } };
      }
      if (code === "account_leaving") {
        setLeaving(failure);
        return {};
      }
      if (code === "unauthenticated") return { fields: { password: message("session.wrong") } };
      if (code === "forbidden" && field === "outside") return { whole: message("outside.passwordsOff") };
      if (field === "ldap") return { whole: failure.message };
      if (field === "Origin") return { whole: foreignWords(failure, words) };
      if (code === "forbidden") return { whole: message("session.disabled") };
      return { whole: problemWords(thrown, words) };
    },
  });
  return { ...form, asked, setAsked, shown, leaving, keeps };
}
