import Ellipsis from "lucide-react/icons/ellipsis";
import FolderPlus from "lucide-react/icons/folder-plus";
import Pencil from "lucide-react/icons/pencil";
import Star from "lucide-react/icons/star";
import Trash from "lucide-react/icons/trash-2";
import Upload from "lucide-react/icons/upload";
import { useState } from "react";
import { Button } from "../../design/button.tsx";
import { Sheet } from "../../design/dialog.tsx";
import { FormDialog } from "../../design/form-dialog.tsx";
import { IconButton } from "../../design/icon-button.tsx";
import { type MenuItem, openMenu } from "../../design/menu.ts";
import { MenuButton } from "../../design/menu-button.tsx";
import { showToast } from "../../design/toasts.ts";
import { useMessages } from "../../messages/use-messages.ts";
import { Line, Specimen } from "./specimen.tsx";

export function ActsGallery() {
  return (
    <>
      <Buttons />
      <Menus />
      <Dialogs />
    </>
  );
}

function Buttons() {
  const { message } = useMessages();
  return (
    <>
      <Specimen name="Button">
        {(["primary", "secondary", "quiet", "danger"] as const).map((kind) => (
          <Line key={kind}>
            <Button kind={kind} Icon={Upload}>
              {message("shell.upload")}
            </Button>
            <Button kind={kind}>{message("shell.new")}</Button>
            <Button kind={kind} busy>
              {message("gallery.busy")}
            </Button>
            <Button kind={kind} disabled>
              {message("gallery.disabled")}
            </Button>
          </Line>
        ))}
      </Specimen>
      <Specimen name="IconButton, Tooltip">
        <Line>
          <IconButton label={message("place.starred")} Icon={Star} />
          <IconButton label={message("place.starred")} Icon={Star} aria-pressed />
          <IconButton label={message("gallery.busy")} Icon={Star} busy />
          <IconButton label={message("gallery.disabled")} Icon={Star} disabled />
          <IconButton label={message("place.trash")} Icon={Trash} small />
        </Line>
      </Specimen>
    </>
  );
}

function Menus() {
  const { message } = useMessages();
  const items = (): readonly MenuItem[] => [
    { label: message("shell.newFolder"), Icon: FolderPlus, keys: "N", run: () => {} },
    { label: message("gallery.rename"), Icon: Pencil, keys: "F2", run: () => {} },
    { label: message("place.starred"), checked: true, run: () => {} },
    { label: message("gallery.disabled"), disabled: true, run: () => {} },
    { label: message("design.more"), items: [{ label: message("shell.newText"), run: () => {} }] },
    "line",
    { label: message("place.trash"), Icon: Trash, danger: true, run: () => {} },
  ];
  return (
    <Specimen name="Menu">
      <Line>
        <MenuButton label={message("shell.new")} items={items}>
          <Button>{message("gallery.menu")}</Button>
        </MenuButton>
        <MenuButton label={message("design.more")} items={items}>
          <IconButton label={message("design.more")} Icon={Ellipsis} />
        </MenuButton>
      </Line>
      <div
        onContextMenu={(event) => {
          event.preventDefault();
          openMenu({ label: message("design.more"), items: items(), at: { x: event.clientX, y: event.clientY } });
        }}
        className="flex h-16 items-center justify-center rounded-md border border-dashed border-edge text-muted"
      >
        {message("gallery.rightClick")}
      </div>
    </Specimen>
  );
}

function Dialogs() {
  const { message } = useMessages();
  const [open, setOpen] = useState<"dialog" | "end" | "bottom">();
  const close = () => setOpen(undefined);
  return (
    <Specimen name="FormDialog, Sheet, Toast">
      <Line>
        <Button onClick={() => setOpen("dialog")}>{message("gallery.dialog")}</Button>
        <Button onClick={() => setOpen("end")}>{message("gallery.sheet")}</Button>
        <Button onClick={() => setOpen("bottom")}>{message("gallery.bottomSheet")}</Button>
        <Button
          onClick={() =>
            showToast({
              text: message("gallery.moved", { count: 3 }),
              act: { label: message("design.undo"), run: () => {} },
            })
          }
        >
          {message("gallery.toast")}
        </Button>
        <Button onClick={() => showToast({ text: message("gallery.notMoved"), kind: "error" })}>
          {message("gallery.errorToast")}
        </Button>
      </Line>
      <FormDialog
        open={open === "dialog"}
        title={message("gallery.purgeTitle", { count: 3 })}
        about={message("gallery.purgeAbout")}
        size="small"
        act={message("gallery.purge")}
        isDanger
        onSubmit={close}
        onClose={close}
      />
      <Sheet
        open={open === "end" || open === "bottom"}
        side={open === "bottom" ? "bottom" : "end"}
        title={message("gallery.details")}
        onClose={close}
      >
        <p>{message("notFound.next")}</p>
      </Sheet>
    </Specimen>
  );
}
