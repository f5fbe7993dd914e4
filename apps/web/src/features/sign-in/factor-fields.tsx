import type { HoldfastError } from "@holdfast/core/errors";
import type { PasskeyAssertion, PasskeyRequest } from "@holdfast/protocol/passkey-values";
import { canUsePasskeys } from "../../data/passkeys.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { CodeField } from "./code-field.tsx";
import { PasskeyButton } from "./passkey-button.tsx";

interface FactorFieldsProps {
  /** Response that requires the second factor. */
  readonly asked: Pick<HoldfastError, "body">;
  readonly error?: string | undefined;
  readonly onPasskey: (assertion: PasskeyAssertion, form: HTMLFormElement | null) => unknown;
}

/** A passkey, if the account has one for this address, or a code. */
export function FactorFields({ asked, error, onPasskey }: FactorFieldsProps) {
  const { message } = useMessages();
  const request = asked.body["webauthn"] as PasskeyRequest | null | undefined;
  const factors = asked.body["factors"];
  const hasApp = !Array.isArray(factors) || factors.includes("app");
  const hasPasskey = request != null && canUsePasskeys();
  return (
    <>
      {hasPasskey && (
        <PasskeyButton
          label={message("factor.passkeyUse")}
          request={() => Promise.resolve(request)}
          onAnswer={onPasskey}
        />
      )}
      <CodeField of={hasApp ? "both" : "recovery"} autoFocus={!hasPasskey} error={error} />
    </>
  );
}
