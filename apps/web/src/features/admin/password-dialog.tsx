import { limits } from "@holdfast/core/limits";
import { useState } from "react";
import { useDrive } from "../../data/use-drive.ts";
import { Field } from "../../design/field.tsx";
import { FormDialog } from "../../design/form-dialog.tsx";
import { useMessages } from "../../messages/use-messages.ts";
import { useAct } from "./use-act.ts";
import { type UserJson, usersKey } from "./users-list.ts";

/** A new password for somebody, who is signed out everywhere by it. */
export function PasswordDialog({ user, onClose }: { readonly user: UserJson; readonly onClose: () => void }) {
  const { message } = useMessages();
  const { client } = useDrive();
  const [password, setPassword] = useState("");
  const [isTried, setTried] = useState(false);
  const change = useAct(
    usersKey,
    () => client.call("adminUpdateUser", { params: { id: user.id }, body: { password } }),
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
        // Of somebody else: nothing to be kept with one's own.
        autoComplete="off"
        value={password}
        maxLength={limits.passwordBytesMax}
        hint={message("setup.passwordHint", { count: limits.passwordBytesMin })}
        error={isTried && isShort ? message("setup.passwordShort", { count: limits.passwordBytesMin }) : undefined}
        onChange={(event) => setPassword(event.target.value)}
      />
    </FormDialog>
  );
}
