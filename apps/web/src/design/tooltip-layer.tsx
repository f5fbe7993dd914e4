import { Tooltip } from "radix-ui";
import type { ShownTooltip } from "./tooltip-host.tsx";

export function TooltipLayer({ text, at }: ShownTooltip) {
  const { left, top, width, height } = at.getBoundingClientRect();
  return (
    <Tooltip.Provider>
      <Tooltip.Root open>
        <Tooltip.Trigger asChild>
          <span aria-hidden style={{ position: "fixed", pointerEvents: "none", left, top, width, height }} />
        </Tooltip.Trigger>
        <Tooltip.Portal>
          <Tooltip.Content
            aria-hidden
            sideOffset={6}
            collisionPadding={8}
            className="pointer-events-none z-50 max-w-80 animate-appear rounded-md bg-text px-2 py-1 text-sm text-canvas forced-colors:border"
          >
            <bdi>{text}</bdi>
          </Tooltip.Content>
        </Tooltip.Portal>
      </Tooltip.Root>
    </Tooltip.Provider>
  );
}
