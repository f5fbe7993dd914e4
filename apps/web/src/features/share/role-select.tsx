import type { MessageKey } from "../../messages/en.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { inputLook } from "../../design/field.tsx";
import type { Role } from "./permissions.ts";

interface RoleSelectProps {
  /** Names the person or group for screen readers. */
  readonly label: string;
  readonly value: Role;
  readonly roles: readonly Role[];
  readonly disabled?: boolean;
  readonly onChoose: (role: Role) => void;
}

export const roleWords = {
  viewer: "share.viewer",
  commenter: "share.commenter",
  editor: "share.editor",
  uploader: "share.uploader",
  owner: "share.owner",
} as const satisfies Record<Role, MessageKey>;

/** Has no visible label, because every row would repeat it. */
export function RoleSelect({ label, value, roles, disabled, onChoose }: RoleSelectProps) {
  const { message } = useMessages();
  const offered = roles.includes(value) ? roles : [value, ...roles];
  return (
    <select
      aria-label={label}
      value={value}
      disabled={disabled}
      onChange={(event) => {
        const role = offered.find((each) => each === event.target.value);
        if (role !== undefined) onChoose(role);
      }}
      className={`${inputLook} h-9 max-w-40 pointer-coarse:h-11`}
    >
      {offered.map((role) => (
        <option key={role} value={role}>
          {message(roleWords[role])}
        </option>
      ))}
    </select>
  );
}
