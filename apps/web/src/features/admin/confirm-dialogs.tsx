import { useDrive } from "../../data/use-drive.ts";
import { FormDialog } from "../../design/form-dialog.tsx";
import { useMessages } from "../../messages/use-messages.ts";
import { useAct } from "./use-act.ts";
import { type UserJson, usersKey } from "./users-list.ts";

interface DialogProps {
  readonly user: UserJson;
  readonly onClose: () => void;
}

interface ConfirmDialogProps extends DialogProps {
  readonly title: "admin.endFactor" | "admin.signOut";
  readonly about: "admin.endFactorAbout" | "admin.signOutAbout";
  readonly done: "admin.factorEnded" | "admin.signedOut";
  readonly body: { readonly second_factor: false } | { readonly signed_out: true };
}

/** Helps a person who lost the phone and the recovery codes. Asks to verify who requests it. */
export function EndFactorDialog(props: DialogProps) {
  return (
    <ConfirmDialog
      {...props}
      title="admin.endFactor"
      about="admin.endFactorAbout"
      done="admin.factorEnded"
      body={{ second_factor: false }}
    />
  );
}

/** Protects an account that another person may be using. Password and data stay. */
export function SignOutDialog(props: DialogProps) {
  return (
    <ConfirmDialog
      {...props}
      title="admin.signOut"
      about="admin.signOutAbout"
      done="admin.signedOut"
      body={{ signed_out: true }}
    />
  );
}

function ConfirmDialog({ user, onClose, title, about, done, body }: ConfirmDialogProps) {
  const { message } = useMessages();
  const { client } = useDrive();
  const change = useAct(
    usersKey,
    () => client.call("adminUpdateUser", { params: { id: user.id }, body }),
    message(done, { name: user.name }),
  );
  return (
    <FormDialog
      open
      isDanger
      size="small"
      title={message(title)}
      about={message(about, { name: user.name })}
      act={message(title)}
      busy={change.isPending}
      onSubmit={() => change.mutate(undefined, { onSuccess: onClose })}
      onClose={onClose}
    />
  );
}
