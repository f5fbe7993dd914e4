import Plus from "lucide-react/icons/plus";
import Upload from "lucide-react/icons/upload";
import type { ComponentProps } from "react";
import type { Icon as IconType } from "../../design/icon.ts";
import { MenuButton } from "../../design/menu-button.tsx";
import { useMessages } from "../../messages/use-messages.ts";
import { useMainItems } from "./main-items.ts";

export function MainButtons() {
  const { message } = useMessages();
  const items = useMainItems();
  if (items === undefined) return null;
  return (
    <div className="flex flex-col gap-2">
      <MenuButton label={message("shell.new")} items={items.newItems}>
        <MainButton
          label={message("shell.new")}
          Icon={Plus}
          look="bg-accent text-on-accent hover:bg-accent-hover active:bg-accent-pressed"
        />
      </MenuButton>
      <MenuButton label={message("shell.upload")} items={items.uploadItems}>
        <MainButton
          label={message("shell.upload")}
          Icon={Upload}
          look="border border-edge bg-surface hover:bg-hover active:bg-pressed"
        />
      </MenuButton>
    </div>
  );
}

interface MainButtonProps extends Omit<ComponentProps<"button">, "className" | "style" | "type"> {
  readonly label?: string;
  readonly Icon: IconType;
  readonly look: string;
}

/** Hides the label if space is short. */
function MainButton({ label, Icon, look, ...rest }: MainButtonProps) {
  return (
    <button
      {...rest}
      type="button"
      data-tooltip={label}
      className={`flex h-12 w-full items-center justify-center gap-2 rounded-md font-semibold transition-colors lg:h-10 lg:justify-start lg:px-3 forced-colors:border ${look}`}
    >
      <Icon aria-hidden size={18} className="shrink-0" />
      <span className="sr-only lg:not-sr-only">{label}</span>
    </button>
  );
}
