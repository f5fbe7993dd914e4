import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useNeedsCode } from "../../data/second-factor.ts";
import { useDrive } from "../../data/use-drive.ts";
import { useSession } from "../../data/use-session.ts";
import { saveAddress } from "../../data/signed-address.ts";
import { Button } from "../../design/button.tsx";
import { Card } from "../../design/card.tsx";
import { Checkbox } from "../../design/choice.tsx";
import { Notice } from "../../design/notice.tsx";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { ProofDialog } from "../sign-in/proof-dialog.tsx";

export function ExportAccount() {
  const words = useMessages();
  const { message } = words;
  const { client } = useDrive();
  const [versions, setVersions] = useState(true);
  const save = useMutation({
    mutationFn: async () => saveAddress((await client.call("createExportAddress", { body: { versions } })).url),
  });
  return (
    <Card title={message("leave.export")} about={message("leave.exportAbout")}>
      <Checkbox
        label={message("leave.versions")}
        hint={message("leave.versionsHint")}
        checked={versions}
        onChange={setVersions}
      />
      {save.error !== null && (
        <Notice kind="error" isNews>
          {problemWords(save.error, words)}
        </Notice>
      )}
      <div className="flex flex-wrap items-center gap-3">
        <Button busy={save.isPending} onClick={() => save.mutate()}>
          {message("leave.exportAct")}
        </Button>
        <span role="status" className="text-sm text-muted">
          {save.isSuccess && message("leave.exportBegun")}
        </span>
      </div>
    </Card>
  );
}

export function DeleteAccount() {
  const { message } = useMessages();
  const [asks, setAsks] = useState(false);
  return (
    <Card title={message("leave.delete")} about={message("leave.deleteAbout")}>
      <div>
        <Button kind="danger" onClick={() => setAsks(true)}>
          {message("leave.delete")}…
        </Button>
      </div>
      {asks && <DeleteAccountDialog onClose={() => setAsks(false)} />}
    </Card>
  );
}

function DeleteAccountDialog({ onClose }: { readonly onClose: () => void }) {
  const { message } = useMessages();
  const { client } = useDrive();
  const session = useSession();
  const needsCode = useNeedsCode();
  return (
    <ProofDialog
      title={message("leave.deleteTitle")}
      about={message("leave.deleteProve")}
      act={message("leave.delete")}
      isDanger
      needsCode={needsCode}
      send={async (proof) => {
        // Ends the sessions on the server; the sign-out removes the data from this browser.
        await session.signOut(() => client.call("deleteAccount", { body: proof, asksOnce: true }));
      }}
      onClose={onClose}
    />
  );
}
