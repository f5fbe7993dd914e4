import ChevronDown from "lucide-react/icons/chevron-down";
import type { ComponentProps } from "react";
import { MenuButton } from "../../design/menu-button.tsx";
import type { MenuItem } from "../../design/menu.ts";
import { Spinner } from "../../design/progress.tsx";
import type { MessageKey } from "../../messages/en.ts";
import { useMessages } from "../../messages/use-messages.ts";
import type { Role } from "./permissions.ts";

interface RoleMenuProps {
  /** Names the person or group for screen readers. */
  readonly label: string;
  readonly value: Role;
  /** Empty if the role cannot be changed. */
  readonly roles: readonly Role[];
  readonly acts?: readonly MenuItem[];
  readonly busy?: boolean;
  readonly onChoose: (role: Role) => void;
}

export const roleWords = {
  viewer: "share.viewer",
  commenter: "share.commenter",
  editor: "share.editor",
  uploader: "share.uploader",
  owner: "share.owner",
} as const satisfies Record<Role, MessageKey>;

/** The role as text that opens a menu. Plain text if there is nothing to choose. */
export function RoleMenu({ label, value, roles, acts = [], busy = false, onChoose }: RoleMenuProps) {
  const { message } = useMessages();
  const role = message(roleWords[value]);
  if (roles.length + acts.length === 0) return <span className="text-muted">{role}</span>;
  const offered = roles.length === 0 || roles.includes(value) ? roles : [value, ...roles];
  const items = () => [
    ...offered.map((each) => ({
      label: message(roleWords[each]),
      checked: each === value,
      run: () => each !== value && onChoose(each),
    })),
    ...(offered.length > 0 && acts.length > 0 ? (["line"] as const) : []),
    ...acts,
  ];
  return (
    <MenuButton label={label} items={items}>
      <RoleButton label={`${label}: ${role}`} busy={busy}>
        {role}
      </RoleButton>
    </MenuButton>
  );
}

interface RoleButtonProps extends Omit<ComponentProps<"button">, "className" | "type"> {
  readonly label: string;
  readonly busy: boolean;
}

/** While it is busy, it keeps the focus and ignores clicks. */
function RoleButton({ label, busy, children, onClick, ...rest }: RoleButtonProps) {
  return (
    <button
      {...rest}
      type="button"
      aria-label={label}
      aria-busy={busy || undefined}
      aria-disabled={busy || undefined}
      onClick={busy ? undefined : onClick}
      className="-me-2 inline-flex h-9 items-center gap-1 rounded-md px-2 text-muted hover:bg-hover active:bg-pressed aria-expanded:bg-hover pointer-coarse:h-11"
    >
      {children}
      {busy ? <Spinner /> : <ChevronDown aria-hidden size={16} className="shrink-0" />}
    </button>
  );
}
