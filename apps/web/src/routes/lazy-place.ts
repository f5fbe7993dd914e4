import type { RouteComponent } from "@tanstack/react-router";
import { type ComponentType, createElement, useReducer } from "react";
import { PlaceMissing } from "./place-problems.tsx";

/**
 * Loads a place on its first visit. If the script does not load, navigation and banner stay. The router's own helper
 * reloads the page instead, which ends the app while the server is unreachable.
 */
export function lazyPlace<Name extends string>(load: () => Promise<Readonly<Record<Name, ComponentType>>>, name: Name) {
  let Loaded: ComponentType | undefined;
  let loading: Promise<void> | undefined;
  const preload = (): Promise<void> | undefined => {
    if (Loaded !== undefined) return undefined;
    loading ??= take().finally(() => {
      loading = undefined;
    });
    return loading;
  };
  const take = async (): Promise<void> => {
    try {
      Loaded = (await load())[name];
    } catch {
      // The place reports it.
    }
  };
  /** The router waits for `preload` before it renders this. */
  function Place() {
    const [, show] = useReducer((times: number) => times + 1, 0);
    if (Loaded !== undefined) return createElement(Loaded);
    const retry = async (): Promise<boolean> => {
      await preload();
      show();
      return Loaded !== undefined;
    };
    return createElement(PlaceMissing, { retry });
  }
  return Object.assign(Place, { preload }) as unknown as RouteComponent & { readonly preload: typeof preload };
}
