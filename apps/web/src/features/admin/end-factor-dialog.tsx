import { useDrive } from "../../data/use-drive.ts";
import { FormDialog } from "../../design/form-dialog.tsx";
import { useMessages } from "../../messages/use-messages.ts";
import { useAct } from "./use-act.ts";
import { type UserJson, usersKey } from "./users-list.ts";

/** For somebody who has lost the phone and the recovery codes: whether the administrator is sure who asks for it. */
export function EndFactorDialog({ user, onClose }: { readonly user: UserJson; readonly onClose: () => void }) {
  const { message } = useMessages();
  const { client } = useDrive();
  const end = useAct(
    usersKey,
    () => client.call("adminUpdateUser", { params: { id: user.id }, body: { second_factor: false } }),
    message("admin.factorEnded", { name: user.name }),
  );
  return (
    <FormDialog
      open
      isDanger
      size="small"
      title={message("admin.endFactor")}
      about={message("admin.endFactorAbout", { name: user.name })}
      act={message("admin.endFactor")}
      busy={end.isPending}
      onSubmit={() => end.mutate(undefined, { onSuccess: onClose })}
      onClose={onClose}
    />
  );
}
