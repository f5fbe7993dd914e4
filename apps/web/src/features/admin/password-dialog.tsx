import { limits } from "@holdfast/core/limits";
import { useState } from "react";
import { useAccount } from "../../data/account.ts";
import { useDrive } from "../../data/use-drive.ts";
import { Checkbox } from "../../design/choice.tsx";
import { Field } from "../../design/field.tsx";
import { FormDialog } from "../../design/form-dialog.tsx";
import { useMessages } from "../../messages/use-messages.ts";
import { useAct } from "./use-act.ts";
import { type UserJson, usersKey } from "./users-list.ts";

/** Signs the person out everywhere. */
export function PasswordDialog({ user, onClose }: { readonly user: UserJson; readonly onClose: () => void }) {
  const { message } = useMessages();
  const { client } = useDrive();
  const [password, setPassword] = useState("");
  const [ended, setEnded] = useState<Ended>({ end_passkeys: false, end_outside: false });
  const [isTried, setTried] = useState(false);
  const change = useAct(
    usersKey,
    () => client.call("adminUpdateUser", { params: { id: user.id }, body: { password, ...ended } }),
    message("admin.passwordSet", { name: user.name }),
  );
  const isShort = new TextEncoder().encode(password).length < limits.passwordBytesMin;
  const send = () => {
    setTried(true);
    if (!isShort) change.mutate(undefined, { onSuccess: onClose });
  };
  return (
    <FormDialog
      open
      size="small"
      title={message("admin.setPassword")}
      about={message("admin.passwordAbout", { name: user.name })}
      act={message("design.save")}
      busy={change.isPending}
      onSubmit={send}
      onClose={onClose}
    >
      <Field
        label={message("session.password")}
        type="password"
        // Another person's password: the browser must not store it.
        autoComplete="off"
        value={password}
        maxLength={limits.passwordBytesMax}
        hint={message("setup.passwordHint", { count: limits.passwordBytesMin })}
        error={isTried && isShort ? message("setup.passwordShort", { count: limits.passwordBytesMin }) : undefined}
        onChange={(event) => setPassword(event.target.value)}
      />
      <EndedWays user={user} ended={ended} onChange={setEnded} />
    </FormDialog>
  );
}

interface Ended {
  readonly end_passkeys: boolean;
  readonly end_outside: boolean;
}

interface EndedWaysProps {
  readonly user: UserJson;
  readonly ended: Ended;
  readonly onChange: (ended: Ended) => void;
}

/** Ways to sign in that survive a new password. An attacker may have added them. */
function EndedWays({ user, ended, onChange }: EndedWaysProps) {
  const { message } = useMessages();
  const { data: self } = useAccount();
  const isSelf = self?.id === user.id;
  return (
    <>
      <Checkbox
        label={message("recovery.endPasskeys")}
        // Otherwise an unlocked session could remove the own protection.
        hint={message(isSelf ? "admin.endPasskeysOwn" : "admin.endPasskeysHint")}
        disabled={isSelf}
        checked={ended.end_passkeys}
        onChange={(checked) => onChange({ ...ended, end_passkeys: checked })}
      />
      <Checkbox
        label={message("recovery.endOutside")}
        hint={message("admin.endOutsideHint")}
        checked={ended.end_outside}
        onChange={(checked) => onChange({ ...ended, end_outside: checked })}
      />
    </>
  );
}
