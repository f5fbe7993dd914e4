import type { PermissionJson } from "@holdfast/protocol/sharing-routes";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useAccount } from "../../data/account.ts";
import { useDrive } from "../../data/use-drive.ts";
import { Avatar } from "../../design/avatar.tsx";
import type { MenuItem } from "../../design/menu.ts";
import { wishFocus } from "../../design/focus-wish.ts";
import { showToast } from "../../design/toasts.ts";
import { problemWords } from "../../messages/problem-words.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { nameOfGrantee, personRoles, type Role } from "./permissions.ts";
import { RoleMenu } from "./role-menu.tsx";
import type { SharingProps } from "./sharing-props.ts";
import type { Offered } from "./transfer.tsx";
import { TransferDialog } from "./transfer-dialog.tsx";
import { isTransferable, useWithdraw } from "./transfers.ts";

interface PeopleListProps extends SharingProps, Offered {
  readonly people: readonly PermissionJson[] | undefined;
  readonly hasLinks: boolean;
}

export function PeopleList({ node, people, hasLinks, offer }: PeopleListProps) {
  const { message } = useMessages();
  if (people === undefined) return <div className="h-12 animate-appear-late rounded-md bg-hover" />;
  if (people.length === 0)
    return <p className="text-muted">{message(hasLinks ? "share.noPerson" : "share.onlyYou")}</p>;
  return (
    <section aria-labelledby="share-people">
      <h3 id="share-people" className="mb-2 font-semibold">
        {message("share.people")}
      </h3>
      <ul className="flex flex-col gap-1">
        {people.map((permission) => (
          <Person key={permission.id} node={node} permission={permission} offer={offer} />
        ))}
      </ul>
    </section>
  );
}

interface PersonProps extends SharingProps, Offered {
  readonly permission: PermissionJson;
}

function Person({ node, permission, offer }: PersonProps) {
  const { message, day } = useMessages();
  const { change, remove } = usePermissionChanges(node.id, permission);
  const name = nameOfGrantee(permission, (group) => message("share.group", { name: group }));
  const inherited = permission.inherited_from !== undefined;
  const mayChange = useMayChange(node, permission);
  const isFixed = inherited || permission.role === "owner" || !mayChange;
  const { kind, id, email } = permission.grantee;
  const withdraw = useWithdraw();
  const [isOffering, setOffering] = useState(false);
  const isOfferedHere = id !== undefined && offer?.to.id === id;
  const mayOwn = kind === "user" && email !== undefined && isTransferable(node);
  const removeHere = () => {
    remove.mutate();
    // The row goes away.
    wishFocus("people");
  };
  const acts: MenuItem[] = [];
  if (mayOwn && isOfferedHere) acts.push({ label: message("share.withdraw"), run: () => withdraw.mutate(offer) });
  else if (mayOwn) acts.push({ label: message("share.transfer"), run: () => setOffering(true) });
  if (!isFixed)
    acts.push({
      label: message("share.remove"),
      danger: true,
      run: removeHere,
    });
  const notes = [
    kind === "pending" ? message("share.pending") : email,
    inherited ? message("share.inherited") : undefined,
    permission.expires_at === null ? undefined : message("share.ends", { day: day(permission.expires_at) }),
    isOfferedHere ? message("share.isOfferedHere") : undefined,
  ].filter((note) => note !== undefined && note !== name);
  return (
    <li className="flex min-h-12 flex-wrap items-center gap-x-3 gap-y-1">
      <div className="flex min-w-0 flex-auto items-center gap-3">
        <Avatar name={name} />
        <div className="min-w-0">
          <p className="wrap-anywhere">
            <bdi>{name}</bdi>
          </p>
          {notes.length > 0 && <p className="text-sm wrap-anywhere text-muted">{notes.join(" · ")}</p>}
        </div>
      </div>
      <div className="ms-auto">
        <RoleMenu
          label={message("share.roleOf", { name })}
          value={permission.role}
          roles={isFixed ? [] : personRoles}
          acts={acts}
          busy={change.isPending || remove.isPending || withdraw.isPending}
          onChoose={(role) => change.mutate({ role })}
        />
      </div>
      {isOffering && email !== undefined && (
        <TransferDialog node={node} to={{ name, email }} onClose={() => setOffering(false)} />
      )}
    </li>
  );
}

/** An editor can change only permissions that they created, and read only addresses of links that they created. */
export function useMayChange({ role }: SharingProps["node"], { created_by: maker }: PermissionJson): boolean {
  const { data: account } = useAccount();
  return role === "owner" || account?.id === maker;
}

/** Changes take effect immediately. A refusal is shown, and the list is reloaded. */
export function usePermissionChanges(nodeId: string, { id, app }: PermissionJson) {
  const { client } = useDrive();
  const words = useMessages();
  const queries = useQueryClient();
  const settle = {
    onError: (thrown: unknown) => showToast({ text: problemWords(thrown, words), kind: "error" }),
    onSettled: () => queries.invalidateQueries({ queryKey: ["permissions", nodeId] }),
  };
  const change = useMutation({
    mutationFn: (body: { role?: Role; expires_at?: string | null; password?: string | null }) =>
      client.call("updatePermission", { params: { id }, body }),
    ...settle,
  });
  const remove = useMutation({
    mutationFn: async () => {
      await client.call("deletePermission", { params: { id } });
      if (app !== true) return;
      // An app password without its folder is useless, but would stay in the settings of its owner.
      const { items } = await client.call("listTokens");
      const own = items.find((token) => token.permission_id === id);
      if (own !== undefined) await client.call("deleteToken", { params: { id: own.id } });
      await queries.invalidateQueries({ queryKey: ["tokens"] });
    },
    ...settle,
  });
  return { change, remove };
}
