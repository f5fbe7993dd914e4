import { type ComponentType, lazy } from "react";

/** A component that loads on its first use. It stays invisible if it cannot be loaded, so that the page goes on without it. */
export function lazyPart<Props>(load: () => Promise<ComponentType<Props>>) {
  return lazy(() =>
    load().then(
      (loaded) => ({ default: loaded }),
      (): { default: ComponentType<Props> } => ({ default: () => null }),
    ),
  );
}
