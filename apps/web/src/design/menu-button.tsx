import { type ReactElement, cloneElement, type MouseEvent, useState } from "react";
import { loadMenus, type MenuItem, openMenu } from "./menu.ts";

interface MenuButtonProps {
  readonly label: string;
  readonly items: () => readonly MenuItem[];
  readonly children: ReactElement<TriggerProps>;
  readonly side?: "bottom" | "top" | "right";
}

interface TriggerProps {
  readonly "aria-haspopup"?: "menu";
  readonly "aria-expanded"?: boolean;
  readonly onClick?: (event: MouseEvent<HTMLButtonElement>) => void;
  readonly onPointerEnter?: () => void;
  readonly onFocus?: () => void;
}

export function MenuButton({ label, items, children, side }: MenuButtonProps) {
  const [isOpen, setOpen] = useState(false);
  const prepare = () => void loadMenus().catch(() => {});
  return cloneElement(children, {
    "aria-haspopup": "menu",
    "aria-expanded": isOpen,
    onPointerEnter: prepare,
    onFocus: prepare,
    onClick: ({ currentTarget, detail }) => {
      setOpen(true);
      openMenu({
        label,
        items: items(),
        at: currentTarget,
        ...(side === undefined ? {} : { side }),
        // 0 for a click made by a key.
        byKey: detail === 0,
        opener: () => (currentTarget.isConnected ? currentTarget : null),
        onClose: () => setOpen(false),
      });
    },
  });
}
