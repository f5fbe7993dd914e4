import { useQuery } from "@tanstack/react-query";
import { useAccount } from "../../data/account.ts";
import { openPublicClient } from "../../data/client.ts";
import { canUsePasskeys } from "../../data/passkeys.ts";
import type { WantedProof } from "../../data/proof.ts";
import { secondFactorQuery } from "../../data/second-factor.ts";
import { Button } from "../../design/button.tsx";
import { Dialog } from "../../design/dialog.tsx";
import { FormDialog } from "../../design/form-dialog.tsx";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { ProofDialog } from "./proof-dialog.tsx";
import { PasskeyButton } from "./passkey-button.tsx";
import { ProveOutside, useLeaveToProve, useProvingIssuer } from "./prove-outside.tsx";
import { useSignInWays } from "./use-sign-in-ways.ts";

interface ProveDialogProps {
  readonly wanted: WantedProof;
}

/** Sensitive calls require a proof if the session is too old. */
export function ProveDialog({ wanted }: ProveDialogProps) {
  const { message } = useMessages();
  const { client, proved, cancel } = wanted;
  const { data: account } = useAccount();
  const { outside } = useSignInWays();
  const issuer = useProvingIssuer(client);
  if (outside?.only === true && account?.admin === false) return <OutsideOnly wanted={wanted} name={outside.name} />;
  if (account?.has_password === false) return <WithoutPassword wanted={wanted} />;
  const about = message("proof.about");
  return (
    <ProofDialog
      title={message("proof.title")}
      about={issuer === undefined ? about : `${about} ${message("proof.outside", issuer)}`}
      act={message("proof.act")}
      needsCode={false}
      send={async (proof) => {
        await client.call("proveSession", { body: proof, asksOnce: true });
        proved();
      }}
      onClose={() => cancel(message("proof.not"))}
    >
      <PasskeyAlone wanted={wanted} />
      <ProveOutside client={client} />
    </ProofDialog>
  );
}

function PasskeyAlone({ wanted: { client, proved } }: ProveDialogProps) {
  const { message } = useMessages();
  const { data } = useQuery(secondFactorQuery(client));
  if ((data?.passkeys ?? 0) === 0 || !canUsePasskeys()) return null;
  return (
    <PasskeyButton
      label={message("proof.passkey")}
      request={async () => (await openPublicClient().call("preparePasskeySignIn", { body: {} })).webauthn}
      onAnswer={async (passkey) => {
        await client.call("proveSession", { body: { passkey }, asksOnce: true });
        proved();
      }}
    />
  );
}

function WithoutPassword({ wanted }: ProveDialogProps) {
  const { message } = useMessages();
  const onClose = () => wanted.cancel(message("proof.not"));
  return (
    <Dialog
      open
      size="small"
      title={message("proof.title")}
      about={message("proof.none")}
      acts={<Button onClick={onClose}>{message("design.cancel")}</Button>}
      onClose={onClose}
    >
      <PasskeyAlone wanted={wanted} />
      <ProveOutside client={wanted.client} />
    </Dialog>
  );
}

/** The issuer is the only proof. */
function OutsideOnly({ wanted: { client, cancel }, name }: ProveDialogProps & { readonly name: string }) {
  const words = useMessages();
  const { message } = words;
  const leave = useLeaveToProve(client);
  return (
    <FormDialog
      open
      size="small"
      title={message("proof.title")}
      about={message("proof.outsideOnly", { name })}
      act={message("outside.continue", { name })}
      busy={leave.isPending}
      problem={leave.error === null ? undefined : problemWords(leave.error, words)}
      onSubmit={() => leave.mutate()}
      onClose={() => cancel(message("proof.not"))}
    />
  );
}
