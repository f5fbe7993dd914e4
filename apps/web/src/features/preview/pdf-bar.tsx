import MoveHorizontal from "lucide-react/icons/move-horizontal";
import Search from "lucide-react/icons/search";
import Shrink from "lucide-react/icons/shrink";
import { type Ref, useState } from "react";
import { shownChord } from "../../commands/command-menu.ts";
import { inputLook } from "../../design/field.tsx";
import { IconButton } from "../../design/icon-button.tsx";
import { useMessages } from "../../messages/use-messages.ts";
import type { PdfOrder, PdfView } from "../../preview-frame/frame-messages.ts";
import { FrameBar } from "./frame-bar.tsx";
import { ZoomButtons } from "./zoom-buttons.tsx";

interface PdfBarProps {
  readonly view: PdfView;
  readonly isFinding: boolean;
  readonly findButton: Ref<HTMLButtonElement>;
  readonly onFind: () => void;
  readonly onOrder: (order: PdfOrder) => void;
}

export function PdfBar({ view, isFinding, findButton, onFind, onOrder }: PdfBarProps) {
  const { message, percent } = useMessages();
  const fits = view.fit === "width";
  return (
    <FrameBar>
      <PageField view={view} onPage={(page) => onOrder({ page })} />
      <ZoomButtons
        isTight
        percent={percent(view.percent / 100)}
        onOut={() => onOrder({ zoom: "out" })}
        onIn={() => onOrder({ zoom: "in" })}
      >
        <IconButton
          label={message(fits ? "preview.fitPage" : "preview.fitWidth")}
          keys={fits ? undefined : "0"}
          Icon={fits ? Shrink : MoveHorizontal}
          onClick={() => onOrder({ zoom: fits ? "page" : "width" })}
        />
      </ZoomButtons>
      <IconButton
        ref={findButton}
        label={message("preview.find")}
        keys={shownChord("Mod+F")}
        Icon={Search}
        aria-expanded={isFinding}
        onClick={onFind}
      />
    </FrameBar>
  );
}

interface PageFieldProps {
  readonly view: PdfView;
  readonly onPage: (page: number) => void;
}

function PageField({ view: { page, pagesCount }, onPage }: PageFieldProps) {
  const { message, number } = useMessages();
  const [typed, setTyped] = useState<string>();
  const go = () => {
    const wanted = Number.parseInt(typed ?? "", 10);
    if (wanted >= 1) onPage(Math.min(wanted, pagesCount));
    setTyped(undefined);
  };
  return (
    <div className="me-auto flex items-center gap-2 tabular-nums">
      <div className="w-16">
        <input
          value={typed ?? String(page)}
          inputMode="numeric"
          autoComplete="off"
          maxLength={6}
          aria-label={message("preview.page", { total: number(pagesCount) })}
          onFocus={(event) => event.currentTarget.select()}
          onChange={(event) => setTyped(event.target.value)}
          onBlur={go}
          data-keeps-escape={typed === undefined ? undefined : ""}
          onKeyDown={(event) => {
            if (event.key === "Enter") go();
            if (event.key === "Escape") setTyped(undefined);
          }}
          className={`${inputLook} h-9 text-center pointer-coarse:h-11`}
        />
      </div>
      <span aria-hidden className="text-muted">
        / {number(pagesCount)}
      </span>
    </div>
  );
}
