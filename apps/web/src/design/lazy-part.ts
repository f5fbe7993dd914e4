import { type ComponentType, createElement, lazy, type ReactNode, useEffect } from "react";
import { messages } from "../messages/use-messages.ts";
import { showToast } from "./toasts.ts";

/**
 * A component that loads on its first use. If it cannot be loaded, the page goes on without it. The next use tries
 * again, but some browsers remember a failed script until the page is reloaded.
 * @param close ends what the component would show; a message then reports that it is missing
 */
export function lazyPart<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
  close?: (props: Props) => void,
): (props: Props) => ReactNode {
  const start = () =>
    lazy<ComponentType<Props>>(() =>
      load().then(
        (loaded) => ({ default: loaded }),
        () => ({ default: Missing }),
      ),
    );
  let Part = start();
  function Missing(props: Props) {
    useEffect(() => {
      if (close !== undefined) {
        showToast({ kind: "error", text: messages().message("design.missing") });
        close(props);
      }
      return () => {
        Part = start();
      };
      // oxlint-disable-next-line react-hooks/exhaustive-deps -- once per use
    }, []);
    return null;
  }
  return (props) => createElement(Part as ComponentType<Props>, props);
}
