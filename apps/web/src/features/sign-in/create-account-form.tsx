import { toHoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import { Button } from "../../design/button.tsx";
import { Field } from "../../design/field.tsx";
import { Form } from "../../design/form.tsx";
import { fromPage, openPublicClient } from "../../data/client.ts";
import { useSession } from "../../data/use-session.ts";
import { passwordProblem } from "../../messages/password-words.ts";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";
import type { Made } from "./account-made.tsx";
import { foreignWords } from "./foreign-address.ts";
import { type FieldProblems, useForm } from "../../design/use-form.ts";

type Name = "name" | "email" | "password";

interface CreateAccountFormProps {
  readonly token: string;
  /** Fixed by the invitation. */
  readonly email: string | undefined;
  readonly onDone: () => void;
  /** The account exists but the sign-in failed. */
  readonly onMade: (made: Made) => void;
}

export function CreateAccountForm({ token, email, onDone, onMade }: CreateAccountFormProps) {
  const { message } = useMessages();
  const { busy, problems, onSubmit } = useCreateAccount(token, onDone, onMade);
  const fields = problems.fields ?? {};
  return (
    <Form problem={problems.whole} onSubmit={onSubmit}>
      <Field
        label={message("setup.name")}
        hint={message("setup.nameHint")}
        name="name"
        autoComplete="name"
        autoFocus
        maxLength={200}
        error={fields.name}
      />
      <div className={email === undefined ? "" : "[&_input]:bg-hover"}>
        <Field
          label={message("session.email")}
          hint={message(email === undefined ? "setup.emailHint" : "setup.forAddress")}
          name="email"
          type="email"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          maxLength={limits.emailBytesMax}
          defaultValue={email}
          readOnly={email !== undefined}
          error={fields.email}
        />
      </div>
      <Field
        label={message("session.password")}
        hint={message("setup.passwordHint", { count: limits.passwordBytesMin })}
        name="password"
        type="password"
        autoComplete="new-password"
        maxLength={limits.passwordBytesMax}
        error={fields.password}
      />
      <Button kind="primary" type="submit" wide busy={busy}>
        {message(isSetup(token) ? "setup.createAdmin" : "setup.createAccount")}
      </Button>
    </Form>
  );
}

function useCreateAccount(token: string, onDone: () => void, onMade: (made: Made) => void) {
  const words = useMessages();
  const { message } = words;
  const session = useSession();
  return useForm<Name>({
    names: ["name", "email", "password"],
    check: ({ name, email, password }) => {
      const found: Partial<Record<Name, string>> = {};
      if (name.trim() === "") found.name = message("setup.nameMissing");
      if (!/^[^\s@]+@[^\s@]+$/.test(email.trim())) found.email = message("setup.noAddress");
      if (new TextEncoder().encode(password).length < limits.passwordBytesMin) {
        found.password = message("setup.passwordShort", { count: limits.passwordBytesMin });
      }
      return found satisfies FieldProblems<Name>;
    },
    send: async ({ name, email, password }) => {
      const credentials = { email: email.trim(), password };
      const body = { ...credentials, name: name.trim(), invite: token };
      await openPublicClient().call("createAccount", { body, headers: fromPage });
      try {
        await session.signIn(credentials);
      } catch (thrown) {
        onMade({ email: credentials.email, reason: problemWords(thrown, words) });
        return;
      }
      onDone();
    },
    explain: (thrown) => {
      const { code, field } = toHoldfastError(thrown);
      const password = passwordProblem(thrown, words);
      if (password !== undefined) return { fields: { password } };
      if (code === "exists") return { fields: { email: message("setup.accountTaken") } };
      if (field === "email") return { fields: { email: message("setup.noAddress") } };
      if (field === "Origin") {
        return { whole: `${foreignWords(thrown, words)} ${message("setup.foreignNothing")}` };
      }
      if (code === "forbidden") return { whole: message(isSetup(token) ? "setup.linkUsed" : "setup.inviteUsed") };
      return { whole: problemWords(thrown, words) };
    },
  });
}

export function isSetup(token: string): boolean {
  return token.startsWith("hfs_");
}
