import { type HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import type { PasskeyAssertion } from "@holdfast/protocol/passkey-values";
import { useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { accountKey, useAccount } from "../../data/account.ts";
import { useDrive } from "../../data/use-drive.ts";
import { Button } from "../../design/button.tsx";
import { Card } from "../../design/card.tsx";
import { Field } from "../../design/field.tsx";
import { Form } from "../../design/form.tsx";
import { showToast } from "../../design/toasts.ts";
import { type FieldProblems, useForm } from "../../design/use-form.ts";
import { passwordProblem } from "../../messages/password-words.ts";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { FactorFields } from "../sign-in/factor-fields.tsx";

type Name = "current" | "wanted" | "totp";

/** Asks for the current password, because another person may use the signed-in browser. */
export function Password() {
  const { message } = useMessages();
  const { data: account } = useAccount();
  const hasPassword = account?.has_password !== false;
  const { form, busy, problems, onSubmit, asked, shown } = useChangePassword(hasPassword);
  const fields = problems.fields ?? {};
  return (
    <Card
      title={message("settings.password")}
      about={message(hasPassword ? "settings.passwordAbout" : "settings.passwordFirstAbout")}
    >
      <div ref={form}>
        <Form problem={problems.whole} onSubmit={onSubmit}>
          {/* The account's user name, for password managers. */}
          <input hidden readOnly autoComplete="username" value={account?.email ?? ""} />
          {hasPassword && (
            <Field
              label={message("settings.passwordCurrent")}
              name="current"
              type="password"
              autoComplete="current-password"
              error={fields.current}
            />
          )}
          <Field
            label={message("settings.passwordNew")}
            hint={message("setup.passwordHint", { count: limits.passwordBytesMin })}
            name="wanted"
            type="password"
            autoComplete="new-password"
            maxLength={limits.passwordBytesMax}
            error={fields.wanted}
          />
          {asked !== undefined && (
            <FactorFields
              asked={asked}
              error={fields.totp}
              onPasskey={(assertion, of) => {
                shown.current = assertion;
                of?.requestSubmit();
              }}
            />
          )}
          <div>
            <Button type="submit" busy={busy}>
              {message(hasPassword ? "settings.passwordChange" : "settings.passwordFirst")}
            </Button>
          </div>
        </Form>
      </div>
    </Card>
  );
}

function useChangePassword(hasPassword: boolean) {
  const words = useMessages();
  const { message } = words;
  const { client } = useDrive();
  const queries = useQueryClient();
  const place = useRef<HTMLDivElement>(null);
  const [asked, setAsked] = useState<HoldfastError>();
  const shown = useRef<PasskeyAssertion>(undefined);
  const form = useForm<Name>({
    names: ["current", "wanted", "totp"],
    check: ({ current, wanted }) => {
      const found: Partial<Record<Name, string>> = {};
      if (hasPassword && current === "") found.current = message("session.passwordMissing");
      if (new TextEncoder().encode(wanted).length < limits.passwordBytesMin)
        found.wanted = message("setup.passwordShort", { count: limits.passwordBytesMin });
      return found satisfies FieldProblems<Name>;
    },
    send: async ({ current, wanted, totp }) => {
      const passkey = shown.current;
      shown.current = undefined;
      const code = totp.trim() === "" ? {} : { totp: totp.trim() };
      const given = passkey === undefined ? code : { passkey };
      const known = hasPassword ? { current_password: current } : {};
      const body = { ...known, new_password: wanted, ...given };
      await client.call("changePassword", { body, asksOnce: true });
      place.current?.querySelector("form")?.reset();
      setAsked(undefined);
      showToast({ text: message("settings.passwordChanged") });
      await Promise.all(
        [["devices"], ["tokens"], accountKey].map((queryKey) => queries.invalidateQueries({ queryKey })),
      );
    },
    explain: (thrown) => {
      const failure = toHoldfastError(thrown);
      const { code, field } = failure;
      const wanted = passwordProblem(thrown, words);
      if (wanted !== undefined) return { fields: { wanted } };
      if (field === "current_password") return { fields: { current: message("settings.passwordWrong") } };
      if (code !== "second_factor") return { whole: problemWords(thrown, words) };
      setAsked(failure);
      if (asked === undefined) return {};
      if (field === "passkey") return { whole: message("factor.passkeyWrong") };
      return { fields: { totp: message("factor.codeWrong") } };
    },
  });
  return { ...form, form: place, asked, shown };
}
