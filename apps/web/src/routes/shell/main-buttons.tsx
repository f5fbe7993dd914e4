import { useLocation, useNavigate } from "@tanstack/react-router";
import FilePlus from "lucide-react/icons/file-plus";
import FileUp from "lucide-react/icons/file-up";
import FolderPlus from "lucide-react/icons/folder-plus";
import FolderUp from "lucide-react/icons/folder-up";
import Plus from "lucide-react/icons/plus";
import Upload from "lucide-react/icons/upload";
import type { ComponentProps } from "react";
import type { Icon as IconType } from "../../design/icon.ts";
import { MenuButton } from "../../design/menu-button.tsx";
import { useMessages } from "../../messages/use-messages.ts";
import { type MainActs, onceMainActs } from "../../features/files/acts/main-acts.ts";

/** Hidden in Settings and Administration, which show no files. */
export function MainButtons() {
  const { message } = useMessages();
  const run = useMainAct();
  const hasNoFiles = useLocation({ select: ({ pathname }) => /^\/(settings|admin)/.test(pathname) });
  if (hasNoFiles) return null;
  const newItems = () => [
    { label: message("shell.newFolder"), Icon: FolderPlus, run: () => run("newFolder") },
    { label: message("shell.newText"), Icon: FilePlus, run: () => run("newText") },
  ];
  const uploadItems = () => [
    { label: message("shell.uploadFiles"), Icon: FileUp, run: () => run("uploadFiles") },
    { label: message("shell.uploadFolder"), Icon: FolderUp, run: () => run("uploadFolder") },
  ];
  return (
    <div className="flex gap-1 sm:flex-col sm:gap-2">
      <MenuButton label={message("shell.new")} items={newItems}>
        <MainButton
          label={message("shell.new")}
          Icon={Plus}
          look="bg-accent text-on-accent hover:bg-accent-hover active:bg-accent-pressed"
        />
      </MenuButton>
      <MenuButton label={message("shell.upload")} items={uploadItems}>
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
      className={`flex h-12 w-12 items-center justify-center gap-2 rounded-md font-semibold transition-colors sm:w-full lg:h-10 lg:justify-start lg:px-3 forced-colors:border ${look}`}
    >
      <Icon aria-hidden size={18} className="shrink-0" />
      <span className="sr-only lg:not-sr-only">{label}</span>
    </button>
  );
}

/** Opens the root folder first if no folder is shown. */
function useMainAct(): (act: keyof MainActs) => void {
  const navigate = useNavigate();
  return (act) => {
    let begun = false;
    onceMainActs((acts) => {
      begun = true;
      acts[act]();
    });
    if (!begun) void navigate({ to: "/files" });
  };
}
