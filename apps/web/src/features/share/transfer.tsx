import { limits } from "@holdfast/core/limits";
import type { TransferJson } from "@holdfast/protocol/transfer-routes";
import { useState } from "react";
import { Button } from "../../design/button.tsx";
import type { Messages } from "../../messages/messages.ts";
import { useMessages } from "../../messages/use-messages.ts";
import type { SharingProps } from "./sharing-props.ts";
import { TransferDialog } from "./transfer-dialog.tsx";
import { isTransferable, useWithdraw } from "./transfers.ts";

export interface Offered {
  /** Undefined until loaded; null if the item is not offered to anybody. */
  readonly offer: TransferJson | null | undefined;
}

/** For the owner: offers the item to any account, or shows and withdraws the offer. */
export function Ownership({ node, offer }: SharingProps & Offered) {
  const words = useMessages();
  const { message } = words;
  const [isAsking, setAsking] = useState(false);
  const withdraw = useWithdraw();
  if (!isTransferable(node)) return null;
  return (
    <section aria-labelledby="share-ownership" className="flex flex-col gap-2 border-t border-line pt-4">
      <h3 id="share-ownership" className="font-semibold">
        {message("share.ownership")}
      </h3>
      {offer != null && <p>{offerWords(offer, words)}</p>}
      {offer?.state !== "accepted" && (
        <div>
          {/* One button for both, so that it keeps the focus. */}
          <Button busy={withdraw.isPending} onClick={() => (offer == null ? setAsking(true) : withdraw.mutate(offer))}>
            {message(offer == null ? "share.transfer" : "share.withdraw")}
          </Button>
        </div>
      )}
      {isAsking && <TransferDialog node={node} onClose={() => setAsking(false)} />}
    </section>
  );
}

function offerWords({ to, state, created_at: at }: TransferJson, { message, day }: Messages): string {
  const who = to.name || to.email;
  if (state === "accepted") return message("share.isAccepted", { who });
  return message("share.isOffered", { who, until: day(Date.parse(at) + limits.transferOfferMs) });
}
