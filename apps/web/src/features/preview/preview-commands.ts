import Download from "lucide-react/icons/download";
import Info from "lucide-react/icons/info";
import Maximize from "lucide-react/icons/maximize";
import Minimize from "lucide-react/icons/minimize";
import Printer from "lucide-react/icons/printer";
import SquarePen from "lucide-react/icons/square-pen";
import { useEffect } from "react";
import type { Command } from "../../commands/command.ts";
import { beginFullScreen, endFullScreen, useFullScreen } from "./full-screen.ts";

interface PreviewCommandsOf {
  readonly canEdit: boolean;
  readonly canPrint: boolean;
  readonly edit: () => void;
  readonly save: () => void;
  /** Absent without details. */
  readonly showDetails: (() => void) | undefined;
}

/** Commands of the preview itself, beside those of the list. */
export function usePreviewCommands({ canEdit, canPrint, edit, save, showDetails }: PreviewCommandsOf) {
  const isFull = useFullScreen();
  useEffect(() => endFullScreen, []);
  return {
    edit: { id: "edit", message: "preview.edit", icon: SquarePen, when: () => canEdit, run: edit },
    download: { id: "download", message: "preview.download", icon: Download, when: () => true, run: save },
    details: {
      id: "details",
      message: "details.details",
      icon: Info,
      keys: { pc: ["Alt+Enter"], mac: ["Alt+Enter"] },
      when: () => showDetails !== undefined,
      run: () => showDetails?.(),
    },
    print: {
      id: "print",
      message: "preview.print",
      icon: Printer,
      when: () => canPrint,
      // The menu closes first.
      run: () => void setTimeout(() => window.print()),
    },
    fullScreen: {
      id: "full-screen",
      message: isFull ? "preview.fullScreenEnd" : "preview.fullScreen",
      icon: isFull ? Minimize : Maximize,
      keys: { pc: ["F"], mac: ["F"] },
      when: () => document.fullscreenEnabled,
      run: isFull ? endFullScreen : beginFullScreen,
    },
  } as const satisfies Record<string, Command<unknown>>;
}
