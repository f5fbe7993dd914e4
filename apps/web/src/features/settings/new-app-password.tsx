import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useAccount } from "../../data/account.ts";
import { useNeedsCode } from "../../data/second-factor.ts";
import { useDrive } from "../../data/use-drive.ts";
import { Button } from "../../design/button.tsx";
import { Checkbox } from "../../design/choice.tsx";
import { CopyField } from "../../design/copy-field.tsx";
import { Dialog } from "../../design/dialog.tsx";
import { Field } from "../../design/field.tsx";
import { textOf } from "../../design/use-form.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { ProofDialog } from "../sign-in/proof-dialog.tsx";

/** Shows the password once, with the user name. */
export function NewAppPassword({ onClose }: { readonly onClose: () => void }) {
  const { message } = useMessages();
  const { data: account } = useAccount();
  const [made, setMade] = useState<string>();
  if (made === undefined) return <AskAppPassword onMade={setMade} onClose={onClose} />;
  return (
    <Dialog
      open
      title={message("settings.appMade")}
      about={message("settings.tokenMadeAbout")}
      onClose={onClose}
      acts={
        <Button kind="primary" onClick={onClose}>
          {message("settings.done")}
        </Button>
      }
    >
      <CopyField label={message("settings.appUser")} text={account?.email ?? ""} />
      <CopyField label={message("settings.appPassword")} text={made} />
    </Dialog>
  );
}

interface AskAppPasswordProps {
  readonly onMade: (appPassword: string) => void;
  readonly onClose: () => void;
}

function AskAppPassword({ onMade, onClose }: AskAppPasswordProps) {
  const { message } = useMessages();
  const { client } = useDrive();
  const queries = useQueryClient();
  const [mayWrite, setMayWrite] = useState(true);
  const needsCode = useNeedsCode();
  return (
    <ProofDialog
      title={message("settings.newApp")}
      about={message("settings.newAppAbout")}
      act={message("settings.newApp")}
      needsCode={needsCode}
      onClose={onClose}
      send={async (proof, fields) => {
        const path = textOf(fields.get("folder")).trim();
        const folder = path === "" ? {} : { folder_id: (await client.call("lookUpPath", { query: { path } })).id };
        const name = textOf(fields.get("name")).trim();
        const scopes: ("files:read" | "files:write")[] = mayWrite ? ["files:read", "files:write"] : ["files:read"];
        const body = { name, scopes, ...folder, ...proof };
        const { app_password: made } = await client.call("createAppPassword", { body, asksOnce: true });
        await queries.invalidateQueries({ queryKey: ["tokens"] });
        onMade(made);
      }}
    >
      <Field
        label={message("settings.appName")}
        hint={message("settings.tokenNameHint")}
        name="name"
        required
        maxLength={200}
        autoComplete="off"
      />
      <Field
        label={message("settings.appFolder")}
        hint={message("settings.appFolderHint")}
        name="folder"
        autoComplete="off"
      />
      <Checkbox label={message("settings.scopeWrite")} checked={mayWrite} onChange={setMayWrite} />
    </ProofDialog>
  );
}
