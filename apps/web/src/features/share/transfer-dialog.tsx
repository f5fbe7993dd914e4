import { limits } from "@holdfast/core/limits";
import { useState } from "react";
import { useAccount } from "../../data/account.ts";
import { Field } from "../../design/field.tsx";
import { FormDialog } from "../../design/form-dialog.tsx";
import { shownName } from "../../design/shown-name.ts";
import { showToast } from "../../design/toasts.ts";
import type { PlainKey } from "../../messages/messages.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { isAddress } from "./permissions.ts";
import type { SharingProps } from "./sharing-props.ts";
import { offerProblem, useOffer } from "./transfers.ts";

export interface NewOwner {
  readonly name: string;
  readonly email: string;
}

interface TransferDialogProps extends SharingProps {
  /** Undefined: the dialog asks for an address. */
  readonly to?: NewOwner;
  readonly onClose: () => void;
}

const effects = ["share.transferMoves", "share.transferKeeps", "share.transferLinks", "share.transferCopy"] as const;

/** Offers the ownership of an item, and says what happens when the other person accepts. */
export function TransferDialog({ node, to, onClose }: TransferDialogProps) {
  const words = useMessages();
  const { message } = words;
  const { data: account } = useAccount();
  const [typed, setTyped] = useState("");
  const [isTried, setTried] = useState(false);
  const offer = useOffer(node.id, (made) => {
    showToast({ text: message("share.transferOffered", { name: made.to.name || made.to.email }) });
    onClose();
  });
  const email = to?.email ?? typed.trim();
  const mistake = to === undefined ? mistakeIn(email, account?.email) : undefined;
  const send = () => {
    setTried(true);
    if (mistake === undefined) offer.mutate(email);
  };
  const who = to === undefined ? message("share.newOwner") : `${to.name} (${to.email})`;
  return (
    <FormDialog
      open
      title={message("share.transferTitle", { name: shownName(node.name) })}
      about={message("share.transferAbout", { who, days: limits.transferOfferMs / dayMs })}
      act={message("share.transferDo")}
      busy={offer.isPending}
      problem={offer.error === null ? undefined : offerProblem(offer.error, words)}
      onSubmit={send}
      onClose={onClose}
    >
      {to === undefined && (
        <Field
          label={message("share.transferAddress")}
          type="email"
          autoComplete="off"
          value={typed}
          error={isTried && mistake !== undefined ? message(mistake) : undefined}
          onChange={(event) => setTyped(event.target.value)}
        />
      )}
      <div>
        <p className="font-semibold">{message("share.transferThen")}</p>
        <ul className="mt-2 flex list-disc flex-col gap-1 ps-5">
          {effects.map((effect) => (
            <li key={effect}>{message(effect)}</li>
          ))}
        </ul>
      </div>
    </FormDialog>
  );
}

const dayMs = 86_400_000;

function mistakeIn(email: string, own: string | undefined): PlainKey | undefined {
  if (!isAddress(email)) return "setup.noAddress";
  return email.toLowerCase() === own?.toLowerCase() ? "share.transferSelf" : undefined;
}
