import { ToastHost } from "../design/toast-host.tsx";
import { TooltipHost } from "../design/tooltip-host.tsx";
import { UnsavedHost } from "../features/edit/unsaved-host.tsx";
import { ProveHost } from "../features/sign-in/prove-host.tsx";
import { TrayHost } from "../features/tray/tray-host.tsx";

/** Exist once and are not needed before the first list. */
export function LaterHosts() {
  return (
    <>
      <TrayHost />
      <ProveHost />
      <UnsavedHost />
      <ToastHost />
      <TooltipHost />
    </>
  );
}
