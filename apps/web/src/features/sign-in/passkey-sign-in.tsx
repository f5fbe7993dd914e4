import { type HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import { useState } from "react";
import { openPublicClient } from "../../data/client.ts";
import { canUsePasskeys } from "../../data/passkeys.ts";
import { useSession } from "../../data/use-session.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { PasskeyButton } from "./passkey-button.tsx";

/** Restoring a deleted account asks for the passkey again. */
export function PasskeySignIn({ onDone }: { readonly onDone: () => void }) {
  const { message, day } = useMessages();
  const session = useSession();
  /** The account is being deleted. */
  const [leaving, setLeaving] = useState<HoldfastError>();
  if (!canUsePasskeys()) return null;
  return (
    <>
      {leaving !== undefined && (
        <p role="status">{message("leaving.until", { day: day(String(leaving.body["until"])) })}</p>
      )}
      <PasskeyButton
        label={message(leaving === undefined ? "factor.passkeySignIn" : "leaving.keep")}
        request={async () => (await openPublicClient().call("preparePasskeySignIn", { body: {} })).webauthn}
        onAnswer={async (passkey) => {
          try {
            await session.signIn({ passkey, ...(leaving === undefined ? {} : { keep_account: true }) });
          } catch (thrown) {
            const failure = toHoldfastError(thrown);
            if (failure.code !== "account_leaving") throw thrown;
            return setLeaving(failure);
          }
          onDone();
        }}
      />
    </>
  );
}
