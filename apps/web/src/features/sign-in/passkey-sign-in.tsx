import { openPublicClient } from "../../data/client.ts";
import { canUsePasskeys } from "../../data/passkeys.ts";
import { useSession } from "../../data/use-session.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { PasskeyButton } from "./passkey-button.tsx";

/** Signs in without address and password. */
export function PasskeySignIn({ onDone }: { readonly onDone: () => void }) {
  const { message } = useMessages();
  const session = useSession();
  if (!canUsePasskeys()) return null;
  return (
    <PasskeyButton
      label={message("factor.passkeySignIn")}
      request={async () => (await openPublicClient().call("preparePasskeySignIn", { body: {} })).webauthn}
      onAnswer={async (passkey) => {
        await session.signIn({ passkey });
        onDone();
      }}
    />
  );
}
