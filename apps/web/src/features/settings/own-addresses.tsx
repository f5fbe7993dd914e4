import { HoldfastError } from "@holdfast/core/errors";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useDrive } from "../../data/use-drive.ts";
import { Button } from "../../design/button.tsx";
import { Card } from "../../design/card.tsx";
import { TextField } from "../../design/field.tsx";
import { Loaded } from "../../design/loaded.tsx";
import { showToast } from "../../design/toasts.ts";
import { textOf } from "../../design/use-form.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { linesOf, ownAddressesQuery, useAddressWords } from "./address-words.ts";
import { ProofDialog } from "../sign-in/proof-dialog.tsx";

/** Networks from which the account may be used. @param needsCode authenticator app without a passkey */
export function OwnAddresses({ needsCode }: { readonly needsCode: boolean }) {
  const { message, list } = useMessages();
  const { client } = useDrive();
  const [asks, setAsks] = useState(false);
  const load = useQuery(ownAddressesQuery(client));
  return (
    <Card
      title={message("access.own")}
      about={message("access.ownAbout")}
      acts={<Button onClick={() => setAsks(true)}>{message("access.change")}…</Button>}
    >
      <Loaded load={load} rows={1}>
        {({ addresses }) => (
          <p className="wrap-anywhere">
            {addresses.length === 0
              ? message("access.anywhere")
              : message("access.onlyFrom", { networks: list(addresses) })}
          </p>
        )}
      </Loaded>
      {asks && load.data !== undefined && (
        <OwnAddressesDialog {...load.data} needsCode={needsCode} onClose={() => setAsks(false)} />
      )}
    </Card>
  );
}

interface OwnAddressesDialogProps {
  readonly addresses: readonly string[];
  readonly address: string;
  readonly needsCode: boolean;
  readonly onClose: () => void;
}

function OwnAddressesDialog({ addresses, address, needsCode, onClose }: OwnAddressesDialogProps) {
  const { message } = useMessages();
  const { client } = useDrive();
  const queries = useQueryClient();
  const addressWords = useAddressWords();
  const [problem, setProblem] = useState<string>();
  const [text, setText] = useState(addresses.join("\n"));
  return (
    <ProofDialog
      title={message("access.own")}
      about={message("access.ownProve")}
      act={message("design.save")}
      needsCode={needsCode}
      send={async (proof, fields) => {
        setProblem(undefined);
        const wanted = linesOf(textOf(fields.get("addresses")));
        try {
          queries.setQueryData(
            ownAddressesQuery(client).queryKey,
            await client.call("setOwnAddresses", { body: { ...proof, addresses: wanted }, asksOnce: true }),
          );
        } catch (thrown) {
          if (!(thrown instanceof HoldfastError) || thrown.field !== "addresses") throw thrown;
          return setProblem(addressWords(thrown));
        }
        onClose();
        showToast({ text: message("settings.saved") });
      }}
      onClose={onClose}
    >
      <TextField
        label={message("access.networks")}
        name="addresses"
        hint={message("access.networksHint", { address })}
        value={text}
        spellCheck={false}
        autoCapitalize="none"
        error={problem}
        onChange={(event) => setText(event.target.value)}
      />
    </ProofDialog>
  );
}
